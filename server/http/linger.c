/* TCP gives no other way to say "I have heard enough" so that the other side hears it: half-close, read on, and close at its end. */
#include "http/linger.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/arena.h"

enum {
	BYTES_MAX = 64 * 1024 * 1024, /* thrown away for one */
	TIME_US = 10 * 1000 * 1000,   /* that one may take */
	BLOCK = 64 * 1024,
	EVENTS = 16,
};

struct lingerer {
	struct lingerer *next;
	int fd;
	int64_t until_us, bytes;
};

void lingers_init(struct lingers *l, unsigned max)
{
	*l = (struct lingers){ .epoll = epoll_create1(EPOLL_CLOEXEC), .max = max };
}

void lingers_add(struct lingers *l, int socket, int64_t now_us)
{
	int fd = l->epoll >= 0 && l->count < l->max ? fcntl(socket, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd < 0)
		return;
	struct lingerer *one = xcalloc(1, sizeof *one);
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = one } };
	*one = (struct lingerer){ .next = l->first, .fd = fd, .until_us = now_us + TIME_US };
	shutdown(fd, SHUT_WR);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		close(fd);
		free(one);
		return;
	}
	l->first = one;
	l->count++;
}

/* False when there is nothing more to wait for. */
static bool throw_away(struct lingerer *one)
{
	char block[BLOCK];
	ssize_t got = recv(one->fd, block, sizeof block, MSG_DONTWAIT);
	one->bytes += got > 0 ? got : 0;
	return got > 0 && one->bytes < BYTES_MAX;
}

/* Closes those that are over or whose time is. */
static void sweep(struct lingers *l, int64_t now_us)
{
	for (struct lingerer **at = &l->first; *at;) {
		struct lingerer *one = *at;
		if (now_us < one->until_us) {
			at = &one->next;
			continue;
		}
		*at = one->next;
		l->count--;
		close(one->fd);
		free(one);
	}
}

int lingers_turn(struct lingers *l, int64_t now_us)
{
	struct epoll_event events[EVENTS];
	if (!l->first)
		return -1;
	int count = epoll_wait(l->epoll, events, EVENTS, 0);
	for (int i = 0; i < count; i++) {
		struct lingerer *one = events[i].data.ptr;
		if (!throw_away(one))
			one->until_us = now_us;
	}
	sweep(l, now_us);
	int64_t first_us = now_us + TIME_US;
	for (const struct lingerer *one = l->first; one; one = one->next)
		first_us = one->until_us < first_us ? one->until_us : first_us;
	return l->first ? (int)((first_us - now_us) / 1000) + 1 : -1;
}

void lingers_end(struct lingers *l)
{
	sweep(l, INT64_MAX);
	if (l->epoll >= 0)
		close(l->epoll);
	l->epoll = -1;
}
