/* Connections that wait: many at once and in order, polls, clients that go meanwhile, and the end of the server, which nobody may
 * hold up. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge.h"
#include "run.h"
#include "util/clock.h"

enum { MANY = 120, STOP_MS = 1000 };

static struct edge edge;

static void set_up(void)
{
	edge = edge_open();
}

static void tear_down(void)
{
	edge_close(&edge);
}

static int send_delayed(int ms)
{
	char query[32];
	snprintf(query, sizeof query, "delay=%d", ms);
	return edge_send(&edge, query);
}

static bool has_come(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	return poll(&waiting, 1, 0) > 0;
}

/* ---- delays ------------------------------------------------------------------------------------------------------------ */

/* Delays in no order; not one is answered early, and nobody else is held up. */
START_TEST(many_at_once)
{
	struct pollfd waiting[MANY];
	int64_t due_us[MANY];
	for (int i = 0; i < MANY; i++) {
		int ms = 300 + i * 37 % MANY * 8;
		due_us[i] = clock_mono_us() + ms * 1000;
		waiting[i] = (struct pollfd){ .fd = send_delayed(ms), .events = POLLIN };
	}
	struct received plain = edge_exchange(&edge, "after&close");
	ck_assert_uint_gt(plain.len, 0);
	free(plain.data);
	for (int left = MANY; left;) {
		ck_assert_int_gt(poll(waiting, MANY, 10000), 0);
		int64_t now_us = clock_mono_us();
		for (int i = 0; i < MANY; i++) {
			if (!waiting[i].revents)
				continue;
			ck_assert_int_ge(now_us, due_us[i]);
			struct received r = edge_answer(waiting[i].fd);
			ck_assert(edge_has_header(&r, "HTTP/1.1 200 OK\r\n"));
			free(r.data);
			close(waiting[i].fd);
			waiting[i].fd = -1;
			left--;
		}
	}
	edge_await(&edge_freed, MANY + 1);
}
END_TEST

START_TEST(clients_that_go_are_noticed_at_once)
{
	int fds[MANY];
	for (int i = 0; i < MANY; i++)
		fds[i] = send_delayed(60000);
	edge_await(&edge_taken, MANY);
	for (int i = 0; i < MANY; i++) {
		const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
		if (i % 2)
			setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		close(fds[i]);
	}
	edge_await(&edge_freed, MANY);
}
END_TEST

START_TEST(clients_that_go_between_pieces)
{
	static const char *const queries[] = {
		"slice=1&every_us=50000", "linger=60000", "cut=10&lie&silence", "silence", "rate=5",
	};
	for (size_t i = 0; i < LENGTH(queries); i++) {
		int fd = edge_send(&edge, queries[i]);
		edge_await(&edge_taken, (int)i + 1);
		poll(NULL, 0, 60);
		close(fd);
		edge_await(&edge_freed, (int)i + 1);
	}
}
END_TEST

/* ---- polls ------------------------------------------------------------------------------------------------------------- */

START_TEST(a_poll_that_is_late)
{
	int fd = edge_send(&edge, "/_cbs/wait?150");
	struct received r = edge_answer(fd);
	ck_assert_int_ge(r.first_ms, 150);
	ck_assert_str_eq(edge_body(&r), "late");
	free(r.data);
	edge_ask(fd, "/_cbs/wait?0");
	r = edge_answer(fd);
	ck_assert_str_eq(edge_body(&r), "late");
	free(r.data);
	close(fd);
	ck_assert_int_eq(atomic_load(&edge_cancelled), 0);
}
END_TEST

START_TEST(polls_that_come_true)
{
	int fds[MANY];
	for (int i = 0; i < MANY; i++)
		fds[i] = edge_send(&edge, "/_cbs/wait?60000");
	edge_await(&edge_polls, MANY);
	edge_poke();
	poll(NULL, 0, 50);
	for (int i = 0; i < MANY; i++)
		ck_assert(!has_come(fds[i]));
	atomic_store(&edge_ready, true);
	edge_poke();
	for (int i = 0; i < MANY; i++) {
		struct received r = edge_answer(fds[i]);
		ck_assert_str_eq(edge_body(&r), "in time");
		free(r.data);
		close(fds[i]);
	}
	edge_poke();
	ck_assert_int_eq(atomic_load(&edge_cancelled), 0);
}
END_TEST

START_TEST(a_poll_that_is_true_already)
{
	atomic_store(&edge_ready, true);
	int fd = edge_send(&edge, "/_cbs/wait?60000");
	struct received r = edge_answer(fd);
	ck_assert_str_eq(edge_body(&r), "in time");
	free(r.data);
	close(fd);
}
END_TEST

START_TEST(polls_whose_client_goes)
{
	int fds[MANY];
	for (int i = 0; i < MANY; i++)
		fds[i] = edge_send(&edge, "/_cbs/wait?60000");
	edge_await(&edge_polls, MANY);
	for (int i = 0; i < MANY; i++) {
		close(fds[i]);
		edge_poke();
	}
	edge_await(&edge_cancelled, MANY);
}
END_TEST

/* ---- the end ----------------------------------------------------------------------------------------------------------- */

START_TEST(the_end_of_the_server)
{
	static const struct {
		const char *query, *body; /* body NULL: none; "": any */
	} rows[] = {
		{ "size=3&delay=60000", "abc" },
		{ "size=3&delay=60000&slice=1&every_us=1000000", "abc" },
		{ "size=300&rate=10", "" },
		{ "silence", NULL },
		{ "silence&silence_ms=60000", NULL },
		{ "size=5&cut=3&lie&silence", "abc" },
		{ "size=3&linger=60000", "abc" },
		{ "delay=60000&reset", NULL },
		{ "/_cbs/wait?60000", "late" },
	};
	int fds[LENGTH(rows)], delayed[MANY];
	for (size_t i = 0; i < LENGTH(rows); i++)
		fds[i] = edge_send(&edge, rows[i].query);
	for (int i = 0; i < MANY; i++)
		delayed[i] = send_delayed(60000);
	edge_await(&edge_taken, MANY + (int)LENGTH(rows) - 1);
	edge_await(&edge_polls, 1);
	ck_assert_int_lt(edge_stop(&edge), STOP_MS);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct received r = edge_receive(fds[i], 100);
		const char *body = edge_body(&r);
		ck_assert_msg(r.ending != ENDED_OPEN, "%s", rows[i].query);
		ck_assert_msg(!body == !rows[i].body, "%s", rows[i].query);
		if (body && rows[i].body[0])
			ck_assert_msg(strcmp(body, rows[i].body) == 0, "%s: %s", rows[i].query, body);
		free(r.data);
		close(fds[i]);
	}
	for (int i = 0; i < MANY; i++) {
		struct received r = edge_answer(delayed[i]);
		ck_assert(edge_has_header(&r, "Connection: close\r\n"));
		free(r.data);
		close(delayed[i]);
	}
	ck_assert_int_eq(atomic_load(&edge_freed), atomic_load(&edge_taken));
	ck_assert_int_eq(atomic_load(&edge_cancelled), 0);
}
END_TEST

START_TEST(the_end_while_clients_come_and_go)
{
	for (int round = 0; round < 20; round++) {
		int fds[MANY];
		for (int i = 0; i < MANY; i++)
			fds[i] = send_delayed(i % 7);
		edge_stop(&edge);
		for (int i = 0; i < MANY; i++)
			close(fds[i]);
		ck_assert_int_eq(atomic_load(&edge_freed), atomic_load(&edge_taken));
		edge = edge_open();
	}
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		many_at_once, clients_that_go_are_noticed_at_once, clients_that_go_between_pieces, a_poll_that_is_late, polls_that_come_true,
		a_poll_that_is_true_already, polls_whose_client_goes, the_end_of_the_server, the_end_while_clients_come_and_go,
	};
	Suite *suite = suite_create("pause");
	TCase *tc = tcase_create("pause");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < LENGTH(all); i++)
		tcase_add_test(tc, all[i]);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
