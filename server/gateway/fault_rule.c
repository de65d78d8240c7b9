/* A rule from its JSON object, and back: closed fields, a match, a "when", effects that can all happen at its phase. What could
 * never fire is refused when it is put. */
#include <assert.h>
#include <string.h>

#include "api/model.h"
#include "gateway/fault_internal.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { TAGS_MAX = 16, TAG_TEXT_MAX = 256 };

/* What the object says. */
struct spelled {
	const char *name;
	const cJSON *match, *when, *effects, *tags;
	int phase; /* -1: not given */
	bool goes_on;
	int64_t ttl_ms;
};

#define AT(member) .at = offsetof(struct spelled, member)
static const struct json_field fields[] = {
	{ "name", FIELD_TEXT, AT(name), .max = RULE_NAME_MAX },
	{ "match", FIELD_JSON, AT(match) },
	{ "when", FIELD_JSON, AT(when) },
	{ "phase", FIELD_CHOICE, AT(phase), .choices = phase_names },
	{ "do", FIELD_JSON, AT(effects), .required = true },
	{ "continue", FIELD_BOOL, AT(goes_on) },
	{ "ttl", FIELD_MS, AT(ttl_ms), .min = 1, .max = (double)WIRETIME_MAX_MS },
	{ "tags", FIELD_JSON, AT(tags) },
	{ "hits", .kind = FIELD_TOLD },
	{ "matched", .kind = FIELD_TOLD },
	{ "remaining", .kind = FIELD_TOLD },
	{ "last_request_ids", .kind = FIELD_TOLD },
	{ "expires_at", .kind = FIELD_TOLD },
};
#undef AT

static const struct field_list rule_fields = { fields, sizeof fields / sizeof fields[0] };

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

bool rule_name_fits(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";
	return *name && strlen(name) <= RULE_NAME_MAX && strspn(name, letters) == strlen(name);
}

static bool name_fits(const struct reading *at, const char *name)
{
	static const char *const routes[] = { "targets", "activity", "plan" };
	struct reading here = reading_of(at, "name");
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (str_is(name, routes[i]))
			return reading_refuse(&here, "/_cbs/faults/%s is something else", name);
	return rule_name_fits(name) || reading_refuse(&here, "must be 1 to %d letters, digits, '.', '_', '-', ':'", RULE_NAME_MAX);
}

static bool tags_fit(const struct reading *at, const cJSON *tags)
{
	struct reading here = reading_of(at, "tags");
	const cJSON *tag;
	if (tags && (!cJSON_IsObject(tags) || cJSON_GetArraySize(tags) > TAGS_MAX))
		return reading_refuse(&here, "must be an object of at most %d names and texts", TAGS_MAX);
	cJSON_ArrayForEach(tag, tags) {
		struct reading there = reading_of(&here, tag->string);
		if (!cJSON_IsString(tag) || strlen(tag->valuestring) > TAG_TEXT_MAX)
			return reading_refuse(&there, "must be a text of at most %d bytes", TAG_TEXT_MAX);
	}
	return true;
}

static bool read_match(const struct reading *at, struct fault_rule *rule, const cJSON *object)
{
	struct reading here = reading_of(at, "match");
	struct match_refusal why;
	rule->match = match_parse(rule->arena, object, MATCH_FAULT, here.pointer, &why);
	if (!rule->match)
		*at->why = (struct fault_refusal){ arena_strdup(at->arena, why.pointer), arena_strdup(at->arena, why.why) };
	return rule->match != NULL;
}

/* The actions that the match can mean, NULL-ended. */
static const char *const *matched_actions(struct arena *a, const cJSON *match)
{
	const char **names = arena_alloc(a, (cbs_model_count + 1) * sizeof *names);
	size_t count = 0;
	struct match_refusal why;
	cJSON *action = cJSON_GetObjectItemCaseSensitive(match, "action"), *alone = cJSON_CreateObject();
	arena_defer(a, delete_tree, alone);
	if (action)
		cJSON_AddItemReferenceToObject(alone, "action", action);
	const struct match *m = match_parse(a, alone, MATCH_FAULT, "", &why);
	for (size_t i = 0; m && i < cbs_model_count; i++) {
		struct match_view view = { .action = cbs_model[i].name };
		if (match_holds(m, &view))
			names[count++] = cbs_model[i].name;
	}
	return names;
}

/* "do" is an effect or a list of them. */
static bool read_effects(const struct reading *at, struct fault_rule *rule, const cJSON *effects, const cJSON *match)
{
	struct reading here = reading_of(at, "do");
	const char *const *actions = matched_actions(at->arena, match);
	size_t count = cJSON_IsArray(effects) ? (size_t)cJSON_GetArraySize(effects) : 1;
	if (count < 1 || count > EFFECTS_MAX)
		return reading_refuse(&here, "must be an effect or a list of 1 to %d effects", EFFECTS_MAX);
	rule->effects = arena_alloc(rule->arena, count * sizeof *rule->effects);
	const cJSON *effect = cJSON_IsArray(effects) ? effects->child : effects;
	for (; rule->effect_count < count; effect = effect->next, rule->effect_count++) {
		struct reading item = cJSON_IsArray(effects) ? reading_of_item(&here, rule->effect_count) : here;
		if (!effect_parse(&item, effect, rule->name, actions, &rule->effects[rule->effect_count]))
			return false;
	}
	return true;
}

/* ---- the phase ---------------------------------------------------------------------------------------------------------- */

static const char *phases_text(struct arena *a, unsigned phases)
{
	const char *text = "";
	for (int i = 0; i < N_PHASES; i++)
		if (phases & 1u << i)
			text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", phase_names[i]);
	return text;
}

/* The first effect whose usual phase suits all of them decides. */
static bool usual_phase(const struct reading *at, struct fault_rule *rule)
{
	unsigned shared = ~0u;
	for (size_t i = 0; i < rule->effect_count; i++)
		shared &= rule->effects[i].kind->phases;
	for (size_t i = 0; i < rule->effect_count; i++)
		if (shared & 1u << rule->effects[i].kind->usual) {
			rule->phase = rule->effects[i].kind->usual;
			return true;
		}
	struct reading here = reading_of(at, "do");
	if (shared)
		return reading_refuse(&here, "needs a \"phase\": one of %s", phases_text(at->arena, shared));
	return reading_refuse(&here, "no phase suits all these effects: make a rule of each, with \"continue\"");
}

static bool choose_phase(const struct reading *at, struct fault_rule *rule, int given)
{
	struct reading here = reading_of(at, "phase");
	if (given < 0)
		return usual_phase(at, rule);
	rule->phase = (enum phase)given;
	for (size_t i = 0; i < rule->effect_count; i++) {
		const struct effect_kind *kind = rule->effects[i].kind;
		if (!(kind->phases & 1u << given))
			return reading_refuse(&here, "%s cannot happen at %s; it can at: %s", kind->name, phase_names[given],
			                      phases_text(at->arena, kind->phases));
	}
	return true;
}

/* Who it is and what its resources are is not known before the signature was checked. */
static bool phase_knows(const struct reading *at, const struct fault_rule *rule)
{
	static const struct {
		enum match_field field;
		const char *name;
	} later[] = { { MATCH_ACCOUNT, "account" }, { MATCH_RESOURCE_STATE, "resource_state" } };
	struct reading here = reading_of(at, "match");
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (rule->phase == PHASE_BEFORE_AUTH && match_asks(rule->match, later[i].field)) {
			here = reading_of(&here, later[i].name);
			return reading_refuse(&here, "is not known at before_auth, but from before_validate on");
		}
	return true;
}

/* ---- together ----------------------------------------------------------------------------------------------------------- */

static bool is_told(const char *name)
{
	for (size_t i = 0; i < rule_fields.count; i++)
		if (fields[i].kind == FIELD_TOLD && str_is(fields[i].name, name))
			return true;
	return false;
}

/* What is kept and shown: the name in front, and nothing that we tell ourselves. */
static cJSON *kept_object(const cJSON *object, const char *name)
{
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(object, "name"), *member;
	cJSON *kept = cJSON_CreateObject();
	if (given && !cJSON_IsNull(given))
		cJSON_AddItemToObject(kept, "name", cJSON_Duplicate(given, true));
	else
		cJSON_AddStringToObject(kept, "name", name);
	cJSON_ArrayForEach(member, object)
		if (!is_told(member->string) && !str_is(member->string, "name"))
			cJSON_AddItemToObject(kept, member->string, cJSON_Duplicate(member, true));
	return kept;
}

static int64_t end_of_ttl(int64_t put_wall_ms, int64_t ttl_ms)
{
	return ttl_ms ? put_wall_ms + ttl_ms : INT64_MAX;
}

static bool read_rule(const struct reading *at, struct fault_rule *rule, const struct spelled *s)
{
	struct reading when = reading_of(at, "when");
	return name_fits(at, rule->name) && tags_fit(at, s->tags) && read_match(at, rule, s->match) &&
	       when_parse(&when, s->when, rule->name, rule->put_ms, &rule->when) && read_effects(at, rule, s->effects, s->match) &&
	       choose_phase(at, rule, s->phase) && phase_knows(at, rule);
}

struct fault_rule *rule_parse(const struct reading *at, struct arena *into, const cJSON *object, const char *name, int64_t put_ms,
                              int64_t put_wall_ms)
{
	struct spelled s = { .phase = -1 };
	if (!cJSON_IsObject(object)) {
		reading_refuse(at, "must be an object, {\"match\":{…},\"do\":{\"type\":…}}");
		return NULL;
	}
	struct fault_rule *rule = arena_alloc(into, sizeof *rule);
	rule->arena = into;
	rule->object = kept_object(object, name);
	arena_defer(into, delete_tree, rule->object);
	if (!fields_read(at, rule->object, &rule_fields, &s))
		return NULL;
	rule->name = s.name;
	rule->put_ms = put_ms;
	rule->put_wall_ms = put_wall_ms;
	rule->expires_ms = end_of_ttl(put_wall_ms, s.ttl_ms);
	rule->goes_on = s.goes_on;
	if (!read_rule(at, rule, &s))
		return NULL;
	if (s.phase < 0)
		cJSON_AddStringToObject(rule->object, "phase", phase_names[rule->phase]);
	return rule;
}

struct fault_rule *rule_new(const struct reading *at, const cJSON *object, const char *name, int64_t put_ms, int64_t put_wall_ms)
{
	struct arena *own = arena_new();
	struct fault_rule *rule = rule_parse(at, own, object, name, put_ms, put_wall_ms);
	if (!rule)
		arena_free(own);
	return rule;
}

void rule_free(struct fault_rule *rule)
{
	if (rule)
		arena_free(rule->arena);
}

struct fault_rule *rule_copy(const struct fault_rule *rule)
{
	struct arena *scratch = arena_new();
	struct fault_refusal why;
	struct reading at = { scratch, "", &why };
	struct fault_rule *copy = rule_new(&at, rule->object, rule->name, rule->put_ms, rule->put_wall_ms);
	assert(copy); /* it was read once */
	memcpy(copy->last_ids, rule->last_ids, sizeof copy->last_ids);
	copy->id_count = rule->id_count;
	arena_free(scratch);
	return copy;
}

/* ---- showing ------------------------------------------------------------------------------------------------------------ */

static void show_ids(cJSON *out, const struct fault_rule *rule)
{
	cJSON *ids = cJSON_AddArrayToObject(out, "last_request_ids");
	size_t first = rule->id_count > LAST_IDS ? rule->id_count - LAST_IDS : 0;
	for (size_t i = first; i < rule->id_count; i++)
		cJSON_AddItemToArray(ids, cJSON_CreateString(rule->last_ids[i % LAST_IDS]));
}

cJSON *rule_view(const struct fault_rule *rule, const struct fault_count *count)
{
	cJSON *out = cJSON_Duplicate(rule->object, true);
	int64_t remaining = when_remaining(&rule->when, count);
	char expires[WIRETIME_SIZE];
	cJSON_AddNumberToObject(out, "matched", (double)count->matched);
	cJSON_AddNumberToObject(out, "hits", (double)count->hits);
	if (remaining < 0)
		cJSON_AddNullToObject(out, "remaining");
	else
		cJSON_AddNumberToObject(out, "remaining", (double)remaining);
	show_ids(out, rule);
	if (rule->expires_ms != INT64_MAX) {
		wiretime_utc(rule->expires_ms, expires);
		cJSON_AddStringToObject(out, "expires_at", expires);
	}
	return out;
}
