/* The list as the admin API sees it: rules put, replaced, patched, taken away, shown; all of it or nothing. */
#include <string.h>

#include "gateway/fault_internal.h"
#include "util/str.h"
#include "util/wiretime.h"

/* ---- finding ------------------------------------------------------------------------------------------------------------ */

/* f->count when there is none. */
static size_t find(const struct faults *f, const char *name)
{
	size_t i = 0;
	while (i < f->count && !str_is(f->rules[i]->name, name))
		i++;
	return i;
}

static void take_out(struct faults *f, size_t at)
{
	rule_free(f->rules[at]);
	memmove(&f->rules[at], &f->rules[at + 1], (f->count - at - 1) * sizeof f->rules[0]);
	memmove(&f->tally.rules[at], &f->tally.rules[at + 1], (f->count - at - 1) * sizeof f->tally.rules[0]);
	f->count--;
}

/* ---- putting ------------------------------------------------------------------------------------------------------------ */

/* Rules read but not yet in the list. */
struct batch {
	struct fault_rule *rules[RULES_MAX];
	size_t count;
	bool patches; /* objects are patches of rules of their name, whose counters stay */
};

static void drop_batch(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		rule_free(b->rules[i]);
}

static bool named_before(const struct batch *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (str_is(b->rules[i]->name, name))
			return true;
	return false;
}

/* "rule-1", "rule-2" …, none of which is in the list. */
static const char *free_name(struct faults *f, struct arena *a, const struct batch *b)
{
	const char *name;
	do
		name = arena_printf(a, "rule-%llu", (unsigned long long)++f->named);
	while (find(f, name) < f->count || named_before(b, name));
	return name;
}

static struct fault_rule *patched(const struct reading *at, const struct fault_rule *rule, const cJSON *patch, int64_t now_ms,
                                  int64_t wall_ms);

static bool read_one(struct faults *f, const struct reading *at, const cJSON *object, int64_t now_ms, int64_t wall_ms,
                     struct batch *b)
{
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(object, "name");
	const char *name = cJSON_IsString(given) ? given->valuestring : free_name(f, at->arena, b);
	struct reading here = reading_of(at, "name");
	size_t old = find(f, name);
	if (b->count == RULES_MAX)
		return reading_refuse(at, "%d rules are the most a list holds", RULES_MAX);
	if (named_before(b, name))
		return reading_refuse(&here, "stands twice in the list");
	struct fault_rule *rule = b->patches && old < f->count ? patched(at, f->rules[old], object, now_ms, wall_ms)
	                                                       : rule_new(at, object, name, now_ms, wall_ms);
	if (rule)
		b->rules[b->count++] = rule;
	return rule != NULL;
}

static bool read_batch(struct faults *f, const struct reading *at, const cJSON *rules, int64_t now_ms, int64_t wall_ms,
                       struct batch *b)
{
	const cJSON *object;
	size_t i = 0;
	if (!cJSON_IsArray(rules))
		return read_one(f, at, rules, now_ms, wall_ms, b);
	cJSON_ArrayForEach(object, rules) {
		struct reading here = reading_of_item(at, i++);
		if (!read_one(f, &here, object, now_ms, wall_ms, b)) {
			drop_batch(b);
			return false;
		}
	}
	return true;
}

static bool has_room(const struct faults *f, const struct batch *b, const struct reading *at)
{
	size_t more = 0;
	for (size_t i = 0; i < b->count; i++)
		more += find(f, b->rules[i]->name) == f->count;
	return f->count + more <= RULES_MAX || reading_refuse(at, "%d rules are the most a list holds", RULES_MAX);
}

static void install(struct faults *f, struct fault_rule *rule, bool keep_count)
{
	size_t at = find(f, rule->name);
	bool replaces = at < f->count;
	if (replaces)
		rule_free(f->rules[at]);
	else
		f->count++;
	f->rules[at] = rule;
	if (!replaces || !keep_count)
		f->tally.rules[at] = (struct fault_count){ 0 };
}

static cJSON *view_at(const struct faults *f, size_t at)
{
	return rule_view(f->rules[at], &f->tally.rules[at]);
}

/* In the shape that came. */
static cJSON *view_batch(const struct faults *f, const struct batch *b, bool list)
{
	if (!list)
		return view_at(f, find(f, b->rules[0]->name));
	cJSON *out = cJSON_CreateArray();
	for (size_t i = 0; i < b->count; i++)
		cJSON_AddItemToArray(out, view_at(f, find(f, b->rules[i]->name)));
	return out;
}

enum way { ADD, REPLACE_ALL, PATCH };

static cJSON *put(struct faults *f, const struct reading *at, const cJSON *rules, int64_t now_ms, int64_t wall_ms, enum way way)
{
	struct batch b = { .patches = way == PATCH };
	faults_expire(f, wall_ms);
	if (!read_batch(f, at, rules, now_ms, wall_ms, &b))
		return NULL;
	if (way != REPLACE_ALL && !has_room(f, &b, at)) {
		drop_batch(&b);
		return NULL;
	}
	while (way == REPLACE_ALL && f->count)
		take_out(f, f->count - 1);
	for (size_t i = 0; i < b.count; i++)
		install(f, b.rules[i], way == PATCH);
	faults_note_phases(f);
	return view_batch(f, &b, cJSON_IsArray(rules));
}

cJSON *faults_put(struct faults *f, struct arena *a, const cJSON *rules, int64_t now_ms, int64_t wall_ms,
                  struct fault_refusal *why)
{
	const struct reading at = { a, "", why };
	pthread_mutex_lock(&f->lock);
	cJSON *out = put(f, &at, rules, now_ms, wall_ms, ADD);
	pthread_mutex_unlock(&f->lock);
	return out;
}

cJSON *faults_replace(struct faults *f, struct arena *a, const cJSON *rules, int64_t now_ms, int64_t wall_ms,
                      struct fault_refusal *why)
{
	const struct reading at = { a, "", why };
	if (!cJSON_IsArray(rules)) {
		reading_refuse(&at, "must be a list of rules");
		return NULL;
	}
	pthread_mutex_lock(&f->lock);
	cJSON *out = put(f, &at, rules, now_ms, wall_ms, REPLACE_ALL);
	pthread_mutex_unlock(&f->lock);
	return out;
}

/* ---- patching ----------------------------------------------------------------------------------------------------------- */

/* RFC 7396: null takes away, objects are merged, all else replaces. */
static void merge(cJSON *target, const cJSON *patch)
{
	const cJSON *member;
	cJSON_ArrayForEach(member, patch) {
		cJSON *old = cJSON_GetObjectItemCaseSensitive(target, member->string);
		if (cJSON_IsObject(member) && cJSON_IsObject(old)) {
			merge(old, member);
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
		if (cJSON_IsObject(member))
			merge(cJSON_AddObjectToObject(target, member->string), member);
		else if (!cJSON_IsNull(member))
			cJSON_AddItemToObject(target, member->string, cJSON_Duplicate(member, true));
	}
}

/* A window counts anew when "when" is touched, a ttl when it is. */
static struct fault_rule *patched(const struct reading *at, const struct fault_rule *rule, const cJSON *patch, int64_t now_ms,
                                  int64_t wall_ms)
{
	cJSON *object = cJSON_Duplicate(rule->object, true);
	merge(object, patch);
	int64_t put_ms = cJSON_HasObjectItem(patch, "when") ? now_ms : rule->put_ms;
	int64_t put_wall_ms = cJSON_HasObjectItem(patch, "ttl") ? wall_ms : rule->put_wall_ms;
	struct fault_rule *fresh = rule_new(at, object, rule->name, put_ms, put_wall_ms);
	cJSON_Delete(object);
	if (fresh) {
		memcpy(fresh->last_ids, rule->last_ids, sizeof fresh->last_ids);
		fresh->id_count = rule->id_count;
	}
	return fresh;
}

static bool keeps_name(const struct reading *at, const cJSON *patch, const char *name)
{
	struct reading here = reading_of(at, "name");
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(patch, "name");
	if (!cJSON_IsObject(patch))
		return reading_refuse(at, "must be an object: the members to change, null for those to take away");
	return !given || (cJSON_IsString(given) && str_is(given->valuestring, name)) ||
	       reading_refuse(&here, "must be the rule's own name: it cannot be changed");
}

cJSON *faults_patch(struct faults *f, struct arena *a, const char *name, const cJSON *patch, int64_t now_ms, int64_t wall_ms,
                    struct fault_refusal *why)
{
	const struct reading at = { a, "", why };
	cJSON *out = NULL;
	*why = (struct fault_refusal){ NULL, "there is no such rule" };
	pthread_mutex_lock(&f->lock);
	faults_expire(f, wall_ms);
	size_t i = find(f, name);
	struct fault_rule *fresh = NULL;
	if (i < f->count && keeps_name(&at, patch, name))
		fresh = patched(&at, f->rules[i], patch, now_ms, wall_ms);
	if (fresh) {
		install(f, fresh, true);
		faults_note_phases(f);
		out = view_at(f, i);
	}
	pthread_mutex_unlock(&f->lock);
	return out;
}

cJSON *faults_merge(struct faults *f, struct arena *a, const cJSON *patches, int64_t now_ms, int64_t wall_ms,
                    struct fault_refusal *why)
{
	const struct reading at = { a, "", why };
	pthread_mutex_lock(&f->lock);
	cJSON *out = put(f, &at, patches, now_ms, wall_ms, PATCH);
	pthread_mutex_unlock(&f->lock);
	return out;
}

/* ---- taking away -------------------------------------------------------------------------------------------------------- */

bool faults_remove(struct faults *f, const char *name)
{
	pthread_mutex_lock(&f->lock);
	size_t i = find(f, name);
	bool found = i < f->count;
	if (found)
		take_out(f, i);
	faults_note_phases(f);
	pthread_mutex_unlock(&f->lock);
	return found;
}

static bool has_tag(const struct fault_rule *rule, const char *key, const char *value)
{
	const cJSON *tag = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(rule->object, "tags"), key);
	return tag && (!value || str_is(cJSON_GetStringValue(tag), value));
}

size_t faults_clear(struct faults *f, const char *tag_key, const char *tag_value)
{
	size_t gone = 0;
	pthread_mutex_lock(&f->lock);
	for (size_t i = f->count; i-- > 0;)
		if (!tag_key || has_tag(f->rules[i], tag_key, tag_value)) {
			take_out(f, i);
			gone++;
		}
	faults_note_phases(f);
	pthread_mutex_unlock(&f->lock);
	return gone;
}

/* ---- showing ------------------------------------------------------------------------------------------------------------ */

cJSON *faults_list(struct faults *f, int64_t wall_ms)
{
	cJSON *out = cJSON_CreateArray();
	pthread_mutex_lock(&f->lock);
	faults_expire(f, wall_ms);
	for (size_t i = 0; i < f->count; i++)
		cJSON_AddItemToArray(out, view_at(f, i));
	pthread_mutex_unlock(&f->lock);
	return out;
}

cJSON *faults_get(struct faults *f, const char *name, int64_t wall_ms)
{
	pthread_mutex_lock(&f->lock);
	faults_expire(f, wall_ms);
	size_t i = find(f, name);
	cJSON *out = i < f->count ? view_at(f, i) : NULL;
	pthread_mutex_unlock(&f->lock);
	return out;
}

static cJSON *show_firing(const struct activity *a)
{
	char at[WIRETIME_SIZE];
	cJSON *out = cJSON_CreateObject();
	wiretime_utc(a->wall_ms, at);
	cJSON_AddStringToObject(out, "at", at);
	wiretime_utc(a->now_ms, at);
	cJSON_AddStringToObject(out, "sandbox_time", at);
	cJSON_AddStringToObject(out, "rule", a->rule);
	cJSON_AddStringToObject(out, "request_id", a->request_id);
	cJSON_AddStringToObject(out, "action", a->action);
	cJSON_AddStringToObject(out, "phase", phase_names[a->phase]);
	cJSON_AddStringToObject(out, "did", a->effects);
	return out;
}

cJSON *faults_activity(struct faults *f)
{
	cJSON *out = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(out, "activity");
	pthread_mutex_lock(&f->lock);
	uint64_t first = f->activity_count > ACTIVITY_MAX ? f->activity_count - ACTIVITY_MAX : 0;
	for (uint64_t i = first; i < f->activity_count; i++)
		cJSON_AddItemToArray(list, show_firing(&f->activity[i % ACTIVITY_MAX]));
	cJSON_AddNumberToObject(out, "dropped", (double)first);
	pthread_mutex_unlock(&f->lock);
	return out;
}
