/* Answers that come late, in pieces, in part, broken or not at all: as the client's socket sees them. Times have no upper bound
 * here but patience: a slow machine is no failure. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "edge.h"
#include "run.h"

enum { SIZE = 1000, SOON_MS = 100 };

static struct edge edge;

static void set_up(void)
{
	edge = edge_open();
}

static void tear_down(void)
{
	edge_close(&edge);
}

static void check_body(const struct received *r, size_t size)
{
	const char *body = edge_body(r);
	ck_assert_ptr_nonnull(body);
	ck_assert_uint_eq(strlen(body), size);
	size_t good = 0;
	while (good < size && body[good] == (char)('a' + good % 26))
		good++;
	ck_assert_uint_eq(good, size);
}

/* This query, then an ordinary one, on one connection. */
static struct received twice(const char *query)
{
	int fd = edge_send(&edge, query);
	struct received first = edge_answer(fd);
	edge_ask(fd, "");
	struct received second = edge_answer(fd);
	check_body(&second, SIZE);
	free(second.data);
	close(fd);
	return first;
}

/* ---- late -------------------------------------------------------------------------------------------------------------- */

START_TEST(nothing_asked)
{
	struct received r = twice("");
	check_body(&r, SIZE);
	ck_assert(edge_has_header(&r, "Connection: Keep-Alive"));
	free(r.data);
}
END_TEST

START_TEST(a_delay)
{
	struct received r = twice("delay=150");
	ck_assert_int_ge(r.first_ms, 150);
	check_body(&r, SIZE);
	ck_assert(edge_has_header(&r, "Connection: Keep-Alive"));
	free(r.data);
}
END_TEST

START_TEST(a_delay_then_another_fault)
{
	struct received r = edge_exchange(&edge, "delay=150&reset");
	ck_assert_int_eq(r.ending, ENDED_RESET);
	ck_assert_int_ge(r.end_ms, 150);
	ck_assert_uint_eq(r.len, 0);
	free(r.data);
}
END_TEST

/* ---- not at all -------------------------------------------------------------------------------------------------------- */

START_TEST(a_reset)
{
	struct received r = edge_exchange(&edge, "reset");
	ck_assert_int_eq(r.ending, ENDED_RESET);
	ck_assert_uint_eq(r.len, 0);
	free(r.data);
}
END_TEST

START_TEST(a_close)
{
	struct received r = edge_exchange(&edge, "close");
	ck_assert_int_eq(r.ending, ENDED_CLOSED);
	ck_assert_uint_eq(r.len, 0);
	free(r.data);
}
END_TEST

START_TEST(silence_for_a_while)
{
	struct received r = edge_exchange(&edge, "silence&silence_ms=150");
	ck_assert_int_eq(r.ending, ENDED_CLOSED);
	ck_assert_int_ge(r.end_ms, 150);
	ck_assert_uint_eq(r.len, 0);
	free(r.data);
}
END_TEST

START_TEST(silence_until_the_client_goes)
{
	int fd = edge_send(&edge, "silence");
	struct received r = edge_receive(fd, SOON_MS);
	ck_assert_int_eq(r.ending, ENDED_OPEN);
	ck_assert_uint_eq(r.len, 0);
	ck_assert_int_eq(atomic_load(&edge_freed), 0);
	close(fd);
	edge_await(&edge_freed, 1);
	free(r.data);
}
END_TEST

/* ---- in part ----------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *query;
	size_t told, body;
	enum ending ending;
} parts[] = {
	{ "cut=10&close", 10, 10, ENDED_CLOSED },
	{ "cut=10&reset", 10, 10, ENDED_RESET },
	{ "cut=10&lie&close", SIZE, 10, ENDED_CLOSED },
	{ "cut=10&lie&reset", SIZE, 10, ENDED_RESET },
	{ "cut=10&lie", SIZE, 10, ENDED_CLOSED },
	{ "cut=10&lie&silence&silence_ms=50", SIZE, 10, ENDED_CLOSED },
	{ "cut=0&close", 0, 0, ENDED_CLOSED },
	{ "cut=0&lie&reset", SIZE, 0, ENDED_RESET },
	{ "cut=5000&reset", SIZE, SIZE, ENDED_RESET },
	{ "cut=999&lie&delay=50&slice=100&reset", SIZE, 999, ENDED_RESET },
	{ "after&reset", SIZE, SIZE, ENDED_RESET },
	{ "after&close", SIZE, SIZE, ENDED_CLOSED },
	{ "after&silence&silence_ms=50", SIZE, SIZE, ENDED_CLOSED },
	{ "size=0&after&reset", 0, 0, ENDED_RESET },
	{ "cut=100000&size=300000&lie&reset", 300000, 100000, ENDED_RESET },
	{ "status=503&cut=10&reset", 10, 10, ENDED_RESET },
	{ "status=204&after&reset", 0, 0, ENDED_RESET },
};

START_TEST(a_part_of_it)
{
	struct received r = edge_exchange(&edge, parts[_i].query);
	char length[64];
	snprintf(length, sizeof length, "Content-Length: %zu\r\n", parts[_i].told);
	ck_assert_int_eq(r.ending, parts[_i].ending);
	check_body(&r, parts[_i].body);
	if (!strstr(parts[_i].query, "status=204"))
		ck_assert(edge_has_header(&r, length));
	ck_assert_ptr_null(strstr(strstr(r.data, "\r\n\r\n"), "Content-Length"));
	ck_assert(edge_has_header(&r, "Connection: close\r\n"));
	free(r.data);
}
END_TEST

START_TEST(a_short_body_that_is_no_fault_of_the_connection)
{
	struct received r = twice("cut=10");
	check_body(&r, 10);
	free(r.data);
}
END_TEST

/* All that was to leave arrives before the RST, however slowly it is read. */
START_TEST(a_reset_waits_for_a_slow_reader)
{
	enum { BIG = 6 * 1024 * 1024 };
	int fd = edge_send(&edge, "size=6291456&after&reset");
	poll(NULL, 0, 300);
	struct received r = edge_receive(fd, 5000);
	ck_assert_int_eq(r.ending, ENDED_RESET);
	check_body(&r, BIG);
	free(r.data);
	close(fd);
}
END_TEST

/* ---- in pieces --------------------------------------------------------------------------------------------------------- */

START_TEST(slices)
{
	struct received r = twice("size=50&slice=10&every_us=40000");
	check_body(&r, 50);
	ck_assert_int_gt(r.pieces, 1);
	ck_assert_int_ge(r.last_ms, 4 * 40);
	free(r.data);
}
END_TEST

START_TEST(slices_without_a_pause)
{
	struct received r = twice("slice=1");
	check_body(&r, SIZE);
	free(r.data);
}
END_TEST

START_TEST(large_slices)
{
	struct received r = twice("size=200000&slice=70000&every_us=30000");
	check_body(&r, 200000);
	ck_assert_int_ge(r.last_ms, 2 * 30);
	free(r.data);
}
END_TEST

START_TEST(a_bandwidth)
{
	struct received slow = twice("size=10&rate=50"), fast = twice("size=100000&rate=500000"), free_run = twice("rate=1000000000");
	check_body(&slow, 10);
	ck_assert_int_ge(slow.last_ms, 9 * 20);
	ck_assert_int_gt(slow.pieces, 2);
	check_body(&fast, 100000);
	ck_assert_int_ge(fast.last_ms, 180);
	check_body(&free_run, SIZE);
	free(slow.data);
	free(fast.data);
	free(free_run.data);
}
END_TEST

START_TEST(a_bandwidth_below_the_slices)
{
	struct received r = twice("size=30&slice=10&every_us=1000&rate=100");
	check_body(&r, 30);
	ck_assert_int_ge(r.last_ms, 200);
	free(r.data);
}
END_TEST

START_TEST(a_slow_close)
{
	struct received r = edge_exchange(&edge, "linger=150");
	check_body(&r, SIZE);
	ck_assert_int_eq(r.ending, ENDED_CLOSED);
	ck_assert_int_ge(r.end_ms, 150);
	free(r.data);
}
END_TEST

/* ---- broken ------------------------------------------------------------------------------------------------------------ */

START_TEST(a_bad_chunk)
{
	static const struct {
		const char *query, *body;
		enum ending ending;
	} rows[] = {
		{ "size=5&bad_chunk", "5\r\nabcde\r\nno size\r\n", ENDED_CLOSED },
		{ "size=5&bad_chunk&reset", "5\r\nabcde\r\nno size\r\n", ENDED_RESET },
		{ "size=9&bad_chunk&cut=3&slice=2", "2\r\nab\r\n1\r\nc\r\nno size\r\n", ENDED_CLOSED },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct received r = edge_exchange(&edge, rows[i].query);
		ck_assert(edge_has_header(&r, "Transfer-Encoding: chunked\r\n"));
		ck_assert(!edge_has_header(&r, "Content-Length"));
		ck_assert_str_eq(edge_body(&r), rows[i].body);
		ck_assert_int_eq(r.ending, rows[i].ending);
		free(r.data);
	}
}
END_TEST

START_TEST(other_status_and_headers)
{
	struct received r = twice("status=502&headers");
	ck_assert_ptr_eq(strstr(r.data, "HTTP/1.1 502 Bad Gateway\r\n"), r.data);
	ck_assert(edge_has_header(&r, "X-Extra: one\r\n"));
	ck_assert(edge_has_header(&r, "Server: another\r\n"));
	ck_assert(!edge_has_header(&r, "cbsmock"));
	free(r.data);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		nothing_asked, a_delay, a_delay_then_another_fault, a_reset, a_close, silence_for_a_while, silence_until_the_client_goes,
		a_short_body_that_is_no_fault_of_the_connection, a_reset_waits_for_a_slow_reader, slices, slices_without_a_pause, large_slices,
		a_bandwidth, a_bandwidth_below_the_slices, a_slow_close, a_bad_chunk, other_status_and_headers,
	};
	Suite *suite = suite_create("wire");
	TCase *tc = tcase_create("wire");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < LENGTH(all); i++)
		tcase_add_test(tc, all[i]);
	tcase_add_loop_test(tc, a_part_of_it, 0, (int)LENGTH(parts));
	tcase_set_timeout(tc, 30);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
