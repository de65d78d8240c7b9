/* Building a world anew. The relative times of a preset count from the sandbox's own time, whatever that is. */
#include "gateway/origin.h"

#include "cbs/policy.h"
#include "gateway/presets.h"
#include "store/store.h"

static struct vclock first_clock(const struct origin *o, int64_t wall_ms)
{
	struct vclock clock;
	vclock_init(&clock, wall_ms);
	if (!o->clocked)
		return clock;
	if (o->clock.now_ms)
		vclock_set(&clock, wall_ms, o->clock.now_ms);
	if (o->clock.rate)
		vclock_scale(&clock, wall_ms, o->clock.rate);
	if (o->clock.frozen)
		vclock_freeze(&clock, wall_ms);
	return clock;
}

/* Policies keep to the hours of the day wherever a world's times are moved to, and tick again in days that are to come again. */
static void set_ticks(struct store *s, int64_t now_ms)
{
	struct arena *a = arena_new();
	policies_schedule(s, a, now_ms);
	arena_free(a);
}

static bool goes_back(struct store *s, int64_t now_ms)
{
	struct vclock was;
	int64_t wall_ms = clock_wall_ms();
	store_get_clock(s, &was, wall_ms);
	return now_ms < vclock_now(&was, wall_ms);
}

/* In one transaction. */
static bool furnish(struct store *s, const struct origin *o, const struct vclock *clock, bool set_clock, int64_t now_ms,
                    int64_t shift_ms, struct buf *why)
{
	store_begin(s);
	if (shift_ms != 0)
		store_shift(s, shift_ms);
	if (shift_ms != 0 || (set_clock && goes_back(s, now_ms)))
		set_ticks(s, now_ms);
	if (set_clock)
		store_set_clock(s, clock);
	if (o->seeded)
		store_set_seed(s, o->seed);
	if (store_commit(s))
		return true;
	buf_adds(why, "the world cannot be made");
	return false;
}

struct store *origin_build(const struct origin *o, const struct world_image *image, struct presets *presets, int64_t wall_ms,
                           const struct vclock *keep, bool draft, struct buf *why)
{
	struct vclock clock = keep ? *keep : first_clock(o, wall_ms);
	struct world_image *preset = NULL;
	int64_t now_ms = vclock_now(&clock, wall_ms), as_of_ms = now_ms;
	if (!o->copy) {
		preset = preset_image(presets, (enum preset)preset_find(o->template), now_ms, &as_of_ms, why);
		if (!preset)
			return NULL;
		image = preset;
	}
	struct store *s = draft ? store_open_draft(image, why) : store_open_image(image, why);
	image_release(preset);
	if (!s || furnish(s, o, &clock, keep || o->clocked, now_ms, now_ms - as_of_ms, why))
		return s;
	store_close(s);
	return NULL;
}
