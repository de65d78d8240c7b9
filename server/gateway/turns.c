/* A lock that is shared until order is wanted. Those who come later then queue for it alone, so whoever wants order does not wait for
 * ever for the last of those who came before. */
#include "gateway/turns.h"

#include "util/clock.h"

/* That this thread has. */
static _Thread_local struct turn *current;

void turns_init(struct turns *all)
{
	atomic_init(&all->wanted, 0);
	pthread_rwlock_init(&all->lock, NULL);
}

void turns_finish(struct turns *all)
{
	pthread_rwlock_destroy(&all->lock);
}

void turns_order(struct turns *all, bool order)
{
	if (order)
		atomic_fetch_add(&all->wanted, 1);
	else
		atomic_fetch_sub(&all->wanted, 1);
}

static void take(struct turns *all, struct turn *t)
{
	t->kind = TURN_SHARED;
	if (atomic_load(&all->wanted) == 0) {
		pthread_rwlock_rdlock(&all->lock);
		if (atomic_load(&all->wanted) == 0)
			return;
		pthread_rwlock_unlock(&all->lock);
	}
	pthread_rwlock_wrlock(&all->lock);
	t->kind = TURN_ALONE;
	t->holds_time = !clock_is_held();
	if (t->holds_time)
		clock_hold(clock_wall_ms());
}

void turn_take(struct turns *all, struct turn *t)
{
	*t = (struct turn){ .turns = all, .kind = TURN_WITHIN, .outer = current };
	if (current && current->turns == all)
		return;
	take(all, t);
	current = t;
}

void turn_take_alone(struct turns *all, struct turn *t)
{
	turns_order(all, true);
	turn_take(all, t);
	t->asked = true;
}

void turn_give(struct turn *t)
{
	if (t->kind == TURN_SHARED || t->kind == TURN_ALONE) {
		current = t->outer;
		if (t->holds_time)
			clock_let_go();
		pthread_rwlock_unlock(&t->turns->lock);
	}
	if (t->asked)
		turns_order(t->turns, false);
	*t = (struct turn){ .turns = NULL };
}

bool turn_is_told(const struct turn *t)
{
	if (t->kind == TURN_WITHIN)
		return t->outer->kind == TURN_ALONE && !t->outer->whole;
	return t->kind == TURN_ALONE;
}
