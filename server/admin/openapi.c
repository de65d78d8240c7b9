/* Routes that describe the others: the OpenAPI document, and the JSON Schemas it refers to. Files of schema/, as they are. */
#include "admin/admin_internal.h"
#include "util/str.h"

extern const unsigned char admin_openapi[], fixture_schema[], atlas_schema[], fault_schema[];
extern const size_t admin_openapi_len, fixture_schema_len, atlas_schema_len, fault_schema_len;

static const struct {
	const char *name;
	const unsigned char *text;
	const size_t *len;
} schemas[] = {
	{ "fixture.json", fixture_schema, &fixture_schema_len },
	{ "fault.json", fault_schema, &fault_schema_len },
	{ "atlas.json", atlas_schema, &atlas_schema_len },
};

static void answer_file(struct admin_call *c, const char *content_type, const unsigned char *text, size_t len)
{
	c->out->status = 200;
	c->out->content_type = content_type;
	buf_add(&c->out->body, text, len);
}

void openapi_show(struct admin_call *c)
{
	answer_file(c, "application/json", admin_openapi, admin_openapi_len);
}

void openapi_schema(struct admin_call *c)
{
	for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
		if (str_is(schemas[i].name, c->subject)) {
			answer_file(c, "application/schema+json", schemas[i].text, *schemas[i].len);
			return;
		}
	answer_error(c, 404, "NoSuchSchema", "there are: fixture.json, fault.json, atlas.json", "there is no schema \"%s\"", c->subject);
}
