/* The waiting connections: a heap by due time over a timer descriptor, a list of polls, and one thread that alone resumes, so that
 * whatever it looks at cannot go away under it. */
#include "http/pause.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "http/loop.h"
#include "util/arena.h"
#include "util/clock.h"

enum { EVENTS = 64, FIRST_ROOM = 64 };

struct pauses {
	pthread_t thread;
	int epoll;              /* the timer, and the sockets of those that wait */
	int timer;
	atomic_size_t polling;  /* how many polls wait */
	pthread_mutex_t lock;   /* of all below */
	bool ended, poked;
	struct pause **heap;    /* from 1; the nearest first */
	size_t count, room;
	struct pause *polls;
};

/* ---- the heap ------------------------------------------------------------------------------------------------------ */

static void put(struct pauses *t, size_t place, struct pause *p)
{
	t->heap[place] = p;
	p->place = place;
}

static void rise(struct pauses *t, struct pause *p, size_t place)
{
	for (; place > 1 && p->due_us < t->heap[place / 2]->due_us; place /= 2)
		put(t, place, t->heap[place / 2]);
	put(t, place, p);
}

static void sink(struct pauses *t, struct pause *p, size_t place)
{
	for (size_t child; (child = 2 * place) <= t->count; place = child) {
		if (child < t->count && t->heap[child + 1]->due_us < t->heap[child]->due_us)
			child++;
		if (p->due_us <= t->heap[child]->due_us)
			break;
		put(t, place, t->heap[child]);
	}
	put(t, place, p);
}

static void heap_add(struct pauses *t, struct pause *p)
{
	if (t->count + 2 > t->room) {
		t->room = t->room ? 2 * t->room : FIRST_ROOM;
		t->heap = xrealloc(t->heap, t->room * sizeof *t->heap);
	}
	rise(t, p, ++t->count);
}

static void heap_remove(struct pauses *t, struct pause *p)
{
	size_t place = p->place;
	struct pause *last = t->heap[t->count--];
	p->place = 0;
	if (last == p)
		return;
	if (place > 1 && last->due_us < t->heap[place / 2]->due_us)
		rise(t, last, place);
	else
		sink(t, last, place);
}

/* ---- the polls ----------------------------------------------------------------------------------------------------- */

static void polls_add(struct pauses *t, struct pause *p)
{
	p->previous = NULL;
	p->next = t->polls;
	if (p->next)
		p->next->previous = p;
	t->polls = p;
	atomic_fetch_add(&t->polling, 1);
}

static void polls_remove(struct pauses *t, struct pause *p)
{
	if (p->next)
		p->next->previous = p->previous;
	*(p->previous ? &p->previous->next : &t->polls) = p->next;
	atomic_fetch_sub(&t->polling, 1);
}

/* ---- under the lock ------------------------------------------------------------------------------------------------ */

/* Sets the timer to the nearest moment, or to one that is past when there is something to do now. */
static void arm(struct pauses *t)
{
	struct itimerspec when = { 0 };
	if (t->ended || t->poked) {
		when.it_value.tv_nsec = 1;
	} else if (t->count && t->heap[1]->due_us != PAUSE_FOREVER) {
		when.it_value.tv_sec = (time_t)(t->heap[1]->due_us / 1000000);
		when.it_value.tv_nsec = (long)(t->heap[1]->due_us % 1000000) * 1000;
	}
	timerfd_settime(t->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void watch(struct pauses *t, struct pause *p)
{
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLONESHOT, .data = { .ptr = p } };
	p->fd = connection_fd(p->connection);
	if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, p->fd, &event) != 0)
		p->fd = -1;
}

/* Once resumed, the connection and the pause in it are another thread's. */
static void wake(struct pauses *t, struct pause *p)
{
	heap_remove(t, p);
	if (p->ready)
		polls_remove(t, p);
	if (p->fd >= 0)
		epoll_ctl(t->epoll, EPOLL_CTL_DEL, p->fd, NULL);
	loop_resume(p->loop, p->connection);
}

static bool begin(struct pauses *t, struct pause *p, struct MHD_Connection *connection, int64_t due_us)
{
	if (t->ended)
		return false;
	MHD_suspend_connection(connection);
	p->connection = connection;
	p->due_us = due_us;
	p->ready = NULL;
	heap_add(t, p);
	watch(t, p);
	return true;
}

/* ---- the thread ---------------------------------------------------------------------------------------------------- */

/* Those that the events are about, then those whose time has come: an event must not point at one that was resumed before it was
 * looked at. */
static void wake_some(struct pauses *t, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count; i++) {
		struct pause *p = events[i].data.ptr;
		if (!p)
			continue;
		p->gone = true;
		wake(t, p);
	}
	int64_t now_us = clock_mono_us();
	while (t->count && (t->ended || t->heap[1]->due_us <= now_us))
		wake(t, t->heap[1]);
}

/* Asks outside the lock: the questions may take locks of their own, and only this thread takes a poll out of the list. */
static void ask_polls(struct pauses *t, struct pause *p)
{
	while (p) {
		bool ready = p->ready(p->data);
		pthread_mutex_lock(&t->lock);
		struct pause *next = p->next;
		if (ready)
			wake(t, p);
		pthread_mutex_unlock(&t->lock);
		p = next;
	}
}

static void *run(void *data)
{
	struct pauses *t = data;
	for (bool ended = false; !ended;) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(t->epoll, events, EVENTS, -1);
		pthread_mutex_lock(&t->lock);
		wake_some(t, events, count);
		struct pause *asked = t->poked ? t->polls : NULL;
		t->poked = false;
		ended = t->ended;
		arm(t);
		pthread_mutex_unlock(&t->lock);
		ask_polls(t, asked);
	}
	return NULL;
}

/* ---- outside ------------------------------------------------------------------------------------------------------- */

int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

struct pauses *pauses_open(void)
{
	struct pauses *t = xcalloc(1, sizeof *t);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	pthread_mutex_init(&t->lock, NULL);
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->epoll >= 0 && t->timer >= 0 && epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->timer, &event) == 0 &&
	    pthread_create(&t->thread, NULL, run, t) == 0)
		return t;
	t->ended = true;
	pauses_free(t);
	return NULL;
}

void pauses_end(struct pauses *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	bool running = !t->ended;
	t->ended = true;
	arm(t);
	pthread_mutex_unlock(&t->lock);
	if (running)
		pthread_join(t->thread, NULL);
}

void pauses_free(struct pauses *t)
{
	if (!t)
		return;
	if (t->epoll >= 0)
		close(t->epoll);
	if (t->timer >= 0)
		close(t->timer);
	pthread_mutex_destroy(&t->lock);
	free(t->heap);
	free(t);
}

bool pause_until(struct pauses *t, struct pause *p, struct MHD_Connection *connection, int64_t due_us)
{
	pthread_mutex_lock(&t->lock);
	bool begun = begin(t, p, connection, due_us);
	if (begun && p->place == 1)
		arm(t);
	pthread_mutex_unlock(&t->lock);
	return begun;
}

bool pause_for_poll(struct pauses *t, struct pause *p, struct MHD_Connection *connection, int64_t due_us,
                    bool (*ready)(void *data), void *data)
{
	pthread_mutex_lock(&t->lock);
	bool begun = begin(t, p, connection, due_us);
	if (begun) {
		p->ready = ready;
		p->data = data;
		polls_add(t, p);
		t->poked = true; /* it may have come true before there was a poll to poke */
		arm(t);
	}
	pthread_mutex_unlock(&t->lock);
	return begun;
}

void pauses_poke(struct pauses *t)
{
	if (atomic_load(&t->polling) == 0)
		return;
	pthread_mutex_lock(&t->lock);
	if (!t->poked) {
		t->poked = true;
		arm(t);
	}
	pthread_mutex_unlock(&t->lock);
}
