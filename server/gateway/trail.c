/* A chain of small records in the request's arena. */
#include "gateway/trail.h"

#include "gateway/request.h"
#include "gateway/sandbox.h"
#include "util/str.h"

const char *const trail_verdict_names[N_TRAIL_VERDICTS] = {
	[TRAIL_PASSED] = "passed",   [TRAIL_REFUSED] = "refused", [TRAIL_SKIPPED] = "skipped",
	[TRAIL_APPLIED] = "applied", [TRAIL_NOTED] = "noted",
};

void trail_add(struct request *r, const char *kind, const char *what, enum trail_verdict verdict, const char *detail)
{
	struct trail *t = &r->trail;
	if (t->count++ >= TRAIL_MAX)
		return;
	struct trail_step *step = arena_alloc(r->arena, sizeof *step);
	*step = (struct trail_step){ .kind = kind, .what = what, .verdict = verdict, .detail = detail };
	if (t->last)
		t->last->next = step;
	else
		t->first = step;
	t->last = step;
}

/* What a check that let the request pass learned about it; NULL: nothing. */
static const char *learned(const struct request *r, const char *stage)
{
	if (str_is(stage, "sandbox"))
		return arena_strdup(r->arena, r->sandbox->name);
	if (str_is(stage, "key")) {
		char room[STR_I64_SIZE];
		return arena_concat(r->arena, "account ", str_from_i64(r->caller.uin, room), NULL);
	}
	return str_is(stage, "signature") ? r->signed_with : NULL;
}

void trail_stage(struct request *r, const char *stage, bool passed)
{
	if (passed) {
		trail_add(r, "stage", stage, TRAIL_PASSED, learned(r, stage));
		return;
	}
	if (r->guard)
		trail_add(r, "guard", r->guard, TRAIL_REFUSED, r->error.because);
	trail_add(r, "stage", stage, TRAIL_REFUSED, r->guard ? r->error.code : r->error.because ? r->error.because : r->error.message);
}
