/* The only reader of the operating system's clocks, and the arithmetic of a clock that can be frozen, set, moved and scaled.
 *
 * Two clocks on purpose: sandbox time (a vclock over wall time) drives states, timestamps, expiry and rate windows; wall time
 * drives the signature's skew and real delays. Otherwise moving a test's time by a day would make every genuine client expire. */
#ifndef CBSMOCK_UTIL_CLOCK_H
#define CBSMOCK_UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_wall_ms(void); /* ms since 1970 */
int64_t clock_mono_us(void); /* us, for durations only */
int64_t clock_rough_ms(void); /* the same in ms, some of them behind and cheaper to read */
/* For the calling thread wall time stands there until it is let go, so that what was done at a moment can be done again at the same. */
void clock_hold(int64_t wall_ms);
void clock_let_go(void);
bool clock_is_held(void);

/* now = set_ms + (wall - base_ms) * rate / 1000, or set_ms while frozen; never outside the years 1970 to 9999. */
struct vclock {
	bool frozen;
	int64_t base_ms; /* wall time when last changed */
	int64_t set_ms;  /* sandbox time at that moment */
	int64_t rate;    /* thousandths: 1000 is real time */
};

void vclock_init(struct vclock *v, int64_t wall_ms); /* real time */
int64_t vclock_now(const struct vclock *v, int64_t wall_ms);
void vclock_freeze(struct vclock *v, int64_t wall_ms);
void vclock_resume(struct vclock *v, int64_t wall_ms); /* runs on from where it stands */
void vclock_set(struct vclock *v, int64_t wall_ms, int64_t to_ms);
void vclock_advance(struct vclock *v, int64_t wall_ms, int64_t by_ms);
void vclock_scale(struct vclock *v, int64_t wall_ms, int64_t rate);

#endif
