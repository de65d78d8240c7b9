/* A chain of small records in the request's arena. */
#include "gateway/trail.h"

#include "gateway/request.h"

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
	*step = (struct trail_step){ .kind = kind, .what = what, .verdict = verdict, .passed = t->passed, .detail = detail };
	if (t->last)
		t->last->next = step;
	else
		t->first = step;
	t->last = step;
}

void trail_passed(struct request *r)
{
	r->trail.passed++;
}

void trail_refused(struct request *r, const char *stage)
{
	if (r->guard)
		trail_add(r, "guard", r->guard, TRAIL_REFUSED, r->error.because);
	trail_add(r, "stage", stage, TRAIL_REFUSED, r->guard ? r->error.code : r->error.because ? r->error.because : r->error.message);
}
