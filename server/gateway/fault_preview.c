/* What calls to come would meet: each is walked through the phases as a request would be, by the functions that ask for a request,
 * on copies of the counters. */
#include <string.h>

#include "api/model.h"
#include "gateway/fault_internal.h"
#include "gateway/match_internal.h"
#include "util/str.h"

enum { EXAMPLES_MAX = 100, LISTS_MAX = 2, TEXT_MAX = 256 };

/* An example call: what a request would show of itself. */
struct example {
	struct match_view view;
	const char *retry_test;
	const char *const *states; /* NULL-ended */
};

struct spelled {
	const char *action, *region, *secret_id, *language, *client, *address, *retry_test;
	const cJSON *params, *tags, *state;
	int64_t account;
};

#define TEXT(name_, member) { name_, FIELD_TEXT, .at = offsetof(struct spelled, member), .max = TEXT_MAX }
#define OBJECT(name_, member) { name_, FIELD_JSON, .at = offsetof(struct spelled, member) }
static const struct json_field fields[] = {
	{ "action", FIELD_TEXT, .at = offsetof(struct spelled, action), .required = true, .max = TEXT_MAX },
	TEXT("region", region),
	TEXT("secret_id", secret_id),
	{ "account", FIELD_INT, .at = offsetof(struct spelled, account), .min = 0, .max = 9007199254740992.0 },
	TEXT("language", language),
	TEXT("client", client),
	TEXT("address", address),
	OBJECT("params", params),
	OBJECT("tags", tags),
	OBJECT("resource_state", state),
	TEXT("retry_test_id", retry_test),
};

static const struct field_list example_fields = { fields, sizeof fields / sizeof fields[0] };

/* ---- examples ----------------------------------------------------------------------------------------------------------- */

static const char *const *told_states(void *data)
{
	const struct example *e = data;
	return e->states;
}

/* A word that no request could show would make the plan say that nothing is met. */
static bool word_fits(const struct reading *at, const char *name, enum match_field field, const char *word)
{
	return match_word_known(field, word, false) ||
	       reading_refuse(at, "there is no %s \"%s\"; %s", name, word, match_words_text(field, at->arena, NULL));
}

/* A text or a list of texts. */
static bool read_states(const struct reading *at, const cJSON *state, struct example *out)
{
	struct reading here = reading_of(at, "resource_state");
	bool list = cJSON_IsArray(state);
	size_t count = 0;
	const char **states = arena_alloc(at->arena, ((size_t)cJSON_GetArraySize(state) + 2) * sizeof *states);
	for (const cJSON *item = list ? state->child : state; item; item = list ? item->next : NULL) {
		if (!cJSON_IsString(item))
			return reading_refuse(&here, "must be a state or a list of states");
		if (!word_fits(&here, "state", MATCH_RESOURCE_STATE, item->valuestring))
			return false;
		states[count++] = item->valuestring;
	}
	out->states = states;
	return true;
}

static bool read_tags(const struct reading *at, const cJSON *tags, struct match_view *v)
{
	struct reading here = reading_of(at, "tags");
	const cJSON *tag;
	if (tags && !cJSON_IsObject(tags))
		return reading_refuse(&here, "must be an object of texts");
	struct name_value *list = arena_alloc(at->arena, ((size_t)cJSON_GetArraySize(tags) + 1) * sizeof *list);
	cJSON_ArrayForEach(tag, tags) {
		if (!cJSON_IsString(tag))
			return reading_refuse(&here, "must be an object of texts");
		list[v->tag_count++] = (struct name_value){ tag->string, tag->valuestring };
	}
	v->tags = list;
	return true;
}

static const struct param *find_param(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (str_is(shape->params[i].name, name))
			return &shape->params[i];
	return NULL;
}

static const char *param_names(struct arena *a, const struct shape *shape)
{
	const char *text = shape->count ? "accepted:" : "it takes none";
	for (size_t i = 0; i < shape->count; i++)
		text = arena_printf(a, "%s%s %s", text, i ? "," : "", shape->params[i].name);
	return text;
}

static bool members_exist(const struct reading *at, const char *action, const struct shape *shape, const cJSON *object);

static bool elements_exist(const struct reading *at, const char *action, const struct shape *shape, const cJSON *list)
{
	size_t i = 0;
	for (const cJSON *element = list->child; element; element = element->next) {
		struct reading here = reading_of_item(at, i++);
		if (!members_exist(&here, action, shape, element))
			return false;
	}
	return true;
}

/* The names along the shape; whether the values suit it is the call's affair. */
static bool members_exist(const struct reading *at, const char *action, const struct shape *shape, const cJSON *object)
{
	const cJSON *value;
	if (!cJSON_IsObject(object))
		return true;
	cJSON_ArrayForEach(value, object) {
		const struct param *p = find_param(shape, value->string);
		struct reading here = reading_of(at, value->string);
		if (!p)
			return reading_refuse(&here, "%s takes no parameter \"%s\" here; %s", action, value->string,
			                      param_names(at->arena, shape));
		bool fits = !p->shape || (cJSON_IsArray(value) ? elements_exist(&here, action, p->shape, value)
		                                               : members_exist(&here, action, p->shape, value));
		if (!fits)
			return false;
	}
	return true;
}

static bool read_example(const struct reading *at, const cJSON *object, struct example *out)
{
	struct spelled s = { .region = "", .secret_id = "", .language = "", .client = "", .address = "" };
	struct reading action = reading_of(at, "action"), params = reading_of(at, "params"), language = reading_of(at, "language");
	if (!fields_read(at, object, &example_fields, &s))
		return false;
	const struct model_action *model = model_find(cbs_model, cbs_model_count, s.action);
	if (!model)
		return reading_refuse(&action, "there is no action \"%s\"; GET /_cbs/coverage lists the actions", s.action);
	if (s.params && !cJSON_IsObject(s.params))
		return reading_refuse(&params, "must be an object: the parameters of the call");
	if (!members_exist(&params, s.action, &model->input, s.params))
		return false;
	if (*s.language && !word_fits(&language, "language", MATCH_LANGUAGE, s.language))
		return false;
	*out = (struct example){
		.retry_test = s.retry_test,
		.view = {
			.action = s.action, .region = s.region, .secret_id = s.secret_id, .language = s.language, .client = s.client,
			.address = s.address, .account = s.account, .params = s.params, .code = "", .stage = "", .guard = "", .request_id = "",
			.states = told_states,
		},
	};
	return read_tags(at, s.tags, &out->view) && read_states(at, s.state, out);
}

static bool read_examples(const struct reading *at, const cJSON *calls, struct example *out, size_t *count)
{
	const cJSON *call;
	*count = 0;
	if (!cJSON_IsArray(calls)) {
		*count = 1;
		return read_example(at, calls, out);
	}
	if (!calls->child || cJSON_GetArraySize(calls) > EXAMPLES_MAX)
		return reading_refuse(at, "must be a call or a list of 1 to %d calls", EXAMPLES_MAX);
	cJSON_ArrayForEach(call, calls) {
		struct reading here = reading_of_item(at, *count);
		if (!read_example(&here, call, &out[(*count)++]))
			return false;
	}
	return true;
}

/* ---- a call that only might come ---------------------------------------------------------------------------------------- */

struct telling {
	cJSON *meets;
	enum phase phase;
};

static void on_taken(void *data, struct fault_rule *rule, const struct outcome *outcomes, size_t count)
{
	const struct telling *t = data;
	cJSON *one = cJSON_CreateObject();
	cJSON_AddStringToObject(one, "rule", rule->name);
	cJSON_AddStringToObject(one, "phase", phase_names[t->phase]);
	cJSON *effects = cJSON_AddArrayToObject(one, "do");
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(effects, outcome_json(&outcomes[i]));
	cJSON_AddItemToArray(t->meets, one);
}

/* The lists that are asked, and what is counted meanwhile. */
struct foresight {
	const struct fault_list *lists;
	struct tally *tallies;
	size_t count;
	int64_t wall_ms;
};

/* Where the call would end, or NO_PHASE when it would come through. */
static enum phase walk_through(const struct foresight *f, const struct example *e, cJSON *meets)
{
	struct fault_walk walk = { 0 };
	enum phase ended = NO_PHASE;
	struct match_view view = e->view;
	struct example told = *e;
	view.states_data = &told;
	for (int phase = 0; phase < N_PHASES; phase++) {
		struct telling telling = { meets, (enum phase)phase };
		bool comes = fault_walk_comes_to(&walk, (enum phase)phase);
		for (size_t i = 0; i < f->count && comes && !walk.over; i++) {
			const struct asking q = {
				.phase = (enum phase)phase, .view = &view, .now_ms = f->lists[i].now_ms, .wall_ms = f->wall_ms,
				.retry_test = e->retry_test, .taken = on_taken, .data = &telling,
			};
			faults_ask(f->lists[i].faults, &f->tallies[i], &walk, &q);
		}
		if (walk.ended && ended == NO_PHASE)
			ended = (enum phase)phase;
	}
	return ended;
}

static cJSON *foresee(const struct foresight *f, const struct example *e, int number)
{
	cJSON *out = cJSON_CreateObject();
	cJSON_AddNumberToObject(out, "call", number);
	cJSON_AddStringToObject(out, "action", e->view.action);
	enum phase ended = walk_through(f, e, cJSON_AddArrayToObject(out, "meets"));
	if (ended != NO_PHASE)
		cJSON_AddStringToObject(out, "ends", phase_names[ended]);
	else
		cJSON_AddNullToObject(out, "ends");
	return out;
}

cJSON *faults_preview(const struct fault_list *lists, size_t count, struct arena *a, const cJSON *calls, int next, int64_t wall_ms,
                      struct fault_refusal *why)
{
	const struct reading at = { a, "", why };
	struct example *examples = arena_alloc(a, EXAMPLES_MAX * sizeof *examples);
	struct tally *tallies = arena_alloc(a, LISTS_MAX * sizeof *tallies);
	size_t example_count;
	if (count > LISTS_MAX || next < 1 || next > PREVIEW_MAX) {
		reading_refuse(&at, "from 1 to %d calls can be foreseen", PREVIEW_MAX);
		return NULL;
	}
	if (!read_examples(&at, calls, examples, &example_count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		pthread_mutex_lock(&lists[i].faults->lock);
		faults_expire(lists[i].faults, wall_ms);
		tallies[i] = lists[i].faults->tally;
	}
	const struct foresight f = { lists, tallies, count, wall_ms };
	cJSON *out = cJSON_CreateArray();
	for (int n = 0; n < next; n++)
		cJSON_AddItemToArray(out, foresee(&f, &examples[(size_t)n % example_count], n + 1));
	for (size_t i = count; i-- > 0;)
		pthread_mutex_unlock(&lists[i].faults->lock);
	return out;
}
