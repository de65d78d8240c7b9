/* The JSON gatekeeper on texts good, bad and hostile, and the writer, whose output the gatekeeper must take. */
#include "run.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/json_check.h"
#include "util/json_out.h"

/* ---- json_check: texts ------------------------------------------------------------------------------------------------- */

#define J(literal, fault, offset) { literal, sizeof(literal) - 1, fault, offset }
#define GOOD(literal) J(literal, JSON_OK, 0)

static const struct {
	const char *text;
	size_t len;
	enum json_fault fault;
	size_t offset;
} texts[] = {
	GOOD("{}"),
	GOOD("[]"),
	GOOD("null"),
	GOOD("true"),
	GOOD("false"),
	GOOD("\"\""),
	GOOD("0"),
	GOOD("-0"),
	GOOD(" \t\r\n{ } \n"),
	GOOD("[1,-1,1.5,1e3,1E+3,1e-3,-0.0,123456789012345678901234567890]"),
	GOOD("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}"),
	GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\""),
	GOOD("\"\\ud83d\\ude00\""),
	GOOD("\"\\uD83D\\uDE00\""),
	GOOD("\"\\uffff\\ue000\""),
	GOOD("\"\xe4\xbd\xa0\xf0\x9f\x98\x80\x7f\""),
	GOOD("{\"a\":1,\"A\":2,\"\":3}"),
	GOOD("{\"\\u0061b\":1,\"ac\":2,\"a\":3}"),

	J("", JSON_SYNTAX, 0),
	J("  ", JSON_SYNTAX, 2),
	J("{", JSON_SYNTAX, 1),
	J("}", JSON_SYNTAX, 0),
	J("[", JSON_SYNTAX, 1),
	J("{]", JSON_SYNTAX, 1),
	J("[}", JSON_SYNTAX, 1),
	J("{}{}", JSON_SYNTAX, 2),
	J("{} x", JSON_SYNTAX, 3),
	J("[1,]", JSON_SYNTAX, 3),
	J("[,1]", JSON_SYNTAX, 1),
	J("[1 2]", JSON_SYNTAX, 3),
	J("{\"a\":1,}", JSON_SYNTAX, 7),
	J("{\"a\"}", JSON_SYNTAX, 4),
	J("{\"a\" 1}", JSON_SYNTAX, 5),
	J("{\"a\":}", JSON_SYNTAX, 5),
	J("{a:1}", JSON_SYNTAX, 1),
	J("{1:1}", JSON_SYNTAX, 1),
	J("{'a':1}", JSON_SYNTAX, 1),
	J("{\"a\":1 \"b\":2}", JSON_SYNTAX, 7),
	J("nul", JSON_SYNTAX, 0),
	J("True", JSON_SYNTAX, 0),
	J("[nulll]", JSON_SYNTAX, 5),
	J("NaN", JSON_SYNTAX, 0),
	J("Infinity", JSON_SYNTAX, 0),
	J("-Infinity", JSON_SYNTAX, 1),
	J("01", JSON_SYNTAX, 1),
	J("-", JSON_SYNTAX, 1),
	J("+1", JSON_SYNTAX, 0),
	J(".5", JSON_SYNTAX, 0),
	J("1.", JSON_SYNTAX, 2),
	J("1.e3", JSON_SYNTAX, 2),
	J("1e", JSON_SYNTAX, 2),
	J("1e+", JSON_SYNTAX, 3),
	J("0x1", JSON_SYNTAX, 1),
	J("1_000", JSON_SYNTAX, 1),
	J("\"", JSON_SYNTAX, 1),
	J("\"a", JSON_SYNTAX, 2),
	J("\"\\\"", JSON_SYNTAX, 3),
	J("\"\\", JSON_SYNTAX, 1),
	J("\"\\x\"", JSON_SYNTAX, 1),
	J("\"\\u\"", JSON_SYNTAX, 1),
	J("\"\\u12\"", JSON_SYNTAX, 1),
	J("\"\\u12g4\"", JSON_SYNTAX, 1),
	J("\"\\u 123\"", JSON_SYNTAX, 1),
	J("\"\\u-123\"", JSON_SYNTAX, 1),
	J("\"\\U0041\"", JSON_SYNTAX, 1),
	J("\"a\nb\"", JSON_SYNTAX, 2),
	J("\"a\tb\"", JSON_SYNTAX, 2),
	J("\"a\0b\"", JSON_SYNTAX, 2),
	J("\"\x1f\"", JSON_SYNTAX, 1),
	J("{}\0", JSON_SYNTAX, 2),
	J("\0{}", JSON_SYNTAX, 0),
	J("\"\\\0\"", JSON_SYNTAX, 1),
	J("// c\n{}", JSON_SYNTAX, 0),
	J("/**/{}", JSON_SYNTAX, 0),
	J("[1;2]", JSON_SYNTAX, 2),
	J("\xef\xbb\xbf{}", JSON_SYNTAX, 0),
	J("\xc2\xa0{}", JSON_SYNTAX, 0),
	J("[\x0b]", JSON_SYNTAX, 1),
	J("[\x0c]", JSON_SYNTAX, 1),

	J("\"\xff\"", JSON_UTF8, 1),
	J("\"a\xc0\xaf\"", JSON_UTF8, 2),
	J("\"\xe0\x80\xaf\"", JSON_UTF8, 1),
	J("\"\xed\xa0\x80\"", JSON_UTF8, 1),
	J("\"\xf4\x90\x80\x80\"", JSON_UTF8, 1),
	J("\"\xe4\xbd\"", JSON_UTF8, 1),
	J("\"\xe4\xbd", JSON_UTF8, 1),
	J("\"\x80\"", JSON_UTF8, 1),
	J("{\"\xff\":1}", JSON_UTF8, 2),
	J("\"\\ud83d\"", JSON_UTF8, 1),
	J("\"\\ud83dx\"", JSON_UTF8, 1),
	J("\"\\ud83d\\n\"", JSON_UTF8, 1),
	J("\"\\ud83d\\u0041\"", JSON_UTF8, 1),
	J("\"\\ud83d\\ud83d\"", JSON_UTF8, 1),
	J("\"\\ude00\"", JSON_UTF8, 1),
	J("\"a\\ude00\\ud83d\"", JSON_UTF8, 2),
	J("\"\\ud83d\\u", JSON_UTF8, 1),
	J("\"\\ud800", JSON_UTF8, 1),

	J("\"\\u0000\"", JSON_NUL, 1),
	J("{\"a\\u0000b\":1}", JSON_NUL, 3),
	J("[\"a\",\"b\\u0000\"]", JSON_NUL, 7),

	J("{\"a\":1,\"a\":2}", JSON_DUPLICATE_KEY, 7),
	J("{\"a\":1,\"\\u0061\":2}", JSON_DUPLICATE_KEY, 7),
	J("{\"\":1,\"\":2}", JSON_DUPLICATE_KEY, 6),
	J("{\"\\/\":1,\"/\":2}", JSON_DUPLICATE_KEY, 8),
	J("{\"\\n\":1,\"\\u000a\":2}", JSON_DUPLICATE_KEY, 8),
	J("{\"\xe4\xbd\xa0\":1,\"\\u4F60\":2}", JSON_DUPLICATE_KEY, 9),
	J("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}", JSON_DUPLICATE_KEY, 10),
	J("{\"b\":1,\"a\":2,\"a\":3,\"b\":4}", JSON_DUPLICATE_KEY, 13),
	J("[{\"x\":{\"k\":1,\"k\":1}}]", JSON_DUPLICATE_KEY, 13),
	J("{\"a\":1,\"b\":{\"a\":1},\"a\":2}", JSON_DUPLICATE_KEY, 19),
};

START_TEST(json_check_judges)
{
	struct json_report report;
	bool ok = json_check(texts[_i].text, texts[_i].len, &report);
	ck_assert_str_eq(json_fault_text(report.fault), json_fault_text(texts[_i].fault));
	ck_assert_int_eq(ok, texts[_i].fault == JSON_OK);
	ck_assert_uint_eq(report.offset, texts[_i].offset);
}
END_TEST

/* Whatever is cut off a good text, the checker ends and never reads behind the end (the copy is exact, for the sanitizer). */
START_TEST(json_check_takes_every_cut)
{
	static const char text[] = "{\"a\":[1,-2.5e+3,true,null,\"\\ud83d\\ude00\xe4\xbd\xa0\\n\"],\"b\":{\"c\":false}}";
	for (size_t len = 0; len < sizeof text; len++) {
		char *copy = xmalloc(len);
		memcpy(copy, text, len);
		struct json_report report;
		ck_assert_int_eq(json_check(copy, len, &report), len == sizeof text - 1);
		ck_assert_uint_le(report.offset, len);
		free(copy);
	}
}
END_TEST

/* Every single-byte change of a good text: a verdict, and no sanitizer complaint. */
START_TEST(json_check_survives_every_changed_byte)
{
	static const char text[] = "{\"a\\u0041\":[1.5e3,\"\\ud83d\\ude00\xe4\xbd\xa0\"],\"b\":{\"c\":null}}";
	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			char copy[sizeof text];
			memcpy(copy, text, sizeof text);
			copy[i] = (char)byte;
			struct json_report report;
			bool ok = json_check(copy, sizeof text - 1, &report);
			ck_assert_int_eq(ok, report.fault == JSON_OK);
			ck_assert_uint_lt(report.offset, sizeof text);
		}
	}
}
END_TEST

/* ---- json_check: bounds ------------------------------------------------------------------------------------------------ */

static enum json_fault nest(const char *open, const char *close, int depth)
{
	struct buf b;
	struct json_report report;
	buf_init(&b, 1 << 22);
	for (int i = 0; i < depth; i++)
		buf_adds(&b, open);
	buf_adds(&b, "1");
	for (int i = 0; i < depth; i++)
		buf_adds(&b, close);
	json_check(b.data, b.len, &report);
	buf_finish(&b);
	return report.fault;
}

START_TEST(json_check_bounds_nesting)
{
	ck_assert_int_eq(nest("[", "]", JSON_DEPTH_MAX), JSON_OK);
	ck_assert_int_eq(nest("[", "]", JSON_DEPTH_MAX + 1), JSON_TOO_DEEP);
	ck_assert_int_eq(nest("{\"a\":", "}", JSON_DEPTH_MAX), JSON_OK);
	ck_assert_int_eq(nest("{\"a\":", "}", JSON_DEPTH_MAX + 1), JSON_TOO_DEEP);
	ck_assert_int_eq(nest("[", "", 1000000), JSON_TOO_DEEP);
	struct json_report report;
	ck_assert(json_check("[[],[],[[]],{}]", 15, &report)); /* siblings do not add up */
}
END_TEST

/* The processor time of checking an object whose keys are `shared` and a number, the last one perhaps a repetition. */
static double seconds_for_keys(const char *shared, int keys, const char *last)
{
	struct buf b;
	struct json_report report;
	buf_init(&b, 64 << 20);
	buf_addc(&b, '{');
	for (int i = 0; i < keys; i++)
		buf_printf(&b, "\"%s%d\":0,", shared, i);
	buf_printf(&b, "\"%s\":0}", last);
	clock_t start = clock();
	bool ok = json_check(b.data, b.len, &report);
	clock_t took = clock() - start;
	buf_finish(&b);
	ck_assert_int_eq(ok, strcmp(last, "last") == 0);
	return (double)took / CLOCKS_PER_SEC;
}

static const struct {
	const char *shared, *last;
} many_keys[] = {
	{ "k", "last" }, { "k", "k7" }, { "a-long-shared-beginning-", "last" }, { "\\u0061", "last" }, { "\\u0061", "a7" },
};

/* Sixteen times the keys: near-linear takes about twenty times as long, quadratic 256 times. */
START_TEST(json_check_takes_many_keys)
{
	double few = seconds_for_keys(many_keys[_i].shared, 5000, many_keys[_i].last);
	double many = seconds_for_keys(many_keys[_i].shared, 80000, many_keys[_i].last);
	ck_assert_double_lt(many, 80 * few + 0.05);
}
END_TEST

/* In an object of any size the first repetition is found, and no key of another object is taken for one. */
START_TEST(json_check_finds_a_repetition_among_many)
{
	struct json_report report;
	struct buf text;
	buf_init(&text, 4096);
	buf_adds(&text, "[{\"k0\":0},{");
	for (int i = 0; i <= _i; i++)
		buf_printf(&text, "\"k%d\":{\"k%d\":%d},", i, i, i);
	size_t once = text.len - 1;
	buf_printf(&text, "\"k%d\":1,\"k0\":2}]", _i / 2);
	ck_assert(!json_check(text.data, text.len, &report));
	ck_assert_int_eq(report.fault, JSON_DUPLICATE_KEY);
	ck_assert_uint_eq(report.offset, once + 1);
	text.data[once] = '}';
	text.data[once + 1] = ']';
	ck_assert(json_check(text.data, once + 2, &report));
	buf_finish(&text);
}
END_TEST

START_TEST(json_check_names_the_key)
{
	struct json_report report;
	ck_assert(!json_check("{\"Name\":1,\"N\\u0061me\":2}", 24, &report));
	ck_assert_str_eq(report.key, "Name");
	ck_assert_uint_eq(report.offset, 10);

	struct buf b;
	buf_init(&b, 4096);
	for (int member = 0; member < 2; member++) {
		buf_adds(&b, member == 0 ? "{\"xy" : ",\"xy");
		for (int i = 0; i < 40; i++)
			buf_adds(&b, "\xe4\xbd\xa0");
		buf_adds(&b, "\":1");
	}
	buf_addc(&b, '}');
	ck_assert(!json_check(b.data, b.len, &report));
	ck_assert_uint_eq(strlen(report.key), 62); /* whole characters only */
	buf_finish(&b);
}
END_TEST

START_TEST(json_check_starts_clean)
{
	struct json_report report = { .fault = JSON_NUL, .offset = 7, .key = "old" };
	ck_assert(json_check("1", 1, &report));
	ck_assert_int_eq(report.fault, JSON_OK);
	ck_assert_uint_eq(report.offset, 0);
	ck_assert_str_eq(report.key, "");
}
END_TEST

START_TEST(json_fault_texts_exist)
{
	for (int fault = JSON_OK; fault <= JSON_NUL; fault++)
		ck_assert_uint_gt(strlen(json_fault_text((enum json_fault)fault)), 0);
}
END_TEST

/* ---- json_out ---------------------------------------------------------------------------------------------------------- */

struct written {
	struct buf buf;
	struct json_out out;
};

static void begin(struct written *w)
{
	buf_init(&w->buf, 1 << 20);
	json_out_init(&w->out, &w->buf);
}

static void expect(struct written *w, const char *text)
{
	struct json_report report;
	ck_assert_str_eq(w->buf.data, text);
	ck_assert(json_check(w->buf.data, w->buf.len, &report));
	buf_finish(&w->buf);
}

START_TEST(json_out_writes_every_kind)
{
	struct written w;
	begin(&w);
	out_object(&w.out, NULL);
	out_str(&w.out, "s", "text");
	out_str(&w.out, "none", NULL);
	out_int(&w.out, "i", INT64_MIN);
	out_int(&w.out, "j", INT64_MAX);
	out_double(&w.out, "d", 1.5);
	out_bool(&w.out, "yes", true);
	out_bool(&w.out, "no", false);
	out_null(&w.out, "n");
	out_raw(&w.out, "r", "[1, 2]");
	out_array(&w.out, "empty");
	out_end_array(&w.out);
	out_object(&w.out, "hollow");
	out_end_object(&w.out);
	out_array(&w.out, "list");
	out_int(&w.out, NULL, 1);
	out_str(&w.out, NULL, "two");
	out_object(&w.out, NULL);
	out_int(&w.out, "three", 3);
	out_end_object(&w.out);
	out_array(&w.out, NULL);
	out_end_array(&w.out);
	out_null(&w.out, NULL);
	out_end_array(&w.out);
	out_str(&w.out, "last", "");
	out_end_object(&w.out);
	expect(&w, "{\"s\":\"text\",\"none\":null,\"i\":-9223372036854775808,\"j\":9223372036854775807,\"d\":1.5,"
	           "\"yes\":true,\"no\":false,\"n\":null,\"r\":[1, 2],\"empty\":[],\"hollow\":{},"
	           "\"list\":[1,\"two\",{\"three\":3},[],null],\"last\":\"\"}");
}
END_TEST

static const struct {
	const char *value, *json;
} strings[] = {
	{ "", "\"\"" },
	{ "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
	{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
	{ "\x01\x1b\x1f", "\"\\u0001\\u001b\\u001f\"" },
	{ "\x7f\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u007f\\u0080\\u009f\xc2\xa0\"" },
	{ "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80", "\"\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80\"" },
	{ "a\xff" "b", "\"a\\ufffdb\"" },
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xe4\xbd", "\"\\ufffd\\ufffd\"" },
	{ "</script>", "\"</script>\"" },
};

START_TEST(json_out_escapes)
{
	struct written w;
	begin(&w);
	out_str(&w.out, NULL, strings[_i].value);
	expect(&w, strings[_i].json);
}
END_TEST

START_TEST(json_out_escapes_keys)
{
	struct written w;
	begin(&w);
	out_object(&w.out, NULL);
	out_int(&w.out, "a\"\n", 1);
	out_end_object(&w.out);
	expect(&w, "{\"a\\\"\\n\":1}");
}
END_TEST

static const struct {
	double value;
	const char *json;
} doubles[] = {
	{ 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -1, "-1" }, { 0.5, "0.5" }, { -0.5, "-0.5" }, { 0.05, "0.05" }, { 12.34, "12.34" },
	{ 12.345678, "12.35" }, { 0.004, "0" }, { -0.004, "0" }, { 0.999, "1" }, { -0.999, "-1" }, { 100, "100" }, { 99.9, "99.9" },
	{ 10.01, "10.01" }, { 1e15, "1000000000000000" }, { 9007199254740992.0, "9007199254740992" }, { 1e18, "1000000000000000000" },
	{ -1e20, "-100000000000000000000" }, { (double)NAN, "null" }, { (double)INFINITY, "null" }, { -(double)INFINITY, "null" },
	{ DBL_MIN, "0" }, { 0.1 + 0.2, "0.3" },
};

START_TEST(json_out_writes_doubles)
{
	struct written w;
	begin(&w);
	out_double(&w.out, NULL, doubles[_i].value);
	expect(&w, doubles[_i].json);
}
END_TEST

START_TEST(json_out_never_uses_an_exponent)
{
	struct written w;
	begin(&w);
	out_double(&w.out, NULL, DBL_MAX);
	ck_assert_uint_eq(w.buf.len, 309);
	ck_assert_uint_eq(strspn(w.buf.data, "0123456789"), 309);
	buf_finish(&w.buf);
}
END_TEST

START_TEST(json_out_stops_at_the_maximum)
{
	struct buf b;
	struct json_out out;
	buf_init(&b, 10);
	json_out_init(&out, &b);
	out_object(&out, NULL);
	out_str(&out, "key", "a value that is too long");
	out_end_object(&out);
	ck_assert(b.overflow);
	ck_assert_uint_le(b.len, 10);
	buf_finish(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("util json");
	const TTest *const check[] = {
		json_check_takes_every_cut, json_check_survives_every_changed_byte, json_check_bounds_nesting, json_check_names_the_key,
		json_check_starts_clean, json_fault_texts_exist,
	};
	const TTest *const out[] = {
		json_out_writes_every_kind, json_out_escapes_keys, json_out_never_uses_an_exponent, json_out_stops_at_the_maximum,
	};
	add_case(suite, "check", check, LENGTH(check));
	add_case(suite, "out", out, LENGTH(out));
	TCase *rows = tcase_create("rows");
	tcase_add_loop_test(rows, json_check_judges, 0, (int)LENGTH(texts));
	tcase_add_loop_test(rows, json_check_takes_many_keys, 0, (int)LENGTH(many_keys));
	tcase_add_loop_test(rows, json_check_finds_a_repetition_among_many, 0, 70);
	tcase_add_loop_test(rows, json_out_escapes, 0, (int)LENGTH(strings));
	tcase_add_loop_test(rows, json_out_writes_doubles, 0, (int)LENGTH(doubles));
	suite_add_tcase(suite, rows);
	return run_suite(suite);
}
