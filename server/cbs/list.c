/* Reading Offset, Limit, Order, OrderField, the ids and the filters of a Describe* (cbs.md §5.3). */
#include "cbs/list.h"

#include <string.h>

#include "util/ident.h"
#include "util/str.h"

enum {
	LIMIT_DEFAULT = 20,
	VALUES_TEXT_MAX = 16 * 1024 * 1024, /* bytes of a JSON array of values */
	NO_MATCH = -1,                      /* a number no row has */
};

/* Finished JSON text moves from the buffer to the arena. */
static enum verdict keep(struct call *c, struct buf *text, const char **kept)
{
	bool whole = !text->overflow;
	if (whole)
		*kept = arena_strndup(c->arena, text->data, text->len);
	buf_finish(text);
	return whole ? VERDICT_OK : call_fail(c, ERR_INVALID_PARAMETER_VALUE);
}

static enum verdict read_ids(struct call *c, const char *const *ids, size_t count, const char *param, const char *prefix,
                             struct list_query *q)
{
	struct buf text;
	struct json_out out;
	buf_init(&text, VALUES_TEXT_MAX);
	json_out_init(&out, &text);
	out_array(&out, NULL);
	for (size_t i = 0; i < count; i++) {
		int64_t no;
		if (!ident_parse(prefix, ids[i], &no)) {
			buf_finish(&text);
			return call_fail_text(c, TEXT_INVALID_PARAMETER_FORMAT, arena_printf(c->arena, "%s.%zu", param, i), NULL);
		}
		out_int(&out, NULL, no);
	}
	out_end_array(&out);
	return keep(c, &text, &q->numbers);
}

/* One value of a filter as the store compares it. An id of no shape is equal to no id; it is not an error here, unlike in the
 * …Ids parameter (inferred: filters are documented as comparing for equality). */
static bool write_value(struct json_out *out, const struct filter_kind *kind, const char *value)
{
	int64_t number;
	switch (kind->type) {
	case FILTER_TEXT:
		out_str(out, NULL, value);
		return true;
	case FILTER_ID:
		out_int(out, NULL, ident_parse(kind->prefix, value, &number) ? number : NO_MATCH);
		return true;
	case FILTER_INT:
		if (!str_to_i64(value, &number))
			return false;
		out_int(out, NULL, number);
		return true;
	case FILTER_BOOL:
		if (!str_case_is(value, "TRUE") && !str_case_is(value, "FALSE"))
			return false;
		out_int(out, NULL, str_case_is(value, "TRUE"));
		return true;
	}
	return false;
}

static enum verdict read_filter(struct call *c, const cJSON *filter, const struct filter_kind *(*find_filter)(const char *name),
                                struct list_term *term)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(filter, "Name"));
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(filter, "Values");
	const struct filter_kind *kind = find_filter(name);
	if (kind == NULL)
		return call_fail_text(c, TEXT_FILTER_UNKNOWN, name, NULL);
	if (kind->values_max > 0 && (size_t)cJSON_GetArraySize(values) > kind->values_max)
		return call_fail_text(c, TEXT_TOO_MANY_VALUES, name, arena_printf(c->arena, "%zu", kind->values_max), NULL);

	struct buf text;
	struct json_out out;
	buf_init(&text, VALUES_TEXT_MAX);
	json_out_init(&out, &text);
	out_array(&out, NULL);
	const cJSON *value;
	cJSON_ArrayForEach(value, values) {
		if (!write_value(&out, kind, cJSON_GetStringValue(value))) {
			buf_finish(&text);
			return call_fail_text(c, TEXT_FILTER_VALUE, cJSON_GetStringValue(value), name, NULL);
		}
	}
	out_end_array(&out);
	term->kind = kind;
	term->argument = str_suffix(kind->name, ":") ? name + strlen(kind->name) : NULL;
	return keep(c, &text, &term->values);
}

enum verdict list_read(struct call *c, const char *ids_param, const char *id_prefix,
                       const struct filter_kind *(*find_filter)(const char *name), struct list_query *q)
{
	*q = (struct list_query){
		.account = c->who->uin,
		.region = c->region,
		.offset = (uint64_t)arg_int(c, "Offset", 0),
		.limit = (uint64_t)arg_int(c, "Limit", LIMIT_DEFAULT),
		.ascending = str_is(arg_str(c, "Order", "DESC"), "ASC"),
		.by_deadline = str_is(arg_str(c, "OrderField", "CREATE_TIME"), "DEADLINE"),
	};
	const char *const *ids = NULL;
	size_t id_count = arg_list(c, ids_param, &ids);
	const cJSON *filters = arg_json(c, "Filters");
	int filter_count = cJSON_GetArraySize(filters);
	/* An empty list is as good as none: clients send both. */
	if (id_count > 0 && filter_count > 0)
		return call_fail_text(c, TEXT_IDS_AND_FILTERS, ids_param, NULL);
	if (filter_count > LIST_TERMS_MAX)
		return call_fail(c, ERR_INVALID_PARAMETER_VALUE);
	if (id_count > 0)
		return read_ids(c, ids, id_count, ids_param, id_prefix, q);
	const cJSON *filter;
	cJSON_ArrayForEach(filter, filters) {
		if (read_filter(c, filter, find_filter, &q->terms[q->term_count]) != VERDICT_OK)
			return VERDICT_FAIL;
		q->term_count++;
	}
	return VERDICT_OK;
}
