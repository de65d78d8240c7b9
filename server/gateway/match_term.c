/* One condition held against one request. What a request shows for it can be several values (elements of a list, states, ids):
 * one of them is enough. */
#include "gateway/match_internal.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/fault.h"
#include "util/str.h"
#include "util/wiretime.h"

const char *const match_operator_names[] = {
	[OP_EQUALS] = "equals", [OP_CONTAINS] = "contains", [OP_PREFIX] = "prefix", [OP_SUFFIX] = "suffix", [OP_MATCHES] = "matches",
	[OP_IN] = "in",         [OP_PRESENT] = "present",   [OP_ABSENT] = "absent", [OP_GT] = "gt",         [OP_GTE] = "gte",
	[OP_LT] = "lt",         [OP_LTE] = "lte",
};

/* A value of the request: a node of its parameters, or a text. */
struct value {
	const cJSON *node;
	const char *text;
};

/* Goes over the values, notes whether there was one and whether one held. */
struct probe {
	const struct match_term *term;
	bool seen, held;
	struct value first;
};

/* ---- values ------------------------------------------------------------------------------------------------------------ */

static const char *text_of(struct value v)
{
	return v.node ? cJSON_GetStringValue(v.node) : v.text;
}

static bool to_number(const char *text, double *out)
{
	char *end;
	if (!text || !*text || strspn(text, "0123456789+-.eE") != strlen(text))
		return false;
	*out = strtod(text, &end);
	return !*end;
}

static bool number_of(struct value v, double *out)
{
	if (!cJSON_IsNumber(v.node))
		return to_number(text_of(v), out);
	*out = v.node->valuedouble;
	return true;
}

static bool same_number(struct value v, const cJSON *want)
{
	double have, wanted;
	struct value w = { .node = want };
	return number_of(v, &have) && number_of(w, &wanted) && !(have < wanted) && !(have > wanted);
}

static bool same_bool(struct value v, const cJSON *want)
{
	bool have, wanted;
	if (cJSON_IsBool(v.node))
		have = cJSON_IsTrue(v.node);
	else if (!text_of(v) || !str_to_bool(text_of(v), &have))
		return false;
	if (cJSON_IsBool(want))
		wanted = cJSON_IsTrue(want);
	else if (!cJSON_IsString(want) || !str_to_bool(want->valuestring, &wanted))
		return false;
	return have == wanted;
}

static bool equal(struct value v, const cJSON *want)
{
	if (cJSON_IsArray(want) || cJSON_IsObject(want) || cJSON_IsNull(want))
		return v.node && cJSON_Compare(v.node, want, true);
	if (cJSON_IsString(want) && str_is(text_of(v), want->valuestring))
		return true;
	return same_number(v, want) || same_bool(v, want);
}

static bool in_list(struct value v, const cJSON *list)
{
	const cJSON *want;
	cJSON_ArrayForEach(want, list)
		if (equal(v, want))
			return true;
	return false;
}

static bool ordered(struct value v, enum match_operator op, const cJSON *limit)
{
	double have;
	if (!number_of(v, &have))
		return false;
	if (op == OP_GT || op == OP_LTE)
		return (have > limit->valuedouble) == (op == OP_GT);
	return (have < limit->valuedouble) == (op == OP_LT);
}

static bool satisfies(struct value v, const struct match_term *t)
{
	const char *text = text_of(v), *want = cJSON_GetStringValue(t->value);
	switch (t->op) {
	case OP_EQUALS:
		return equal(v, t->value);
	case OP_IN:
		return in_list(v, t->value);
	case OP_CONTAINS:
		return text && strstr(text, want);
	case OP_PREFIX:
		return text && str_prefix(text, want);
	case OP_SUFFIX:
		return text && str_suffix(text, want);
	case OP_MATCHES:
		return text && str_glob(want, text);
	case OP_GT:
	case OP_GTE:
	case OP_LT:
	case OP_LTE:
		return ordered(v, t->op, t->value);
	case OP_PRESENT:
	case OP_ABSENT:
		return true;
	case OP_REACHED:
	case OP_AFTER_SEQ:
	case OP_SINCE_TIME:
		break;
	}
	return false;
}

static void try_value(struct probe *p, struct value v)
{
	if (!p->seen)
		p->first = v;
	p->seen = true;
	if (!p->held)
		p->held = satisfies(v, p->term);
}

static void try_text(struct probe *p, const char *text)
{
	if (text && *text)
		try_value(p, (struct value){ .text = text });
}

static void try_texts(struct probe *p, const char *const *texts)
{
	for (; texts && *texts; texts++)
		try_text(p, *texts);
}

/* ---- parameters -------------------------------------------------------------------------------------------------------- */

static void try_leaf(struct probe *p, const cJSON *node)
{
	const cJSON *element;
	if (!node || cJSON_IsNull(node))
		return;
	try_value(p, (struct value){ .node = node });
	if (cJSON_IsArray(node))
		cJSON_ArrayForEach(element, node)
			try_value(p, (struct value){ .node = element });
}

static void walk_tree(struct probe *p, const cJSON *node, const char *path)
{
	enum { SEGMENT_MAX = 128 };
	char segment[SEGMENT_MAX];
	int64_t index;
	size_t len = strcspn(path, ".");
	if (!*path || !node) {
		try_leaf(p, node);
		return;
	}
	if (len >= sizeof segment)
		return;
	memcpy(segment, path, len);
	segment[len] = '\0';
	path += len + (path[len] == '.');
	if (!cJSON_IsArray(node)) {
		walk_tree(p, cJSON_GetObjectItemCaseSensitive(node, segment), path);
	} else if (str_is(segment, "*")) {
		const cJSON *element;
		cJSON_ArrayForEach(element, node)
			walk_tree(p, element, path);
	} else if (str_to_i64(segment, &index) && index >= 0 && index <= INT32_MAX) {
		walk_tree(p, cJSON_GetArrayItem(node, (int)index), path);
	}
}

/* What is left of the flattened name after the path, NULL when the path does not lead there. */
static const char *after_path(const char *path, const char *name)
{
	while (*path) {
		size_t want = strcspn(path, "."), have = strcspn(name, ".");
		bool any = want == 1 && *path == '*';
		if (have == 0 || (!any && (want != have || strncmp(path, name, want) != 0)))
			return NULL;
		path += want + (path[want] == '.');
		name += have;
		if (*path && *name != '.')
			return NULL;
		name += *path != '\0';
	}
	return name;
}

/* Elements of a list stand for the list; parts of a structure only show that it is there. */
static void walk_pairs(struct probe *p, const struct match_view *v)
{
	for (size_t i = 0; i < v->pair_count; i++) {
		const char *rest = after_path(p->term->name, v->pairs[i].name);
		bool itself = rest && (!*rest || (*rest == '.' && strspn(rest + 1, "0123456789") == strlen(rest + 1)));
		if (itself)
			try_value(p, (struct value){ .text = v->pairs[i].value });
		else if (rest && *rest == '.')
			p->seen = true;
	}
}

/* ---- terms ------------------------------------------------------------------------------------------------------------- */

static void probe_tags(struct probe *p, const struct match_view *v)
{
	for (size_t i = 0; i < v->tag_count; i++)
		if (str_is(v->tags[i].name, p->term->name))
			try_value(p, (struct value){ .text = v->tags[i].value });
}

static const char *account_text(const struct match_view *v, char out[24])
{
	cJSON number = { .type = cJSON_Number, .valuedouble = (double)v->account };
	return v->account && cJSON_PrintPreallocated(&number, out, 24, false) ? out : "";
}

/* The one text a field shows; NULL for the fields that show something else. */
static const char *text_field(const struct match_view *v, enum match_field field)
{
	switch (field) {
	case MATCH_ACTION:
		return v->action;
	case MATCH_REGION:
		return v->region;
	case MATCH_SECRET_ID:
		return v->secret_id;
	case MATCH_LANGUAGE:
		return v->language;
	case MATCH_CLIENT:
		return v->client;
	case MATCH_ADDRESS:
		return v->address;
	case MATCH_CODE:
		return v->code;
	case MATCH_STAGE:
		return v->stage;
	case MATCH_GUARD:
		return v->guard;
	case MATCH_REQUEST_ID:
		return v->request_id;
	case MATCH_ACCOUNT:
	case MATCH_TAG:
	case MATCH_PARAM:
	case MATCH_RESOURCE_STATE:
	case MATCH_PHASE:
	case MATCH_FAULT_MET:
	case MATCH_RESOURCE:
	case MATCH_SINCE:
	case N_MATCH_FIELDS:
		break;
	}
	return NULL;
}

static void probe(struct probe *p, const struct match_view *v, char account[24])
{
	const struct match_term *t = p->term;
	if (t->field == MATCH_PARAM && v->params)
		walk_tree(p, v->params, t->name);
	else if (t->field == MATCH_PARAM)
		walk_pairs(p, v);
	else if (t->field == MATCH_TAG)
		probe_tags(p, v);
	else if (t->field == MATCH_RESOURCE_STATE)
		try_texts(p, v->states ? v->states(v->states_data) : NULL);
	else if (t->field == MATCH_FAULT_MET)
		try_texts(p, v->faults);
	else if (t->field == MATCH_RESOURCE)
		try_texts(p, v->resources);
	else if (t->field == MATCH_ACCOUNT)
		try_text(p, account_text(v, account));
	else
		try_text(p, text_field(v, t->field));
}

static bool wants_presence(const struct match_term *t)
{
	return cJSON_IsTrue(t->value) == (t->op == OP_PRESENT);
}

static bool probe_holds(const struct probe *p)
{
	if (p->term->op == OP_PRESENT || p->term->op == OP_ABSENT)
		return p->seen == wants_presence(p->term);
	return p->held;
}

bool term_holds(const struct match_term *t, const struct match_view *v)
{
	char account[24];
	struct probe p = { .term = t };
	if (t->op == OP_REACHED)
		return v->phase >= t->number;
	if (t->op == OP_AFTER_SEQ)
		return v->seq > (uint64_t)t->number;
	if (t->op == OP_SINCE_TIME)
		return v->wall_ms >= t->number;
	probe(&p, v, account);
	return probe_holds(&p);
}

/* ---- what differs ------------------------------------------------------------------------------------------------------ */

static const char *json_text(struct arena *a, const cJSON *node)
{
	if (cJSON_IsString(node))
		return arena_strdup(a, node->valuestring);
	char *text = cJSON_PrintUnformatted(node);
	const char *copy = arena_strdup(a, text ? text : "");
	cJSON_free(text);
	return copy;
}

static const char *time_text(struct arena *a, int64_t ms)
{
	char text[WIRETIME_SIZE];
	wiretime_utc(ms, text);
	return arena_strdup(a, text);
}

static const char *wanted(const struct match_term *t, struct arena *a)
{
	switch (t->op) {
	case OP_EQUALS:
		return json_text(a, t->value);
	case OP_PRESENT:
	case OP_ABSENT:
		return wants_presence(t) ? "present" : "absent";
	case OP_REACHED:
		return phase_names[t->number];
	case OP_AFTER_SEQ:
		return arena_printf(a, "after %lld", (long long)t->number);
	case OP_SINCE_TIME:
		return arena_printf(a, "since %s", time_text(a, t->number));
	case OP_CONTAINS:
	case OP_PREFIX:
	case OP_SUFFIX:
	case OP_MATCHES:
	case OP_IN:
	case OP_GT:
	case OP_GTE:
	case OP_LT:
	case OP_LTE:
		break;
	}
	return arena_printf(a, "%s %s", match_operator_names[t->op], json_text(a, t->value));
}

static const char *shown(const struct match_term *t, const struct match_view *v, struct arena *a)
{
	char account[24];
	struct probe p = { .term = t };
	if (t->op == OP_REACHED)
		return phase_names[v->phase];
	if (t->op == OP_AFTER_SEQ)
		return arena_printf(a, "%llu", (unsigned long long)v->seq);
	if (t->op == OP_SINCE_TIME)
		return time_text(a, v->wall_ms);
	probe(&p, v, account);
	if (p.first.node)
		return json_text(a, p.first.node);
	if (p.first.text)
		return arena_strdup(a, p.first.text);
	return p.seen ? "a structure" : NULL;
}

void term_difference(const struct match_term *t, const struct match_view *v, struct arena *a, struct match_difference *out)
{
	*out = (struct match_difference){ .field = t->name, .want = wanted(t, a), .got = shown(t, v, a) };
}
