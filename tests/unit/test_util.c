/* Memory, buffers, clocks, chance and ids: the parts everything else stands on. */
#include "run.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/ident.h"
#include "util/rng.h"
#include "util/wiretime.h"

/* ---- arena ------------------------------------------------------------------------------------------------------------ */

START_TEST(arena_gives_zeroed_aligned_memory)
{
	struct arena *a = arena_new();
	for (size_t size = 0; size < 200; size++) {
		unsigned char *p = arena_alloc(a, size);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_free(a);
}
END_TEST

START_TEST(arena_pieces_do_not_overlap)
{
	enum { PIECES = 2000 };
	struct arena *a = arena_new();
	unsigned char *piece[PIECES];
	for (int i = 0; i < PIECES; i++) {
		piece[i] = arena_alloc(a, 37);
		memset(piece[i], i & 0xff, 37);
	}
	for (int i = 0; i < PIECES; i++)
		for (int j = 0; j < 37; j++)
			if (piece[i][j] != (i & 0xff))
				ck_abort_msg("byte %d of piece %d was overwritten", j, i);
	arena_free(a);
}
END_TEST

START_TEST(arena_takes_sizes_around_and_past_a_chunk)
{
	static const size_t sizes[] = { 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 1, 3 * 1024 * 1024, 1 };
	struct arena *a = arena_new();
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		char *p = arena_alloc(a, sizes[i]);
		p[0] = p[sizes[i] - 1] = 'x';
	}
	arena_free(a);
}
END_TEST

START_TEST(arena_copies_text)
{
	struct arena *a = arena_new();
	char source[] = "disk-lzrg2pwi";
	char *whole = arena_strdup(a, source), *part = arena_strndup(a, source, 4), *none = arena_strndup(a, NULL, 0);
	memset(source, 'x', sizeof source - 1);
	ck_assert_str_eq(whole, "disk-lzrg2pwi");
	ck_assert_str_eq(part, "disk");
	ck_assert_str_eq(none, "");
	ck_assert_mem_eq(arena_strndup(a, "a\0b", 3), "a\0b", 4);
	arena_free(a);
}
END_TEST

START_TEST(arena_joins_as_many_texts_as_there_are)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(arena_concat(a, "", NULL), "");
	ck_assert_str_eq(arena_concat(a, "a", "", "bc", NULL), "abc");
	const char *many = arena_concat(a, "1", "22", "3", "44", "5", "66", "7", "88", "9", "aa", "b", "cc", "d", "ee", "f", "gg", NULL);
	ck_assert_str_eq(many, "1223445667889aabccdeefgg");
	arena_free(a);
}
END_TEST

START_TEST(arena_prints)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(arena_printf(a, "%s-%d", "snap", 7), "snap-7");
	ck_assert_str_eq(arena_printf(a, "%s", ""), "");
	char *wide = arena_printf(a, "%100000d", 1);
	ck_assert_uint_eq(strlen(wide), 100000);
	arena_free(a);
}
END_TEST

struct trail {
	struct arena *arena;
	char steps[8];
	size_t count;
};

struct step {
	struct trail *trail;
	char mark;
};

static void leave_mark(void *data)
{
	struct step *s = data;
	s->trail->steps[s->trail->count++] = s->mark;
}

static void defer_one_more(void *data)
{
	struct step *s = data, *more = arena_alloc(s->trail->arena, sizeof *more);
	leave_mark(s);
	*more = (struct step){ s->trail, 'z' };
	arena_defer(s->trail->arena, leave_mark, more);
}

static void count_up(void *data)
{
	int *count = data;
	++*count;
}

START_TEST(arena_lasts_as_long_as_it_is_kept)
{
	enum { FEW = 64 };
	struct arena *one = arena_new(), *two = arena_new(), *other[FEW];
	int gone = 0, kept = 0;
	for (int i = 0; i < FEW; i++) {
		other[i] = arena_new();
		arena_defer(other[i], count_up, &gone);
		bool keeps = arena_keep(one, other[i]);
		ck_assert_int_eq(arena_keep(one, other[i]), keeps);
		kept += keeps;
		if (i == 0)
			ck_assert(arena_keep(two, other[i]));
	}
	ck_assert_int_gt(kept, 0);
	ck_assert_int_lt(kept, FEW);
	const char *text = arena_strdup(other[0], "still there");
	for (int i = 0; i < FEW; i++)
		arena_free(other[i]);
	ck_assert_int_eq(gone, FEW - kept);
	arena_free(one);
	ck_assert_int_eq(gone, FEW - 1);
	ck_assert_str_eq(text, "still there");
	arena_free(two);
	ck_assert_int_eq(gone, FEW);
}
END_TEST

START_TEST(arena_runs_deferred_functions_last_first)
{
	struct trail trail = { .arena = arena_new() };
	struct step first = { &trail, 'a' }, second = { &trail, 'b' }, third = { &trail, 'c' };
	arena_defer(trail.arena, leave_mark, &first);
	arena_defer(trail.arena, defer_one_more, &second);
	arena_defer(trail.arena, leave_mark, &third);
	arena_free(trail.arena);
	ck_assert_str_eq(trail.steps, "cbza");
}
END_TEST

START_TEST(arena_free_takes_null)
{
	arena_free(NULL);
}
END_TEST

START_TEST(memory_out_ends_the_process)
{
	arena_alloc(arena_new(), SIZE_MAX);
}
END_TEST

START_TEST(xmalloc_family_never_returns_null)
{
	char *a = xmalloc(0), *b = xcalloc(0, 8), *c = xcalloc(4, 4), *d = xrealloc(NULL, 0), *e = xstrdup("five");
	ck_assert(a && b && c && d && e);
	ck_assert_mem_eq(c, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	d = xrealloc(d, 100);
	d[99] = 'x';
	ck_assert_str_eq(e, "five");
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
}
END_TEST

/* ---- buf -------------------------------------------------------------------------------------------------------------- */

START_TEST(buf_grows_and_stays_terminated)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	ck_assert_str_eq(b.data, "");
	buf_adds(&b, "one");
	buf_addc(&b, ' ');
	buf_add(&b, "two three", 3);
	buf_printf(&b, " %05d %s", 42, "x");
	ck_assert_str_eq(b.data, "one two 00042 x");
	ck_assert_uint_eq(b.len, strlen(b.data));
	for (int i = 0; i < 10000; i++)
		buf_addc(&b, 'y');
	ck_assert_uint_eq(b.len, 10015);
	ck_assert_uint_eq(strlen(b.data), 10015);
	ck_assert(!b.overflow);
	buf_finish(&b);
}
END_TEST

START_TEST(buf_holds_exactly_its_maximum)
{
	struct buf b;
	buf_init(&b, 5);
	buf_adds(&b, "12345");
	ck_assert(!b.overflow);
	buf_add(&b, "", 0);
	ck_assert(!b.overflow);
	buf_addc(&b, '6');
	ck_assert(b.overflow);
	ck_assert_str_eq(b.data, "12345");
	buf_finish(&b);
}
END_TEST

START_TEST(buf_refuses_an_append_whole_and_all_later_ones)
{
	struct buf b;
	buf_init(&b, 8);
	buf_adds(&b, "12345");
	buf_printf(&b, "%s", "6789");
	ck_assert(b.overflow);
	buf_addc(&b, '6');
	buf_printf(&b, "%d", 7);
	ck_assert_str_eq(b.data, "12345");
	buf_clear(&b);
	ck_assert(!b.overflow);
	ck_assert_str_eq(b.data, "");
	buf_adds(&b, "12345678");
	ck_assert_str_eq(b.data, "12345678");
	buf_finish(&b);
}
END_TEST

START_TEST(buf_with_room_for_nothing)
{
	struct buf b;
	buf_init(&b, 0);
	ck_assert_str_eq(b.data, "");
	buf_addc(&b, 'x');
	ck_assert(b.overflow);
	ck_assert_str_eq(b.data, "");
	buf_finish(&b);
}
END_TEST

START_TEST(buf_length_cannot_wrap)
{
	struct buf b;
	buf_init(&b, 100);
	buf_adds(&b, "x");
	buf_add(&b, "y", SIZE_MAX);
	ck_assert(b.overflow);
	ck_assert_str_eq(b.data, "x");
	buf_finish(&b);
}
END_TEST

START_TEST(buf_keeps_nul_bytes)
{
	struct buf b;
	buf_init(&b, 100);
	buf_add(&b, "a\0b", 3);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_mem_eq(b.data, "a\0b", 4);
	buf_finish(&b);
}
END_TEST

START_TEST(buf_take_gives_the_text_away)
{
	struct buf b;
	size_t len;
	buf_init(&b, 10);
	buf_adds(&b, "first");
	char *first = buf_take(&b, &len);
	ck_assert_str_eq(first, "first");
	ck_assert_uint_eq(len, 5);
	buf_adds(&b, "0123456789");
	buf_addc(&b, 'x');
	ck_assert(b.overflow); /* the maximum is kept */
	char *second = buf_take(&b, NULL), *third = buf_take(&b, &len);
	ck_assert_str_eq(second, "0123456789");
	ck_assert_str_eq(third, "");
	ck_assert_uint_eq(len, 0);
	free(first);
	free(second);
	free(third);
	buf_finish(&b);
}
END_TEST

START_TEST(buf_finish_and_clear_take_a_zeroed_one)
{
	struct buf b = { 0 };
	buf_clear(&b);
	buf_finish(&b);
	buf_finish(&b);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(buf_in_an_arena_grows_like_any_other)
{
	struct arena *a = arena_new();
	struct buf b;
	size_t len;
	buf_init_in(&b, a, 1000);
	ck_assert_str_eq(b.data, "");
	for (int i = 0; i < 100; i++)
		buf_adds(&b, "0123456789");
	buf_addc(&b, 'x');
	ck_assert(b.overflow);
	ck_assert_uint_eq(b.len, 1000);
	ck_assert_uint_eq(strlen(b.data), 1000);
	char *own = buf_take(&b, &len);
	ck_assert_uint_eq(len, 1000);
	buf_adds(&b, "again");
	buf_finish(&b);
	arena_free(a);
	ck_assert_uint_eq(strspn(own, "0123456789"), 1000);
	free(own);
}
END_TEST

/* ---- clock ------------------------------------------------------------------------------------------------------------ */

START_TEST(machine_clocks_run)
{
	ck_assert_int_gt(clock_wall_ms(), INT64_C(1700000000000));
	int64_t before = clock_mono_us();
	while (clock_mono_us() == before)
		;
	ck_assert_int_gt(clock_mono_us(), before);
}
END_TEST

START_TEST(vclock_follows_the_wall_at_first)
{
	struct vclock v;
	vclock_init(&v, 1000);
	ck_assert_int_eq(vclock_now(&v, 1000), 1000);
	ck_assert_int_eq(vclock_now(&v, 4500), 4500);
}
END_TEST

START_TEST(vclock_freezes_and_runs_on_from_there)
{
	struct vclock v;
	vclock_init(&v, 1000);
	vclock_freeze(&v, 2000);
	ck_assert_int_eq(vclock_now(&v, 9000), 2000);
	vclock_freeze(&v, 9500); /* again changes nothing */
	ck_assert_int_eq(vclock_now(&v, 9600), 2000);
	vclock_resume(&v, 10000);
	ck_assert_int_eq(vclock_now(&v, 10000), 2000);
	ck_assert_int_eq(vclock_now(&v, 10700), 2700);
	vclock_resume(&v, 10800);
	ck_assert_int_eq(vclock_now(&v, 10900), 2900);
}
END_TEST

START_TEST(vclock_moves_frozen_or_not)
{
	struct vclock v;
	vclock_init(&v, 1000);
	vclock_set(&v, 2000, 500000);
	ck_assert_int_eq(vclock_now(&v, 2100), 500100);
	vclock_advance(&v, 2100, 60000);
	ck_assert_int_eq(vclock_now(&v, 2200), 560200);
	vclock_freeze(&v, 2200);
	vclock_advance(&v, 5000, 1);
	ck_assert_int_eq(vclock_now(&v, 9999), 560201);
	vclock_set(&v, 9999, 7);
	ck_assert_int_eq(vclock_now(&v, 12345), 7);
	vclock_advance(&v, 12345, -7);
	ck_assert_int_eq(vclock_now(&v, 12346), 0);
}
END_TEST

START_TEST(vclock_scales)
{
	struct vclock v;
	vclock_init(&v, 1000);
	vclock_scale(&v, 2000, 60000); /* a minute a second */
	ck_assert_int_eq(vclock_now(&v, 2000), 2000);
	ck_assert_int_eq(vclock_now(&v, 3000), 62000);
	vclock_scale(&v, 3000, 500);
	ck_assert_int_eq(vclock_now(&v, 4000), 62500);
	vclock_freeze(&v, 4000);
	vclock_resume(&v, 5000);
	ck_assert_int_eq(vclock_now(&v, 6000), 63000); /* keeps its rate */
}
END_TEST

START_TEST(vclock_stays_inside_the_years_it_can_write)
{
	struct vclock v;
	vclock_init(&v, 1000);
	vclock_advance(&v, 1000, INT64_MAX);
	ck_assert_int_eq(vclock_now(&v, 1000), WIRETIME_MAX_MS);
	ck_assert_int_eq(vclock_now(&v, INT64_MAX), WIRETIME_MAX_MS);
	vclock_advance(&v, 1000, INT64_MIN);
	ck_assert_int_eq(vclock_now(&v, 1000), 0);
	vclock_scale(&v, 1000, INT64_MAX);
	ck_assert_int_eq(vclock_now(&v, INT64_MAX), WIRETIME_MAX_MS);
	vclock_set(&v, 1000, -5);
	ck_assert_int_eq(vclock_now(&v, 1000), 0);
	ck_assert_int_eq(vclock_now(&v, INT64_MIN), 0);
}
END_TEST

/* ---- rng -------------------------------------------------------------------------------------------------------------- */

START_TEST(rng_gives_the_published_numbers)
{
	static const uint64_t expected[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
		UINT64_C(4593380528125082431), UINT64_C(16408922859458223821),
	};
	struct rng r;
	rng_init(&r, 1234567);
	for (size_t i = 0; i < LENGTH(expected); i++)
		ck_assert_uint_eq(rng_next(&r), expected[i]);
}
END_TEST

START_TEST(rng_mix_is_pure_and_tells_its_arguments_apart)
{
	ck_assert_uint_eq(rng_mix(1, 2), rng_mix(1, 2));
	ck_assert_uint_ne(rng_mix(1, 2), rng_mix(2, 1));
	ck_assert_uint_ne(rng_mix(0, 0), 0);
	uint64_t seen[900];
	for (uint64_t a = 0; a < 30; a++)
		for (uint64_t b = 0; b < 30; b++)
			seen[a * 30 + b] = rng_mix(a, b);
	for (size_t i = 0; i < LENGTH(seen); i++)
		for (size_t j = 0; j < i; j++)
			if (seen[i] == seen[j])
				ck_abort_msg("%zu and %zu are mixed to the same", i, j);
}
END_TEST

START_TEST(uuid_has_version_and_variant)
{
	char text[UUID_TEXT + 1];
	uuid_format(0, 0, text);
	ck_assert_str_eq(text, "00000000-0000-4000-8000-000000000000");
	uuid_format(UINT64_MAX, UINT64_MAX, text);
	ck_assert_str_eq(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	uuid_format(UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210), text);
	ck_assert_str_eq(text, "01234567-89ab-4def-bedc-ba9876543210");
}
END_TEST

START_TEST(entropy_differs)
{
	ck_assert_uint_ne(rng_entropy(), rng_entropy());
}
END_TEST

/* ---- ident ------------------------------------------------------------------------------------------------------------ */

static const int64_t id_space = INT64_C(2821109907456);

START_TEST(ident_round_trips)
{
	static const int64_t numbers[] = { 0, 1, 2, 35, 36, 37, 1000000, INT64_C(2821109907454), INT64_C(2821109907455) };
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		char id[IDENT_SIZE];
		int64_t no;
		ident_format(IDENT_DISK, numbers[i], id);
		ck_assert_uint_eq(strlen(id), strlen(IDENT_DISK) + 8);
		ck_assert(ident_parse(IDENT_DISK, id, &no));
		ck_assert_int_eq(no, numbers[i]);
	}
}
END_TEST

START_TEST(ident_is_pinned)
{
	char id[IDENT_SIZE];
	ident_format(IDENT_SNAPSHOT, 0, id);
	ck_assert_str_eq(id, "snap-00000000");
	ident_format(IDENT_SNAPSHOT, 1, id);
	ck_assert_str_eq(id, "snap-m8yzrxrb"); /* 1743541808807 in base 36 */
}
END_TEST

START_TEST(ident_reads_any_well_formed_id)
{
	static const char *const ids[] = { "disk-lzrg2pwi", "disk-00000000", "disk-zzzzzzzz", "disk-0000000z" };
	for (size_t i = 0; i < LENGTH(ids); i++) {
		char again[IDENT_SIZE];
		int64_t no;
		ck_assert(ident_parse(IDENT_DISK, ids[i], &no));
		ck_assert(no >= 0 && no < id_space);
		ident_format(IDENT_DISK, no, again);
		ck_assert_str_eq(again, ids[i]);
	}
}
END_TEST

START_TEST(ident_wraps)
{
	char id[IDENT_SIZE], wrapped[IDENT_SIZE];
	ident_format(IDENT_BACKUP, 5, id);
	ident_format(IDENT_BACKUP, id_space + 5, wrapped);
	ck_assert_str_eq(id, wrapped);
	ident_format(IDENT_BACKUP, INT64_MAX, wrapped);
	ck_assert_uint_eq(strlen(wrapped), strlen(IDENT_BACKUP) + 8);
}
END_TEST

START_TEST(ident_refuses_other_shapes)
{
	static const char *const bad[] = {
		"", "disk-", "disk-lzrg2pw", "disk-lzrg2pwii", "disk-LZRG2PWI", "snap-lzrg2pwi", "disk_lzrg2pwi", "disklzrg2pwi",
		"disk-lzrg2pw ", "disk-lzrg 2pw", "disk-lzrg2p\xc3\xa9", "Disk-lzrg2pwi", "disk-disk-lzrg2pwi", " disk-lzrg2pwi",
	};
	int64_t no = 99;
	ck_assert(!ident_parse(IDENT_DISK, NULL, &no));
	for (size_t i = 0; i < LENGTH(bad); i++)
		ck_assert_msg(!ident_parse(IDENT_DISK, bad[i], &no), "%s", bad[i]);
	ck_assert_int_eq(no, 99);
}
END_TEST

START_TEST(ident_neighbours_differ)
{
	char before[IDENT_SIZE] = "", id[IDENT_SIZE];
	for (int64_t no = 0; no < 1000; no++) {
		ident_format(IDENT_INSTANCE, no, id);
		ck_assert_str_ne(id, before);
		ck_assert_mem_ne(id, before, 8); /* even their first characters */
		memcpy(before, id, sizeof id);
	}
}
END_TEST

START_TEST(ident_cuts_a_prefix_that_cannot_fit)
{
	char id[IDENT_SIZE];
	ident_format("a-prefix-that-is-far-too-long-", 1, id);
	ck_assert_uint_eq(strlen(id), IDENT_SIZE - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("util");
	const TTest *const arena[] = {
		arena_gives_zeroed_aligned_memory, arena_pieces_do_not_overlap, arena_takes_sizes_around_and_past_a_chunk,
		arena_copies_text, arena_joins_as_many_texts_as_there_are, arena_prints, arena_runs_deferred_functions_last_first,
		arena_lasts_as_long_as_it_is_kept, arena_free_takes_null, xmalloc_family_never_returns_null,
	};
	const TTest *const buf[] = {
		buf_grows_and_stays_terminated, buf_holds_exactly_its_maximum, buf_refuses_an_append_whole_and_all_later_ones,
		buf_with_room_for_nothing, buf_length_cannot_wrap, buf_keeps_nul_bytes, buf_take_gives_the_text_away,
		buf_finish_and_clear_take_a_zeroed_one, buf_in_an_arena_grows_like_any_other,
	};
	const TTest *const clock[] = {
		machine_clocks_run, vclock_follows_the_wall_at_first, vclock_freezes_and_runs_on_from_there, vclock_moves_frozen_or_not,
		vclock_scales, vclock_stays_inside_the_years_it_can_write,
	};
	const TTest *const rng[] = {
		rng_gives_the_published_numbers, rng_mix_is_pure_and_tells_its_arguments_apart, uuid_has_version_and_variant,
		entropy_differs,
	};
	const TTest *const ident[] = {
		ident_round_trips, ident_is_pinned, ident_reads_any_well_formed_id, ident_wraps, ident_refuses_other_shapes,
		ident_neighbours_differ, ident_cuts_a_prefix_that_cannot_fit,
	};
	add_case(suite, "arena", arena, LENGTH(arena));
	add_case(suite, "buf", buf, LENGTH(buf));
	add_case(suite, "clock", clock, LENGTH(clock));
	add_case(suite, "rng", rng, LENGTH(rng));
	add_case(suite, "ident", ident, LENGTH(ident));

	TCase *fatal = tcase_create("fatal");
	tcase_add_exit_test(fatal, memory_out_ends_the_process, EXIT_FAILURE);
	suite_add_tcase(suite, fatal);
	return run_suite(suite);
}
