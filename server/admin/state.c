/* Routes of the whole world: look at it, take it out, put one in. */
#include <string.h>

#include "admin/admin_internal.h"
#include "cbs/export.h"
#include "gateway/state.h"
#include "store/entity.h"
#include "store/image.h"
#include "util/str.h"

enum { WHY_MAX = 4096 };

static void refuse_size(struct admin_call *c)
{
	answer_error(c, 413, "TooLarge", "ask for one kind, or copy the file of --data", "the world is too large for one answer");
}

static void answer_rows(struct admin_call *c, const char *only, bool credentials)
{
	struct json_out o = answer_begin(c, 200);
	state_write(c->box, only, credentials, &o);
	answer_end(&o);
	if (c->out->body.overflow)
		refuse_size(c);
}

void state_show(struct admin_call *c)
{
	const char *kind = c->values[0], *only = kind ? world_entity(kind) : NULL;
	if (!kind || only) {
		if (c->values[1])
			revision_rows(c, 1, only);
		else
			answer_rows(c, only, true);
		return;
	}
	const char *hint = "accepted:";
	for (size_t i = 0; i < entity_count; i++)
		hint = arena_printf(c->arena, "%s%s %s", hint, i ? "," : "", entities[i].name);
	answer_error(c, 400, "UnknownKind", hint, "there is no kind \"%s\"", kind);
}

static void answer_image(struct admin_call *c, const struct world_image *image)
{
	c->out->status = 200;
	c->out->content_type = "application/vnd.sqlite3";
	buf_clear(&c->out->body);
	buf_add(&c->out->body, image_data(image), image_size(image));
	if (c->out->body.overflow)
		refuse_size(c);
}

void state_send(struct admin_call *c)
{
	const char *format = c->values[0] ? c->values[0] : "sqlite";
	struct buf why;
	if (str_is(format, "json")) {
		answer_rows(c, NULL, false);
		return;
	}
	if (!str_is(format, "sqlite")) {
		answer_error(c, 400, "UnknownFormat", "accepted: sqlite, json", "there is no format \"%s\"", format);
		return;
	}
	buf_init(&why, WHY_MAX);
	struct world_image *image = state_export(c->box, &why);
	if (image)
		answer_image(c, image);
	else
		answer_error(c, 500, "ExportFailed", NULL, "%s", why.data);
	image_release(image);
	buf_finish(&why);
}

void state_take(struct admin_call *c)
{
	const char *strategy = c->values[0] ? c->values[0] : "overwrite";
	struct buf why;
	if (!str_is(strategy, "overwrite") && !str_is(strategy, "merge")) {
		answer_error(c, 400, "UnknownStrategy", "accepted: overwrite, merge", "there is no strategy \"%s\"", strategy);
		return;
	}
	if (!c->in->body_len) {
		answer_error(c, 400, "MissingBody", "what GET /_cbs/state/export answers", "the body must be an image or a fixture");
		return;
	}
	buf_init(&why, WHY_MAX);
	if (state_import(c->box, c->in->body, c->in->body_len, str_is(strategy, "merge") ? IMPORT_MERGE : IMPORT_OVERWRITE, &why)) {
		struct json_out o = answer_begin(c, 200);
		out_str(&o, "status", "imported");
		out_str(&o, "strategy", strategy);
		answer_end(&o);
	} else {
		answer_error(c, 400, "BadState", "nothing changed", "%s", why.data);
	}
	buf_finish(&why);
}
