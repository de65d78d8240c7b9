/* Routes of checkpoints: named moments of a sandbox. They stand under /_cbs/snapshots, as other mocks have them; the snapshots of disks
 * are the API's. */
#include "admin/admin_internal.h"
#include "gateway/state.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { WHY_MAX = 4096 };

static void write_checkpoint(struct json_out *o, const struct checkpoint *p)
{
	char made[WIRETIME_SIZE];
	wiretime_utc(p->made_ms, made);
	out_str(o, "name", p->name);
	out_str(o, "made", made);
	out_int(o, "bytes", p->bytes);
}

void checkpoint_list(struct admin_call *c)
{
	struct checkpoint *list;
	size_t count = state_checkpoints(c->box, c->arena, &list);
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "snapshots");
	for (size_t i = 0; i < count; i++) {
		out_object(&o, NULL);
		write_checkpoint(&o, &list[i]);
		out_end_object(&o);
	}
	out_end_array(&o);
	answer_end(&o);
}

static void unknown(struct admin_call *c)
{
	answer_error(c, 404, "NoSuchSnapshot", "GET /_cbs/snapshots lists them", "the sandbox \"%s\" has no checkpoint \"%s\"", c->sandbox,
	             c->subject);
}

void checkpoint_show(struct admin_call *c)
{
	struct checkpoint *list;
	size_t count = state_checkpoints(c->box, c->arena, &list), at = 0;
	while (at < count && !str_is(list[at].name, c->subject))
		at++;
	if (at == count) {
		unknown(c);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	write_checkpoint(&o, &list[at]);
	answer_end(&o);
}

void checkpoint_make(struct admin_call *c)
{
	struct buf why;
	if (!body_read(c, NULL, 0))
		return;
	buf_init(&why, WHY_MAX);
	if (state_save(c->box, c->subject, &why))
		checkpoint_show(c);
	else
		answer_error(c, sandbox_name_fits(c->subject) ? 409 : 400, "CannotKeep", NULL, "%s", why.data);
	buf_finish(&why);
}

void checkpoint_drop(struct admin_call *c)
{
	if (!state_forget(c->box, c->subject)) {
		unknown(c);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "deleted");
	out_str(&o, "name", c->subject);
	answer_end(&o);
}

void checkpoint_back(struct admin_call *c)
{
	struct checkpoint *list;
	struct buf why;
	if (!body_read(c, NULL, 0))
		return;
	size_t count = state_checkpoints(c->box, c->arena, &list), at = 0;
	while (at < count && !str_is(list[at].name, c->subject))
		at++;
	if (at == count) {
		unknown(c);
		return;
	}
	buf_init(&why, WHY_MAX);
	if (state_restore(c->box, c->subject, &why)) {
		struct json_out o = answer_begin(c, 200);
		out_str(&o, "status", "restored");
		write_checkpoint(&o, &list[at]);
		answer_end(&o);
	} else {
		answer_error(c, 409, "CannotRestore", "nothing changed", "%s", why.data);
	}
	buf_finish(&why);
}
