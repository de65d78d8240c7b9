/* A list of rules as data, to go on elsewhere just where it stands: rules as they were put and when, what is counted, what retry tests
 * have left. What only people ask about (the latest firings and RequestIds) stays behind. */
#include <stdio.h>
#include <string.h>

#include "gateway/fault_internal.h"
#include "gateway/retry_test.h"
#include "gateway/saved.h"
#include "util/str.h"

/* ---- out ------------------------------------------------------------------------------------------------------------------- */

static cJSON *save_rule(const struct fault_rule *rule, const struct fault_count *count)
{
	cJSON *out = cJSON_CreateObject();
	cJSON_AddItemToObject(out, "rule", cJSON_Duplicate(rule->object, true));
	cJSON_AddNumberToObject(out, "put", (double)rule->put_ms);
	cJSON_AddNumberToObject(out, "put_wall", (double)rule->put_wall_ms);
	cJSON_AddNumberToObject(out, "matched", (double)count->matched);
	cJSON_AddNumberToObject(out, "hits", (double)count->hits);
	return out;
}

static void save_quotas(const struct tally *t, cJSON *out)
{
	for (size_t i = 0; i < t->quota_count; i++) {
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "name", t->quotas[i].name);
		cJSON_AddNumberToObject(one, "since", t->quotas[i].calls ? (double)t->quotas[i].since_ms : 0);
		cJSON_AddNumberToObject(one, "calls", (double)t->quotas[i].calls);
		cJSON_AddItemToArray(out, one);
	}
}

static void save_tests(const struct faults *f, cJSON *out)
{
	const struct retry_test *test = NULL;
	cJSON *met = NULL;
	for (size_t i = 0; i < f->queue_count; i++) {
		if (f->queues[i].test != test) {
			test = f->queues[i].test;
			cJSON *one = cJSON_CreateObject();
			cJSON_AddStringToObject(one, "id", test->id);
			if (test->secret_id)
				cJSON_AddStringToObject(one, "secret_id", test->secret_id);
			cJSON_AddItemToObject(one, "instructions", cJSON_Duplicate(test->instructions, true));
			met = cJSON_AddArrayToObject(one, "met");
			cJSON_AddItemToArray(out, one);
		}
		cJSON_AddItemToArray(met, cJSON_CreateNumber((double)f->tally.queues[i]));
	}
}

cJSON *faults_save(struct faults *f)
{
	cJSON *out = cJSON_CreateObject(), *rules = cJSON_AddArrayToObject(out, "rules");
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->count; i++)
		cJSON_AddItemToArray(rules, save_rule(f->rules[i], &f->tally.rules[i]));
	save_quotas(&f->tally, cJSON_AddArrayToObject(out, "quotas"));
	save_tests(f, cJSON_AddArrayToObject(out, "tests"));
	cJSON_AddNumberToObject(out, "named", (double)f->named);
	cJSON_AddNumberToObject(out, "tests_made", (double)f->tests_made);
	pthread_mutex_unlock(&f->lock);
	return out;
}

/* ---- in -------------------------------------------------------------------------------------------------------------------- */

static bool load_rule(struct faults *f, const struct reading *at, const cJSON *saved)
{
	const cJSON *object = saved_item(saved, "rule");
	const char *name = saved_text(object, "name");
	if (f->count == RULES_MAX || !name)
		return false;
	struct fault_rule *rule = rule_new(at, object, name, saved_number(saved, "put"), saved_number(saved, "put_wall"));
	if (!rule)
		return false;
	f->tally.rules[f->count] = (struct fault_count){ (uint64_t)saved_number(saved, "matched"), (uint64_t)saved_number(saved, "hits") };
	f->rules[f->count++] = rule;
	return true;
}

static bool load_quota(struct tally *t, const cJSON *saved)
{
	const char *name = saved_text(saved, "name");
	if (t->quota_count == QUOTAS_MAX || !name)
		return false;
	struct quota_count *q = &t->quotas[t->quota_count++];
	q->calls = saved_number(saved, "calls");
	q->since_ms = q->calls ? saved_number(saved, "since") : INT64_MIN;
	snprintf(q->name, sizeof q->name, "%s", name);
	return true;
}

/* A test is named after how many there were. */
static bool load_test(struct faults *f, struct arena *a, const cJSON *saved)
{
	static const char prefix[] = "retry-";
	const char *id = saved_text(saved, "id");
	const cJSON *met = saved_item(saved, "met");
	struct fault_refusal why;
	size_t first = f->queue_count;
	cJSON *body = cJSON_Duplicate(saved, true);
	cJSON_DeleteItemFromObjectCaseSensitive(body, "id");
	cJSON_DeleteItemFromObjectCaseSensitive(body, "met");
	bool fine = id && str_prefix(id, prefix) && str_to_u64(id + strlen(prefix), &f->tests_made) && f->tests_made-- > 0;
	cJSON *shown = fine ? retry_test_add(f, a, body, &why) : NULL;
	fine = shown && first + (size_t)cJSON_GetArraySize(met) == f->queue_count;
	for (size_t i = first; fine && i < f->queue_count; i++) {
		double count = cJSON_GetNumberValue(cJSON_GetArrayItem(met, (int)(i - first)));
		fine = count >= 0 && count <= (double)f->queues[i].count;
		if (fine)
			f->tally.queues[i] = (size_t)count;
	}
	cJSON_Delete(shown);
	cJSON_Delete(body);
	return fine;
}

bool faults_load(struct faults *f, const cJSON *saved)
{
	struct arena *a = arena_new();
	struct fault_refusal why;
	const struct reading at = { a, "", &why };
	const cJSON *item;
	bool fine = cJSON_IsObject(saved);
	faults_reset(f);
	cJSON_ArrayForEach(item, saved_item(saved, "rules"))
		fine = fine && load_rule(f, &at, item);
	cJSON_ArrayForEach(item, saved_item(saved, "quotas"))
		fine = fine && load_quota(&f->tally, item);
	cJSON_ArrayForEach(item, saved_item(saved, "tests"))
		fine = fine && load_test(f, a, item);
	f->named = (uint64_t)saved_number(saved, "named");
	f->tests_made = (uint64_t)saved_number(saved, "tests_made");
	faults_note_phases(f);
	arena_free(a);
	return fine;
}
