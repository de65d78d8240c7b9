/* Reads the machine's clocks, for everyone, and does the sums of a clock that need not agree with them. */
#include "util/clock.h"

#include <time.h>

#include "util/wiretime.h"

__extension__ typedef __int128 wide;

static int64_t read_us(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static _Thread_local struct {
	bool held;
	int64_t wall_ms;
} hold;

void clock_hold(int64_t wall_ms)
{
	hold.held = true;
	hold.wall_ms = wall_ms;
}

void clock_let_go(void)
{
	hold.held = false;
}

bool clock_is_held(void)
{
	return hold.held;
}

int64_t clock_wall_ms(void)
{
	return hold.held ? hold.wall_ms : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_rough_ms(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
	return read_us(CLOCK_MONOTONIC_COARSE) / 1000;
#else
	return read_us(CLOCK_MONOTONIC) / 1000;
#endif
}

static int64_t in_range(wide ms)
{
	if (ms < 0)
		return 0;
	return ms > WIRETIME_MAX_MS ? WIRETIME_MAX_MS : (int64_t)ms;
}

/* Every change starts a new stretch from where the clock stands. */
static void restart(struct vclock *v, int64_t wall_ms, wide at_ms)
{
	v->base_ms = wall_ms;
	v->set_ms = in_range(at_ms);
}

void vclock_init(struct vclock *v, int64_t wall_ms)
{
	*v = (struct vclock){ .rate = 1000 };
	restart(v, wall_ms, wall_ms);
}

int64_t vclock_now(const struct vclock *v, int64_t wall_ms)
{
	if (v->frozen)
		return v->set_ms;
	return in_range(v->set_ms + ((wide)wall_ms - v->base_ms) * v->rate / 1000);
}

void vclock_freeze(struct vclock *v, int64_t wall_ms)
{
	restart(v, wall_ms, vclock_now(v, wall_ms));
	v->frozen = true;
}

void vclock_resume(struct vclock *v, int64_t wall_ms)
{
	restart(v, wall_ms, vclock_now(v, wall_ms));
	v->frozen = false;
}

void vclock_set(struct vclock *v, int64_t wall_ms, int64_t to_ms)
{
	restart(v, wall_ms, to_ms);
}

void vclock_advance(struct vclock *v, int64_t wall_ms, int64_t by_ms)
{
	restart(v, wall_ms, (wide)vclock_now(v, wall_ms) + by_ms);
}

void vclock_scale(struct vclock *v, int64_t wall_ms, int64_t rate)
{
	restart(v, wall_ms, vclock_now(v, wall_ms));
	v->rate = rate;
}
