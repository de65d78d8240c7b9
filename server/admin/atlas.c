/* Routes of the error atlas: which codes there are and how to get each, and the world put into the state that causes one. */
#include <string.h>

#include "admin/admin_internal.h"
#include "api/error.h"
#include "api/model.h"
#include "cbs/atlas.h"
#include "util/str.h"

enum { WHY_MAX = 4096 };

/* The call to make; members as in schema/atlas.schema.json. */
static void write_call(struct json_out *o, const struct atlas_entry *e)
{
	if (e->calls)
		out_raw(o, "calls", e->calls);
	out_raw(o, "call", e->call ? e->call : "{}");
	if (e->request)
		out_raw(o, "request", e->request);
	if (e->repeat > 1)
		out_int(o, "repeat", e->repeat);
}

static void write_entry(struct json_out *o, const struct atlas_entry *e)
{
	out_object(o, NULL);
	out_str(o, "action", e->action);
	out_str(o, "code", e->code);
	out_bool(o, "common", e->common);
	out_str(o, "dialect", e->dialect);
	out_str(o, "summary", e->summary);
	if (e->reason) {
		out_str(o, "unreachable", e->reason);
	} else {
		if (e->arrange)
			out_raw(o, "arrange", e->arrange);
		write_call(o, e);
	}
	out_end_object(o);
}

static bool known_code(const char *code)
{
	for (size_t i = 0; i < atlas_entry_count; i++)
		if (str_is(atlas_entries[i].code, code))
			return true;
	return err_by_code(code) != ERR_NONE;
}

/* Both filters name something that exists, or are absent; answers when not. */
static bool filters_fit(struct admin_call *c, const char *action, const char *code)
{
	if (action && !model_find(cbs_model, cbs_model_count, action)) {
		answer_error(c, 400, "UnknownAction", "GET /_cbs/coverage lists the actions", "there is no action \"%s\"", action);
		return false;
	}
	if (code && !known_code(code)) {
		answer_error(c, 400, "UnknownCode", "GET /_cbs/errors lists the codes", "there is no error code \"%s\"", code);
		return false;
	}
	return true;
}

void atlas_list(struct admin_call *c)
{
	const char *action = c->values[0], *code = c->values[1]; /* the route's query names, in its order */
	int64_t count = 0;
	if (!filters_fit(c, action, code))
		return;
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "errors");
	for (size_t i = 0; i < atlas_entry_count; i++) {
		const struct atlas_entry *e = &atlas_entries[i];
		if ((action && !str_is(e->action, action)) || (code && !str_is(e->code, code)))
			continue;
		write_entry(&o, e);
		count++;
	}
	out_end_array(&o);
	out_int(&o, "count", count);
	answer_end(&o);
}

/* The action's own entry, or the gateway's, which any action can carry. */
static const struct atlas_entry *find_entry(struct admin_call *c, const char *action)
{
	const struct atlas_entry *e = action ? atlas_find(action, c->subject) : NULL;
	if (!e)
		e = atlas_find(NULL, c->subject);
	if (!e)
		answer_error(c, 404, "NotInAtlas", "GET /_cbs/errors?action=… lists the codes of an action",
		             action ? "nothing is known of %s from this action" : "%s is not a common code: name the \"action\"",
		             c->subject);
	else if (e->reason)
		answer_error(c, 409, "Unreachable", NULL, "%s", e->reason);
	return e && !e->reason ? e : NULL;
}

/* Which dialect the server must speak for the entry to hold; false after an answer. NULL: the one it speaks. */
static bool choose_dialect(struct admin_call *c, const struct atlas_entry *e, const char *wanted, const char **dialect)
{
	bool either = str_is(e->dialect, "both");
	*dialect = wanted ? wanted : either ? NULL : e->dialect;
	if (wanted && !str_is(wanted, "classic") && !str_is(wanted, "current")) {
		answer_error(c, 400, "InvalidField", "accepted: classic, current", "there is no dialect \"%s\"", wanted);
		return false;
	}
	if (wanted && !either && !str_is(wanted, e->dialect)) {
		answer_error(c, 409, "OtherDialect", NULL, "%s belongs to the dialect \"%s\"", e->code, e->dialect);
		return false;
	}
	return true;
}

static void answer_arranged(struct admin_call *c, const struct atlas_entry *e, const char *action, const char *dialect)
{
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "arranged");
	out_str(&o, "code", e->code);
	out_str(&o, "action", e->common && action ? action : e->action);
	out_str(&o, "dialect", dialect ? dialect : e->dialect);
	out_str(&o, "summary", e->summary);
	write_call(&o, e);
	answer_end(&o);
}

void atlas_arrange(struct admin_call *c)
{
	static const char needs[] = "the entry is written for the built-in world and its keys, which \"default\" has after a POST /_cbs/reset";
	const char *action = NULL, *wanted = NULL, *dialect;
	const struct body_field fields[] = { { "action", .text = &action }, { "dialect", .text = &wanted } };
	if (!body_read(c, fields, sizeof fields / sizeof fields[0]) || !filters_fit(c, action, c->subject))
		return;
	const struct atlas_entry *e = find_entry(c, action);
	if (!e || !choose_dialect(c, e, wanted, &dialect))
		return;
	struct buf why;
	buf_init(&why, WHY_MAX);
	if (e->arrange && !mock_apply(c->mock, c->sandbox, e->arrange, strlen(e->arrange), &why)) {
		answer_error(c, 409, "CannotArrange", needs, "%s", why.data);
	} else {
		if (dialect)
			mock_set_dialect(c->mock, c->sandbox, str_is(dialect, "current") ? DIALECT_CURRENT : DIALECT_CLASSIC);
		answer_arranged(c, e, action, dialect);
	}
	buf_finish(&why);
}
