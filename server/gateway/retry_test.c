/* An instruction is a fault rule without a "when"; a queue counts how many of its are met. */
#include "gateway/retry_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/model.h"
#include "gateway/fault_internal.h"
#include "util/str.h"

enum { INSTRUCTION_MAX = 256 };

static const char any_action[] = "*";

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* ---- one instruction ---------------------------------------------------------------------------------------------------- */

/* What follows the ":" is a number where it looks like one. */
static cJSON *argument(const char *text)
{
	char *end;
	double number = strtod(text, &end);
	bool plain = *text && strspn(text, "0123456789.") == strlen(text) && !*end;
	return plain ? cJSON_CreateNumber(number) : cJSON_CreateString(text);
}

static bool no_instruction(const struct reading *at, const char *text)
{
	const char *names = "";
	for (size_t i = 0; i < effect_kind_count; i++) {
		const struct effect_kind *kind = &effect_kinds[i];
		names = arena_printf(at->arena, "%s%s%s", names, i ? ", " : "", kind->brief ? kind->brief : kind->name);
	}
	return reading_refuse(at, "\"%s\" is no instruction: TYPE[:ARGUMENT][@PHASE], TYPE one of %s", text, names);
}

/* The rule that the instruction stands for; released with `into`. NULL when there is no such effect. */
static cJSON *spell_out(const struct reading *at, struct arena *into, const char *action, const char *text)
{
	char *type = arena_strdup(at->arena, text), *phase = strrchr(type, '@'), *value = strchr(type, ':');
	if (phase)
		*phase++ = '\0';
	if (value)
		*value++ = '\0';
	const struct effect_kind *kind = effect_kind_find(type);
	if (!kind || (value && !kind->brief_field)) {
		no_instruction(at, text);
		return NULL;
	}
	cJSON *rule = cJSON_CreateObject();
	cJSON *match = cJSON_AddObjectToObject(rule, "match"), *effect = cJSON_AddObjectToObject(rule, "do");
	arena_defer(into, delete_tree, rule);
	if (!str_is(action, any_action))
		cJSON_AddStringToObject(match, "action", action);
	cJSON_AddStringToObject(effect, "type", kind->name);
	if (value)
		cJSON_AddItemToObject(effect, kind->brief_field, argument(value));
	if (phase)
		cJSON_AddStringToObject(rule, "phase", phase);
	return rule;
}

static struct fault_rule *read_instruction(const struct reading *at, struct retry_test *test, const char *action, const cJSON *item,
                                           size_t index)
{
	const char *text = cJSON_GetStringValue(item);
	if (!text || strlen(text) > INSTRUCTION_MAX) {
		reading_refuse(at, "must be a text, \"error:RequestLimitExceeded\"");
		return NULL;
	}
	const cJSON *object = spell_out(at, test->arena, action, text);
	struct fault_refusal why;
	struct reading within = { at->arena, "", &why };
	const char *name = arena_printf(at->arena, "%s:%s:%zu", test->id, strcmp(action, any_action) == 0 ? "any" : action, index);
	struct fault_rule *rule = object ? rule_parse(&within, test->arena, object, name, 0, 0) : NULL;
	if (object && !rule)
		reading_refuse(at, "\"%s\" %s", text, why.why);
	return rule;
}

/* ---- reading a test ----------------------------------------------------------------------------------------------------- */

static bool action_known(const struct reading *at, const char *action)
{
	return str_is(action, any_action) || model_find(cbs_model, cbs_model_count, action) ||
	       reading_refuse(at, "there is no action \"%s\"; GET /_cbs/coverage lists the actions, \"*\" is any", action);
}

static bool read_queue(const struct reading *at, struct retry_test *test, const cJSON *list, struct retry_queue *out)
{
	size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
	const cJSON *item;
	if (!action_known(at, list->string))
		return false;
	if (!cJSON_IsArray(list) || count == 0 || count > INSTRUCTIONS_MAX)
		return reading_refuse(at, "must be a list of 1 to %d instructions", INSTRUCTIONS_MAX);
	*out = (struct retry_queue){
		.test = test, .action = list->string, .count = count,
		.rules = arena_alloc(test->arena, count * sizeof *out->rules),
		.texts = arena_alloc(test->arena, count * sizeof *out->texts),
		.request_ids = arena_alloc(test->arena, count * sizeof *out->request_ids),
	};
	cJSON_ArrayForEach(item, list) {
		struct reading here = reading_of_item(at, i);
		out->texts[i] = cJSON_GetStringValue(item);
		out->rules[i] = read_instruction(&here, test, list->string, item, i);
		if (!out->rules[i++])
			return false;
	}
	return true;
}

static bool read_queues(const struct reading *at, struct faults *f, struct retry_test *test, size_t *count)
{
	const cJSON *list;
	if (!cJSON_IsObject(test->instructions) || !test->instructions->child)
		return reading_refuse(at, "must be an object: {\"CreateSnapshot\":[\"error:RequestLimitExceeded\"]}");
	cJSON_ArrayForEach(list, test->instructions) {
		struct reading here = reading_of(at, list->string);
		if (f->queue_count + *count == QUEUES_MAX)
			return reading_refuse(&here, "a sandbox holds %d lists of instructions: DELETE /_cbs/retry-tests/{id}", QUEUES_MAX);
		if (!read_queue(&here, test, list, &f->queues[f->queue_count + *count]))
			return false;
		++*count;
	}
	return true;
}

struct spelled {
	const cJSON *instructions;
	const char *secret_id;
};

static const struct json_field fields[] = {
	{ "instructions", FIELD_JSON, .at = offsetof(struct spelled, instructions), .required = true },
	{ "secret_id", FIELD_TEXT, .at = offsetof(struct spelled, secret_id), .max = 128 },
};

static const struct field_list test_fields = { fields, sizeof fields / sizeof fields[0] };

static struct retry_test *new_test(const char *id, const cJSON *instructions, const char *secret_id)
{
	struct arena *own = arena_new();
	struct retry_test *test = arena_alloc(own, sizeof *test);
	test->arena = own;
	test->instructions = cJSON_Duplicate(instructions, true);
	test->secret_id = secret_id ? arena_strdup(own, secret_id) : NULL;
	snprintf(test->id, sizeof test->id, "%s", id);
	arena_defer(own, delete_tree, test->instructions);
	return test;
}

/* ---- showing ------------------------------------------------------------------------------------------------------------ */

static bool is_test(const struct retry_queue *q, const char *id)
{
	return str_is(q->test->id, id);
}

/* What is left of a queue goes under its action, what was met into the list. */
static void show_queue(const struct retry_queue *q, size_t met, cJSON *left, cJSON *consumed)
{
	cJSON *list = cJSON_AddArrayToObject(left, q->action);
	for (size_t i = met; i < q->count; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(q->texts[i]));
	for (size_t i = 0; i < met; i++) {
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "action", q->action);
		cJSON_AddStringToObject(one, "instruction", q->texts[i]);
		cJSON_AddStringToObject(one, "phase", phase_names[q->rules[i]->phase]);
		cJSON_AddStringToObject(one, "request_id", q->request_ids[i]);
		cJSON_AddItemToArray(consumed, one);
	}
}

/* Queues from `first` on are the test's, up to but not including the one answered. */
static size_t end_of_test(const struct faults *f, size_t first)
{
	size_t end = first;
	while (end < f->queue_count && f->queues[end].test == f->queues[first].test)
		end++;
	return end;
}

static cJSON *show_test(const struct faults *f, size_t first)
{
	const struct retry_test *test = f->queues[first].test;
	size_t end = end_of_test(f, first), remaining = 0;
	for (size_t i = first; i < end; i++)
		remaining += f->queues[i].count - f->tally.queues[i];
	cJSON *out = cJSON_CreateObject();
	cJSON_AddStringToObject(out, "id", test->id);
	cJSON_AddBoolToObject(out, "completed", remaining == 0);
	cJSON_AddNumberToObject(out, "remaining", (double)remaining);
	if (test->secret_id)
		cJSON_AddStringToObject(out, "secret_id", test->secret_id);
	cJSON *left = cJSON_AddObjectToObject(out, "instructions"), *consumed = cJSON_AddArrayToObject(out, "consumed");
	for (size_t i = first; i < end; i++)
		show_queue(&f->queues[i], f->tally.queues[i], left, consumed);
	return out;
}

/* The test's first queue; queue_count when there is no such test. */
static size_t find_test(const struct faults *f, const char *id)
{
	size_t i = 0;
	while (i < f->queue_count && !is_test(&f->queues[i], id))
		i++;
	return i;
}

cJSON *retry_test_get(struct faults *f, const char *id)
{
	pthread_mutex_lock(&f->lock);
	size_t first = find_test(f, id);
	cJSON *out = first < f->queue_count ? show_test(f, first) : NULL;
	pthread_mutex_unlock(&f->lock);
	return out;
}

cJSON *retry_test_list(struct faults *f)
{
	cJSON *out = cJSON_CreateArray();
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->queue_count; i = end_of_test(f, i))
		cJSON_AddItemToArray(out, show_test(f, i));
	pthread_mutex_unlock(&f->lock);
	return out;
}

/* ---- adding and removing ------------------------------------------------------------------------------------------------ */

static cJSON *add(struct faults *f, const struct reading *at, const struct spelled *s)
{
	char id[sizeof((struct retry_test *)NULL)->id];
	size_t count = 0;
	struct reading here = reading_of(at, "instructions");
	snprintf(id, sizeof id, "retry-%" PRIu64, f->tests_made + 1);
	struct retry_test *test = new_test(id, s->instructions, s->secret_id);
	if (!read_queues(&here, f, test, &count)) {
		arena_free(test->arena);
		return NULL;
	}
	size_t first = f->queue_count;
	memset(&f->tally.queues[first], 0, count * sizeof f->tally.queues[0]);
	f->queue_count += count;
	f->tests_made++;
	faults_note_phases(f);
	return show_test(f, first);
}

cJSON *retry_test_add(struct faults *f, struct arena *a, const cJSON *body, struct fault_refusal *why)
{
	struct spelled s = { NULL, NULL };
	struct reading at = { a, "", why };
	if (!fields_read(&at, body, &test_fields, &s))
		return NULL;
	pthread_mutex_lock(&f->lock);
	cJSON *out = add(f, &at, &s);
	pthread_mutex_unlock(&f->lock);
	return out;
}

bool retry_test_remove(struct faults *f, const char *id)
{
	struct retry_test *gone = NULL;
	size_t kept = 0;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->queue_count; i++) {
		if (is_test(&f->queues[i], id)) {
			gone = f->queues[i].test;
			continue;
		}
		f->queues[kept] = f->queues[i];
		f->tally.queues[kept++] = f->tally.queues[i];
	}
	f->queue_count = kept;
	faults_note_phases(f);
	pthread_mutex_unlock(&f->lock);
	if (gone)
		arena_free(gone->arena);
	return gone != NULL;
}

void retry_tests_drop_all(struct faults *f)
{
	for (size_t i = 0, end; i < f->queue_count; i = end) {
		end = end_of_test(f, i);
		arena_free(f->queues[i].test->arena);
	}
	f->queue_count = 0;
}

/* Texts and counters; `to` has none of its own. */
void retry_tests_copy(struct faults *to, const struct faults *from)
{
	struct arena *scratch = arena_new();
	struct fault_refusal why;
	const struct reading at = { scratch, "", &why };
	for (size_t i = 0; i < from->queue_count;) {
		const struct retry_test *test = from->queues[i].test;
		size_t count = 0;
		read_queues(&at, to, new_test(test->id, test->instructions, test->secret_id), &count);
		for (to->queue_count += count; i < to->queue_count; i++) {
			const struct retry_queue *q = &from->queues[i];
			memcpy(to->queues[i].request_ids, q->request_ids, q->count * sizeof *q->request_ids);
		}
	}
	to->tests_made = from->tests_made;
	arena_free(scratch);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------- */

static bool takes_part(const struct retry_queue *q, const struct asking *asking)
{
	if (asking->retry_test && *asking->retry_test)
		return is_test(q, asking->retry_test);
	return !q->test->secret_id || str_is(q->test->secret_id, asking->view->secret_id);
}

struct retry_queue *retry_queue_for(struct faults *f, const struct tally *t, const struct asking *q)
{
	for (size_t i = 0; i < f->queue_count; i++) {
		struct retry_queue *queue = &f->queues[i];
		bool meant = str_is(queue->action, any_action) || str_is(queue->action, q->view->action);
		if (meant && t->queues[i] < queue->count && takes_part(queue, q))
			return queue;
	}
	return NULL;
}
