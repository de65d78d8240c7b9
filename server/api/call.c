/* Verdicts of an action, and the names and usual lengths of transitions. */
#include "api/call.h"

#include <stdarg.h>

const char *const transition_names[N_TRANSITIONS] = {
	[TRANSITION_DISK_CREATE] = "disk.create",
	[TRANSITION_DISK_ATTACH] = "disk.attach",
	[TRANSITION_DISK_DETACH] = "disk.detach",
	[TRANSITION_DISK_RESIZE] = "disk.resize",
	[TRANSITION_DISK_ROLLBACK] = "disk.rollback",
	[TRANSITION_SNAPSHOT_CREATE] = "snapshot.create",
};

/* Inferred: the documents give no numbers (cbs.md §3.4). */
const int64_t transition_default_ms[N_TRANSITIONS] = {
	[TRANSITION_DISK_CREATE] = 1000,
	[TRANSITION_DISK_ATTACH] = 1000,
	[TRANSITION_DISK_DETACH] = 1000,
	[TRANSITION_DISK_RESIZE] = 1000,
	[TRANSITION_DISK_ROLLBACK] = 2000,
	[TRANSITION_SNAPSHOT_CREATE] = 2000,
};

enum verdict call_ok(struct call *c)
{
	c->error.err = ERR_NONE;
	return VERDICT_OK;
}

enum verdict call_fail(struct call *c, enum err err)
{
	error_set(&c->error, c->arena, c->lang, err);
	return VERDICT_FAIL;
}

enum verdict call_fail_text(struct call *c, enum text text, ...)
{
	va_list args;
	va_start(args, text);
	error_vtext(&c->error, c->arena, c->lang, text, args);
	va_end(args);
	return VERDICT_FAIL;
}

void call_because(struct call *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	c->error.because = arena_vprintf(c->arena, format, args);
	va_end(args);
}
