/* Small texts: numbers, form values, UTF-8, patterns, and the times of the wire. */
#include "run.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/str.h"
#include "util/wiretime.h"

/* ---- comparing -------------------------------------------------------------------------------------------------------- */

START_TEST(str_compares)
{
	ck_assert(str_is("a", "a"));
	ck_assert(!str_is("a", "A"));
	ck_assert(!str_is("a", ""));
	ck_assert(str_is(NULL, NULL));
	ck_assert(!str_is(NULL, ""));
	ck_assert(!str_is("", NULL));
	ck_assert(str_case_is("Content-Type", "content-TYPE"));
	ck_assert(str_case_is("", ""));
	ck_assert(!str_case_is("abc", "abcd"));
	ck_assert(!str_case_is("abcd", "abc"));
	ck_assert(!str_case_is("[", "{")); /* 32 apart, not letters */
	ck_assert(!str_case_is("\xc3\x89", "\xc3\xa9"));
	ck_assert(str_case_is(NULL, NULL));
	ck_assert(!str_case_is(NULL, ""));
}
END_TEST

START_TEST(str_finds_ends)
{
	ck_assert(str_prefix("disk-1", "disk-"));
	ck_assert(str_prefix("disk-", "disk-"));
	ck_assert(str_prefix("anything", ""));
	ck_assert(!str_prefix("disk", "disk-"));
	ck_assert(!str_prefix(NULL, ""));
	ck_assert(str_suffix("a.json", ".json"));
	ck_assert(str_suffix(".json", ".json"));
	ck_assert(str_suffix("a", ""));
	ck_assert(!str_suffix("json", ".json"));
	ck_assert(!str_suffix("a.json.gz", ".json"));
	ck_assert(!str_suffix(NULL, ""));
}
END_TEST

START_TEST(str_lowers_only_ascii_letters)
{
	char text[] = "AZaz@[`{09\xc3\x89";
	str_lower(text);
	ck_assert_str_eq(text, "azaz@[`{09\xc3\x89");
}
END_TEST

/* ---- numbers ---------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t value;
} integers[] = {
	{ "0", 0 }, { "-0", 0 }, { "7", 7 }, { "-7", -7 }, { "007", 7 }, { "9223372036854775807", INT64_MAX },
	{ "-9223372036854775807", -INT64_MAX }, { "-9223372036854775808", INT64_MIN }, { "000000000000000000000000000001", 1 },
};

START_TEST(str_reads_integers)
{
	int64_t value = 99;
	ck_assert(str_to_i64(integers[_i].text, &value));
	ck_assert_int_eq(value, integers[_i].value);
}
END_TEST

static const char *const not_integers[] = {
	"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "1-", "9223372036854775808", "-9223372036854775809",
	"99999999999999999999", "18446744073709551616", "\xd9\xa1", "one", "1\n", NULL,
};

START_TEST(str_refuses_other_integers)
{
	int64_t value = 99;
	ck_assert(!str_to_i64(not_integers[_i], &value));
	ck_assert_int_eq(value, 99);
}
END_TEST

START_TEST(str_reads_unsigned)
{
	uint64_t value = 99;
	ck_assert(!str_to_u64("-1", &value));
	ck_assert(!str_to_u64("18446744073709551616", &value));
	ck_assert(!str_to_u64("18446744073709551620", &value));
	ck_assert(!str_to_u64("", &value));
	ck_assert(!str_to_u64(NULL, &value));
	ck_assert_uint_eq(value, 99);
	ck_assert(str_to_u64("18446744073709551615", &value));
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert(str_to_u64("0", &value));
	ck_assert_uint_eq(value, 0);
}
END_TEST

START_TEST(str_reads_booleans)
{
	bool value = false;
	ck_assert(str_to_bool("true", &value) && value);
	ck_assert(str_to_bool("False", &value) && !value);
	ck_assert(str_to_bool("TRUE", &value) && value);
	static const char *const bad[] = { "", "1", "0", "yes", "true ", " true", "tru", "truee", NULL };
	for (size_t i = 0; i < LENGTH(bad); i++)
		ck_assert(!str_to_bool(bad[i], &value));
	ck_assert(value);
}
END_TEST

/* ---- form values ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *text, *decoded; /* NULL: refused */
} forms[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a+b", "a b" },
	{ "a%2Bb", "a+b" },
	{ "%e4%BD%a0", "\xe4\xbd\xa0" },
	{ "%25", "%" },
	{ "%2541", "%41" },
	{ "100%", NULL },
	{ "100%2", NULL },
	{ "%zz", NULL },
	{ "%2g", NULL },
	{ "%-1", NULL },
	{ "% 1", NULL },
	{ "%%41", NULL },
	{ "%00", NULL },
	{ "a%00b", NULL },
};

START_TEST(str_decodes_form_values)
{
	char text[32];
	snprintf(text, sizeof text, "%s", forms[_i].text);
	size_t len = strlen(text);
	bool ok = str_form_decode(text, &len);
	ck_assert_int_eq(ok, forms[_i].decoded != NULL);
	if (!ok)
		return;
	ck_assert_str_eq(text, forms[_i].decoded);
	ck_assert_uint_eq(len, strlen(forms[_i].decoded));
}
END_TEST

START_TEST(str_decodes_only_what_it_was_given)
{
	char text[] = "a%2&b", nul[] = "a\0b";
	size_t len = 3;
	ck_assert(!str_form_decode(text, &len)); /* the rest of the escape is past the end */
	len = 3;
	ck_assert(!str_form_decode(nul, &len));
}
END_TEST

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------------ */

#define U8(literal, ok) { literal, sizeof(literal) - 1, ok }

static const struct {
	const char *text;
	size_t len;
	bool ok;
} utf8[] = {
	U8("", true),
	U8("plain", true),
	U8("a\0b", true),
	U8("\x7f", true),
	U8("\xc2\x80", true),
	U8("\xdf\xbf", true),
	U8("\xe0\xa0\x80", true),
	U8("\xed\x9f\xbf", true),
	U8("\xee\x80\x80", true),
	U8("\xef\xbf\xbf", true),
	U8("\xf0\x90\x80\x80", true),
	U8("\xf4\x8f\xbf\xbf", true),
	U8("\xe4\xbd\xa0\xe5\xa5\xbd", true),
	U8("\x80", false),                 /* continuation alone */
	U8("\xbf", false),
	U8("\xc0\x80", false),             /* overlong NUL */
	U8("\xc1\xbf", false),
	U8("\xe0\x80\x80", false),
	U8("\xe0\x9f\xbf", false),
	U8("\xf0\x80\x80\x80", false),
	U8("\xf0\x8f\xbf\xbf", false),
	U8("\xed\xa0\x80", false),         /* surrogates */
	U8("\xed\xbf\xbf", false),
	U8("\xed\xa0\xbd\xed\xb8\x80", false), /* CESU-8 */
	U8("\xf4\x90\x80\x80", false),     /* past U+10FFFF */
	U8("\xf5\x80\x80\x80", false),
	U8("\xff", false),
	U8("\xfe", false),
	U8("\xc2", false),                 /* cut short */
	U8("\xe4\xbd", false),
	U8("\xf0\x90\x80", false),
	U8("\xc2" "a", false),
	U8("\xe4\xbd" "a", false),
	U8("\xf0\x90\x80" "a", false),
	U8("\xf8\x88\x80\x80\x80", false), /* five bytes, once legal */
};

START_TEST(str_judges_utf8)
{
	ck_assert_int_eq(str_is_utf8(utf8[_i].text, utf8[_i].len), utf8[_i].ok);
}
END_TEST

START_TEST(str_steps_through_utf8)
{
	ck_assert_uint_eq(str_utf8_step("", 0), 0);
	ck_assert_uint_eq(str_utf8_step("a", 1), 1);
	ck_assert_uint_eq(str_utf8_step("\xc3\xa9x", 3), 2);
	ck_assert_uint_eq(str_utf8_step("\xe4\xbd\xa0", 3), 3);
	ck_assert_uint_eq(str_utf8_step("\xf0\x9f\x98\x80", 4), 4);
	ck_assert_uint_eq(str_utf8_step("\xf0\x9f\x98\x80", 3), 0);
	ck_assert_uint_eq(str_utf8_len(""), 0);
	ck_assert_uint_eq(str_utf8_len("a\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80"), 4);
}
END_TEST

/* ---- patterns --------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *pattern, *text;
	bool matches;
} globs[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "*", "", true },
	{ "*", "anything", true },
	{ "**", "", true },
	{ "?", "", false },
	{ "?", "a", true },
	{ "?", "ab", false },
	{ "a?c", "abc", true },
	{ "a*c", "ac", true },
	{ "a*c", "abcbc", true },
	{ "a*c", "abcb", false },
	{ "*.tencentcloudapi.com", "cbs.tencentcloudapi.com", true },
	{ "*.tencentcloudapi.com", "tencentcloudapi.com", false },
	{ "*a*b*c*", "xxaxxbxxcxx", true },
	{ "*a*b*c*", "xxaxxcxxbxx", false },
	{ "*ab", "aaaaab", true },
	{ "a", "A", false },
	{ "[a]", "a", false },
	{ "[a]", "[a]", true },
	{ "a*", "b", false },
	{ "*?", "", false },
	{ "*?", "x", true },
};

START_TEST(str_matches_globs)
{
	ck_assert_int_eq(str_glob(globs[_i].pattern, globs[_i].text), globs[_i].matches);
}
END_TEST

START_TEST(str_finds_a_name_in_a_list)
{
	ck_assert(str_listed("a", "a") && str_listed("a,bc,d", "a") && str_listed("a,bc,d", "bc") && str_listed("a,bc,d", "d"));
	ck_assert(!str_listed("a,bc,d", "b") && !str_listed("a,bc,d", "bc,d") && !str_listed("a,bc", "bcd") && !str_listed("", "a"));
	ck_assert(!str_listed(NULL, "a"));
}
END_TEST

START_TEST(str_measures_the_distance_of_names)
{
	const char *beyond = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", *longest = beyond + 1;
	ck_assert_uint_eq(str_distance("CreateSnapshot", "createsnapshot"), 0);
	ck_assert_uint_eq(str_distance("CreateSnapshots", "CreateSnapshot"), 1);
	ck_assert_uint_eq(str_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(str_distance("", "abc"), 3);
	ck_assert_uint_eq(str_distance("abc", ""), 3);
	ck_assert_uint_eq(str_distance(longest, ""), 63);
	ck_assert_uint_eq(str_distance(beyond, longest), STR_FAR);
	ck_assert_uint_eq(str_distance("", beyond), STR_FAR);
}
END_TEST

START_TEST(str_glob_is_not_exponential)
{
	char text[4001];
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert(!str_glob("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}
END_TEST

/* ---- times ------------------------------------------------------------------------------------------------------------ */

static const int64_t doc_moment = INT64_C(1795514400000); /* 2026-11-24T10:00:00Z */

START_TEST(wiretime_writes_every_form)
{
	char out[WIRETIME_SIZE];
	wiretime_local(doc_moment, out);
	ck_assert_str_eq(out, "2026-11-24 18:00:00");
	wiretime_offset(doc_moment, out);
	ck_assert_str_eq(out, "2026-11-24T18:00:00+08:00");
	wiretime_utc(doc_moment, out);
	ck_assert_str_eq(out, "2026-11-24T10:00:00Z");
	wiretime_utc(doc_moment + 7, out);
	ck_assert_str_eq(out, "2026-11-24T10:00:00.007Z");
	wiretime_date(doc_moment, out);
	ck_assert_str_eq(out, "2026-11-24");
	wiretime_utc_date(doc_moment, out);
	ck_assert_str_eq(out, "2026-11-24");
}
END_TEST

START_TEST(wiretime_dates_differ_between_midnights)
{
	char out[WIRETIME_SIZE];
	int64_t evening = doc_moment + 6 * 3600000; /* 16:00 UTC, midnight in Beijing */
	wiretime_date(evening - 1, out);
	ck_assert_str_eq(out, "2026-11-24");
	wiretime_date(evening, out);
	ck_assert_str_eq(out, "2026-11-25");
	wiretime_utc_date(evening, out);
	ck_assert_str_eq(out, "2026-11-24");
}
END_TEST

START_TEST(wiretime_writers_stay_in_range)
{
	static const struct {
		int64_t ms;
		const char *local, *utc;
	} ends[] = {
		{ 0, "1970-01-01 08:00:00", "1970-01-01T00:00:00Z" },
		{ -1, "1970-01-01 08:00:00", "1970-01-01T00:00:00Z" },
		{ INT64_MIN, "1970-01-01 08:00:00", "1970-01-01T00:00:00Z" },
		{ WIRETIME_MAX_MS, "9999-12-31 23:59:59", "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31 23:59:59", "9999-12-31T23:59:59.999Z" },
	};
	char out[WIRETIME_SIZE];
	for (size_t i = 0; i < LENGTH(ends); i++) {
		wiretime_local(ends[i].ms, out);
		ck_assert_str_eq(out, ends[i].local);
		wiretime_utc(ends[i].ms, out);
		ck_assert_str_eq(out, ends[i].utc);
	}
}
END_TEST

static const struct {
	const char *text;
	int64_t ms;
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T08:00:00+08:00", 0 },
	{ "1969-12-31T19:00:00-05:00", 0 },
	{ "2026-11-24T10:00:00Z", INT64_C(1795514400000) },
	{ "2026-11-24T10:00:00+00:00", INT64_C(1795514400000) },
	{ "2026-11-24T10:00:00-00:00", INT64_C(1795514400000) },
	{ "2026-11-24T18:00:00+08:00", INT64_C(1795514400000) },
	{ "2026-11-24T15:45:00+05:45", INT64_C(1795514400000) },
	{ "2026-11-24T10:00:00.5Z", INT64_C(1795514400500) },
	{ "2026-11-24T10:00:00.007Z", INT64_C(1795514400007) },
	{ "2026-11-24T10:00:00.0079999999999999999999999Z", INT64_C(1795514400007) },
	{ "2000-02-29T00:00:00Z", INT64_C(951782400000) },
	{ "2024-02-29T23:59:59Z", INT64_C(1709251199000) },
	{ "2019-02-25T00:00:00Z", INT64_C(1551052800000) }, /* TC3's documented example day */
	{ "9999-12-31T23:59:59.999Z", WIRETIME_MAX_MS },
};

START_TEST(wiretime_reads)
{
	int64_t ms = 99;
	ck_assert(wiretime_parse(times[_i].text, &ms));
	ck_assert_int_eq(ms, times[_i].ms);
}
END_TEST

static const char *const not_times[] = {
	"", "2026", "2026-11-24", "2026-11-24T10:00:00", "2026-11-24 10:00:00", "2026-11-24 10:00:00Z", "2026-11-24t10:00:00Z",
	"2026-11-24T10:00:00z", "2026-11-24T10:00Z", "2026-11-24T10:00:00+0800", "2026-11-24T10:00:00+08", "2026-11-24T10:00:00 08:00",
	"2026-11-24T10:00:00+24:00", "2026-11-24T10:00:00+08:60", "2026-11-24T10:00:00.Z", "2026-11-24T10:00:00,5Z",
	"2026-11-24T10:00:00ZZ", "2026-11-24T10:00:00Z ", " 2026-11-24T10:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	"2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
	"1900-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
	"2026-11-24T24:00:00Z",
	"2026-11-24T10:60:00Z", "2026-12-31T23:59:60Z", "2026-1-1T00:00:00Z", "+2026-11-24T10:00:00Z", "-026-11-24T10:00:00Z",
	"12026-11-24T10:00:00Z", "2026-11-24T1:00:00Z", "2026/11/24T10:00:00Z", "abcd-ef-ghTij:kl:mnZ", NULL,
};

START_TEST(wiretime_refuses)
{
	int64_t ms = 99;
	ck_assert(!wiretime_parse(not_times[_i], &ms));
	ck_assert_int_eq(ms, 99);
}
END_TEST

START_TEST(wiretime_adds_months)
{
	static const struct {
		const char *from, *to;
		int64_t months;
	} rows[] = {
		{ "2026-11-24T10:00:00Z", "2026-12-24T10:00:00Z", 1 },
		{ "2026-11-24T10:00:00.123Z", "2027-11-24T10:00:00.123Z", 12 },
		{ "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z", 1 },
		{ "2028-01-31T10:00:00Z", "2028-02-29T10:00:00Z", 1 },
		{ "2026-08-31T10:00:00Z", "2027-02-28T10:00:00Z", 6 },
		{ "2026-01-30T17:00:00Z", "2026-02-27T17:00:00Z", 1 }, /* the 31st in UTC+8 */
		{ "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z", 0 },
		{ "9999-11-30T10:00:00Z", "9999-12-30T10:00:00Z", 1 },
		{ "9999-12-24T10:00:00Z", "9999-12-31T23:59:59.999Z", 1 },
		{ "2026-11-24T10:00:00Z", "9999-12-31T23:59:59.999Z", 1000000 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t from, to;
		ck_assert(wiretime_parse(rows[i].from, &from) && wiretime_parse(rows[i].to, &to));
		ck_assert_int_eq(wiretime_add_months(from, rows[i].months), to);
	}
}
END_TEST

/* Every day of eight thousand years, against a calendar kept by counting. */
START_TEST(wiretime_agrees_with_a_counted_calendar)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = 1970, month = 1, day = 1;
	for (int64_t ms = 0; ms < WIRETIME_MAX_MS; ms += 86400000) {
		char expected[WIRETIME_SIZE], out[WIRETIME_SIZE];
		snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day);
		wiretime_utc_date(ms, out);
		int64_t back;
		char text[WIRETIME_SIZE];
		wiretime_utc(ms, text);
		if (strcmp(out, expected) != 0 || !wiretime_parse(text, &back) || back != ms)
			ck_abort_msg("%s is written %s", expected, out);
		bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
		if (day++ < lengths[month - 1] + (month == 2 && leap))
			continue;
		day = 1;
		if (month++ < 12)
			continue;
		month = 1;
		year++;
	}
	ck_assert_int_eq(year, 10000);
}
END_TEST

/* ---- durations -------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t ms;
} durations[] = {
	{ "0s", 0 }, { "250ms", 250 }, { "5s", 5000 }, { "+5s", 5000 }, { "-5s", -5000 }, { "10m", 600000 }, { "2h", 7200000 },
	{ "7d", 604800000 }, { "253402300799999ms", WIRETIME_MAX_MS }, { "-253402300799999ms", -WIRETIME_MAX_MS },
	{ "2932896d", INT64_C(253402214400000) },
};

START_TEST(duration_reads)
{
	int64_t ms = 99;
	ck_assert(duration_parse(durations[_i].text, &ms));
	ck_assert_int_eq(ms, durations[_i].ms);
}
END_TEST

static const char *const not_durations[] = {
	"", "5", "s", "-", "-s", "+-5s", "5 s", " 5s", "5s ", "1.5s", "5S", "5sec", "5w", "1h30m", "253402300800000ms", "2932897d",
	"99999999999999999999999999999d", "0x5s", NULL,
};

START_TEST(duration_refuses)
{
	int64_t ms = 99;
	ck_assert(!duration_parse(not_durations[_i], &ms));
	ck_assert_int_eq(ms, 99);
}
END_TEST

#define ADD_ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)LENGTH(rows))

int main(void)
{
	Suite *suite = suite_create("util text");
	const TTest *const str[] = {
		str_compares, str_finds_ends, str_lowers_only_ascii_letters, str_reads_unsigned, str_reads_booleans,
		str_decodes_only_what_it_was_given, str_steps_through_utf8, str_finds_a_name_in_a_list, str_measures_the_distance_of_names,
		str_glob_is_not_exponential,
	};
	const TTest *const time[] = {
		wiretime_writes_every_form, wiretime_dates_differ_between_midnights, wiretime_writers_stay_in_range,
		wiretime_adds_months, wiretime_agrees_with_a_counted_calendar,
	};
	add_case(suite, "str", str, LENGTH(str));
	add_case(suite, "time", time, LENGTH(time));

	TCase *rows = tcase_create("rows");
	ADD_ROWS(rows, str_reads_integers, integers);
	ADD_ROWS(rows, str_refuses_other_integers, not_integers);
	ADD_ROWS(rows, str_decodes_form_values, forms);
	ADD_ROWS(rows, str_judges_utf8, utf8);
	ADD_ROWS(rows, str_matches_globs, globs);
	ADD_ROWS(rows, wiretime_reads, times);
	ADD_ROWS(rows, wiretime_refuses, not_times);
	ADD_ROWS(rows, duration_reads, durations);
	ADD_ROWS(rows, duration_refuses, not_durations);
	suite_add_tcase(suite, rows);
	return run_suite(suite);
}
