/* Routes that change the world: back to its start, a fixture merged into it, one transition ended. */
#include <string.h>

#include "admin/admin_internal.h"
#include "gateway/control.h"
#include "gateway/sandboxes.h"
#include "util/str.h"

enum { WHY_MAX = 4096 };

/* "faults,clock" */
static bool read_keep(struct admin_call *c, unsigned *keep)
{
	static const struct { const char *name; unsigned bit; } words[] = {
		{ "faults", KEEP_FAULTS }, { "clock", KEEP_CLOCK }, { "journal", KEEP_JOURNAL },
	};
	const char *text = c->values[0] ? c->values[0] : "";
	*keep = 0;
	while (*text) {
		size_t len = strcspn(text, ",");
		const char *word = arena_strndup(c->arena, text, len);
		unsigned bit = 0;
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			bit |= str_is(words[i].name, word) ? words[i].bit : 0;
		if (!bit) {
			answer_error(c, 400, "InvalidQuery", "accepted: keep=faults,clock,journal", "a reset cannot keep \"%s\"", word);
			return false;
		}
		*keep |= bit;
		text += len + (text[len] == ',');
	}
	return true;
}

static bool reset_all(struct admin_call *c, unsigned keep, struct buf *why)
{
	struct sandbox **list;
	size_t count = sandboxes_all(c->mock, c->arena, &list);
	bool done = true;
	for (size_t i = 0; i < count && done; i++)
		done = control_reset(list[i], keep, why);
	sandboxes_release(list, count);
	return done;
}

bool world_back(struct admin_call *c)
{
	struct buf why;
	unsigned keep;
	if (!body_read(c, NULL, 0) || !read_keep(c, &keep))
		return false;
	buf_init(&why, WHY_MAX);
	bool done = c->box ? control_reset(c->box, keep, &why) : reset_all(c, keep, &why);
	if (!done)
		answer_error(c, 500, "ResetFailed", "nothing changed", "%s", why.data);
	buf_finish(&why);
	return done;
}

void world_reset(struct admin_call *c)
{
	if (!world_back(c))
		return;
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "reset");
	answer_end(&o);
}

static const char *accepted_presets(struct admin_call *c)
{
	const char *text = "presets:";
	for (int i = 0; i < N_PRESETS; i++)
		text = arena_printf(c->arena, "%s%s %s", text, i ? "," : "", preset_names[i]);
	return text;
}

/* Does the body name a preset in place of being a fixture? False when it has answered that there is none of the name; *which is -1 when
 * the body is something else. */
static bool read_preset(struct admin_call *c, int *which)
{
	cJSON *body = cJSON_ParseWithLength(c->in->body, c->in->body_len);
	const cJSON *preset = cJSON_GetObjectItemCaseSensitive(body, "preset");
	const char *name = cJSON_GetStringValue(preset);
	*which = name && !body->child->next ? preset_find(name) : -1;
	bool fits = !preset || *which >= 0;
	if (preset && body->child->next)
		answer_error(c, 400, "UnknownField", "{\"preset\":\"quota\"} or a fixture", "beside \"preset\" the body has nothing");
	else if (!fits)
		answer_error(c, 400, "NoSuchPreset", accepted_presets(c), "there is no preset of that name");
	cJSON_Delete(body);
	return fits;
}

void world_seed(struct admin_call *c)
{
	struct buf why;
	int preset;
	if (!c->in->body_len) {
		answer_error(c, 400, "MissingBody", "GET /_cbs/schema/fixture.json has the rules",
		             "the body must be a fixture or {\"preset\":NAME}");
		return;
	}
	if (!read_preset(c, &preset))
		return;
	buf_init(&why, WHY_MAX);
	if (preset >= 0 ? control_apply_preset(c->box, (enum preset)preset, &why)
	                : control_apply(c->box, c->in->body, c->in->body_len, &why)) {
		struct json_out o = answer_begin(c, 200);
		out_str(&o, "status", "applied");
		answer_end(&o);
	} else {
		answer_error(c, 400, "BadFixture", "nothing changed", "%s", why.data);
	}
	buf_finish(&why);
}

/* Everything that happened, and where the resource in question went. */
struct watch {
	struct event_list events;
	const char *resource;
	char went_to[32];
};

static void watch_event(void *data, const struct cbs_event *e)
{
	struct watch *w = data;
	events_add(&w->events, e);
	if (str_is(e->resource, w->resource))
		strncpy(w->went_to, e->to, sizeof w->went_to - 1);
}

/* "to" is what the caller expects: a transition in progress leads to one place, which cannot be chosen. */
void world_transition(struct admin_call *c)
{
	const char *expected = NULL;
	const struct body_field fields[] = { { "to", .text = &expected } };
	struct watch w = { .resource = c->subject };
	if (!body_read(c, fields, 1))
		return;
	events_begin(&w.events);
	if (!control_finish(c->box, c->subject, &(struct listener){ watch_event, &w })) {
		buf_finish(&w.events.text);
		answer_error(c, 409, "NotInTransition", "a disk or snapshot is in one while it is CREATING, ATTACHING, ROLLBACKING …",
		             "%s is not in a transition", c->subject);
		return;
	}
	if (expected && !str_is(expected, w.went_to)) {
		buf_finish(&w.events.text);
		answer_error(c, 409, "OtherState", "the transition has ended all the same", "%s went to %s, not %s", c->subject, w.went_to,
		             expected);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "resource", c->subject);
	out_str(&o, "state", w.went_to);
	events_end(&w.events, &o);
	answer_end(&o);
}
