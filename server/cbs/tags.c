/* Tags between JSON and the store. */
#include "cbs/tags.h"

#include "util/json_field.h"

void tags_set(struct store *s, const char *kind, int64_t no, int64_t account, const cJSON *list)
{
	const cJSON *tag;
	cJSON_ArrayForEach(tag, list) {
		const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tag, "Key"));
		const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tag, "Value"));
		store_tag_set(s, kind, no, account, key, value);
	}
}

void tags_view(struct call *c, const char *kind, int64_t no, bool any)
{
	struct tag *tags = NULL;
	size_t count = any ? store_tags(c->store, c->arena, kind, no, &tags) : 0;
	if (count == 0) {
		FIELD_NO_ITEMS(c->out, "Tags");
		return;
	}
	out_array(c->out, "Tags");
	for (size_t i = 0; i < count; i++) {
		out_object(c->out, NULL);
		out_str(c->out, "Key", tags[i].key);
		out_str(c->out, "Value", tags[i].value);
		out_end_object(c->out);
	}
	out_end_array(c->out);
}
