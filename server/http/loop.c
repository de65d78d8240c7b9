/* libmicrohttpd's own threads answer each connection before they look at the next, so the turn is made here. */
#include "http/loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/http_internal.h"
#include "util/clock.h"

static void handle(struct loop *l, struct exchange *x)
{
	mock_handle(l->listener->http->mock, x->request);
}

static void finish(struct loop *l, struct exchange *x)
{
	x->waits = false;
	if (x->request->unfinished)
		mock_finish(l->listener->http->mock, x->request);
}

/* True when there were any. */
static bool answer_waiting(struct loop *l)
{
	bool any = l->waiting != NULL;
	for (struct exchange *x = l->waiting; x; x = x->next)
		mock_hear(l->listener->http->mock, x->request);
	for (struct exchange *x = l->waiting; x; x = x->next)
		handle(l, x);
	for (struct exchange *x = l->waiting; x; x = x->next)
		finish(l, x);
	l->waiting = NULL;
	l->last = &l->waiting;
	l->waiting_count = 0;
	return any;
}

/* The sooner of two; -1 is never. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Handled together, requests read the code that handles them into the first cache once, and a commit costs the same for one and for many:
 * while others join those that wait, the rest is looked for too, and before a commit a few times in vain. One that came alone is not
 * kept for company. */
static bool may_grow(const struct loop *l, size_t before, unsigned *in_vain)
{
	enum { ENOUGH = 64, IN_VAIN_MAX = 2 };
	const struct http *h = l->listener->http;
	size_t most = atomic_load_explicit(&h->connections, memory_order_relaxed);
	bool commits = h->config.data_dir != NULL, company = l->waiting_count > 1;
	if (l->waiting_count == 0 || l->waiting_count >= (most < ENOUGH ? most : ENOUGH))
		return false;
	if (l->waiting_count > before) {
		*in_vain = 0;
		return commits || company;
	}
	return commits && company && (*in_vain)++ < IN_VAIN_MAX;
}

/* Milliseconds until a connection's time may be over or its buffer can be trimmed; -1: never. */
static int patience(const struct loop *l)
{
	enum { LONG_MS = 60 * 1000 };
	MHD_UNSIGNED_LONG_LONG ms;
	int wait_ms = sooner(l->trim_ms, l->linger_ms);
	return MHD_get_timeout(l->daemon, &ms) != MHD_YES ? wait_ms : sooner(wait_ms, ms < LONG_MS ? (int)ms : LONG_MS);
}

static void wait_for_work(struct loop *l)
{
	struct pollfd fds[] = {
		{ .fd = l->epoll, .events = POLLIN }, { .fd = l->wake, .events = POLLIN }, { .fd = l->lingers.epoll, .events = POLLIN },
	};
	eventfd_t times;
	if (poll(fds, sizeof fds / sizeof fds[0], patience(l)) > 0 && fds[1].revents)
		eventfd_read(l->wake, &times);
}

/* libmicrohttpd looks at what was resumed or left without an answer, and at the listening socket, only when it runs. */
static void take_turn(struct loop *l)
{
	size_t before;
	unsigned in_vain = 0;
	do {
		before = l->waiting_count;
		l->place_free = false;
		MHD_run(l->daemon);
	} while (may_grow(l, before, &in_vain) || answer_waiting(l) || l->place_free);
}

static void *run(void *data)
{
	struct loop *l = data;
	while (!atomic_load(&l->ended)) {
		wait_for_work(l);
		take_turn(l);
		l->linger_ms = l->lingers.first ? lingers_turn(&l->lingers, clock_mono_us()) : -1;
		l->trim_ms = l->buffers.first ? buffers_trim(&l->buffers, clock_mono_us(), l->idle_us) : -1;
	}
	return NULL;
}

bool loop_start(struct loop *l, struct MHD_Daemon *daemon, unsigned lingers)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	l->last = &l->waiting;
	l->trim_ms = l->linger_ms = -1;
	lingers_init(&l->lingers, lingers);
	l->idle_us = (int64_t)l->listener->http->config.idle_seconds * 1000 * 1000;
	l->daemon = daemon;
	l->epoll = info ? info->epoll_fd : -1;
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll >= 0 && l->wake >= 0 && pthread_create(&l->thread, NULL, run, l) == 0)
		return true;
	if (l->wake >= 0)
		close(l->wake);
	lingers_end(&l->lingers);
	MHD_stop_daemon(daemon);
	return false;
}

void loop_leave(struct loop *l, struct exchange *x)
{
	x->waits = true;
	x->next = NULL;
	*l->last = x;
	l->last = &x->next;
	l->waiting_count++;
}

void loop_drop(struct loop *l, struct exchange *x)
{
	struct exchange **at = &l->waiting;
	if (!x->waits)
		return;
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	if (l->last == &x->next)
		l->last = at;
	l->waiting_count--;
	handle(l, x);
	finish(l, x);
}

void loop_resume(struct loop *l, struct MHD_Connection *connection)
{
	MHD_resume_connection(connection);
	eventfd_write(l->wake, 1);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->ended, true);
	eventfd_write(l->wake, 1);
	pthread_join(l->thread, NULL);
	close(l->wake);
	MHD_run(l->daemon); /* what was resumed last: no connection may be suspended when the daemon ends */
	MHD_stop_daemon(l->daemon);
	lingers_end(&l->lingers);
}
