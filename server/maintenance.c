/* Calls mock_maintain() when it wants to be called, until told to stop. */
#include "maintenance.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "util/arena.h"
#include "util/clock.h"

struct maintenance {
	struct mock *mock;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop; /* under lock */
};

static void *maintain(void *data)
{
	struct maintenance *t = data;
	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		pthread_mutex_unlock(&t->lock);
		int64_t again_ms = clock_wall_ms() + mock_maintain(t->mock);
		struct timespec again = { .tv_sec = (time_t)(again_ms / 1000), .tv_nsec = (long)(again_ms % 1000) * 1000000 };
		pthread_mutex_lock(&t->lock);
		while (!t->stop && pthread_cond_timedwait(&t->wake, &t->lock, &again) == 0)
			continue;
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void release(struct maintenance *t)
{
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct maintenance *maintenance_start(struct mock *m)
{
	struct maintenance *t = xcalloc(1, sizeof *t);
	t->mock = m;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	if (pthread_create(&t->thread, NULL, maintain, t) == 0)
		return t;
	release(t);
	return NULL;
}

void maintenance_stop(struct maintenance *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	release(t);
}
