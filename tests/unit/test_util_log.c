/* Log lines as they arrive on stderr: one an event, whole, and not to be forged by what a client sends. */
#include "run.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/json_check.h"
#include "util/log.h"

static FILE *captured;
static int real_stderr;

static void capture_begin(void)
{
	captured = tmpfile();
	ck_assert_ptr_nonnull(captured);
	real_stderr = dup(STDERR_FILENO);
	dup2(fileno(captured), STDERR_FILENO);
}

/* What was written since capture_begin; the caller frees it. */
static char *capture_end(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	struct buf b;
	buf_init(&b, 64 << 20);
	rewind(captured);
	for (int c; (c = fgetc(captured)) != EOF;)
		buf_addc(&b, (char)c);
	fclose(captured);
	return buf_take(&b, NULL);
}

#define TIME_PATTERN "0000-00-00T00:00:00"

/* The line behind its time, whose shape is checked. */
static const char *behind_time(const char *line)
{
	for (size_t i = 0; i < strlen(TIME_PATTERN); i++) {
		if (TIME_PATTERN[i] == '0')
			ck_assert_msg(line[i] >= '0' && line[i] <= '9', "%s", line);
		else
			ck_assert_msg(line[i] == TIME_PATTERN[i], "%s", line);
	}
	const char *end = strchr(line, 'Z');
	ck_assert_ptr_nonnull(end);
	return end + 1;
}

static char *log_one(enum log_format format, const struct log_field *fields)
{
	log_setup(LOG_DEBUG, format);
	capture_begin();
	log_event(LOG_INFO, "request", fields);
	return capture_end();
}

static const struct {
	const char *value, *written;
} values[] = {
	{ "CreateSnapshot", "CreateSnapshot" },
	{ "InvalidDisk.Busy", "InvalidDisk.Busy" },
	{ "/a?b&c", "/a?b&c" },
	{ "", "\"\"" },
	{ "two words", "\"two words\"" },
	{ "a=b", "\"a=b\"" },
	{ "a\"b", "\"a\\\"b\"" },
	{ "a\\b", "\"a\\\\b\"" },
	{ "x\n2026-11-24T10:00:00Z info forged user=root", "\"x\\n2026-11-24T10:00:00Z info forged user=root\"" },
	{ "\r\x1b[31m\x7f\xc2\x9b", "\"\\r\\u001b[31m\\u007f\\u009b\"" },
	{ "\xe4\xbd\xa0", "\"\xe4\xbd\xa0\"" },
	{ "\xff\xfe", "\"\\ufffd\\ufffd\"" },
};

static char *log_row(enum log_format format, int i)
{
	return log_one(format, (struct log_field[]){ { "value", values[i].value, 0 }, { "us", NULL, -42 }, { NULL, NULL, 0 } });
}

START_TEST(log_text_values_cannot_forge)
{
	char expected[256];
	snprintf(expected, sizeof expected, " info request value=%s us=-42\n", values[_i].written);
	char *line = log_row(LOG_TEXT, _i);
	ck_assert_str_eq(behind_time(line), expected);
	free(line);
}
END_TEST

START_TEST(log_json_is_one_valid_object_a_line)
{
	char *line = log_row(LOG_JSON, _i);
	size_t len = strlen(line);
	struct json_report report;
	ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
	ck_assert(json_check(line, len, &report));
	ck_assert_int_eq(strncmp(line, "{\"time\":\"", 9), 0);
	ck_assert_ptr_nonnull(strstr(behind_time(line + 9), "\",\"level\":\"info\",\"event\":\"request\",\"value\":\""));
	ck_assert_ptr_nonnull(strstr(line, ",\"us\":-42}\n"));
	free(line);
}
END_TEST

START_TEST(log_takes_no_fields)
{
	char *line = log_one(LOG_TEXT, NULL);
	ck_assert_str_eq(behind_time(line), " info request\n");
	free(line);
}
END_TEST

START_TEST(log_says_sentences)
{
	log_setup(LOG_WARN, LOG_TEXT);
	capture_begin();
	log_say(LOG_WARN, "cannot open %s: %d", "file\n", 7);
	log_say(LOG_INFO, "not wanted");
	char *line = capture_end();
	ck_assert_str_eq(behind_time(line), " warn note text=\"cannot open file\\n: 7\"\n");
	free(line);
}
END_TEST

START_TEST(log_levels_hold)
{
	static const enum log_level levels[] = { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
	for (size_t chosen = 0; chosen < LENGTH(levels); chosen++) {
		log_setup(levels[chosen], LOG_TEXT);
		ck_assert(!log_wants(LOG_OFF));
		for (size_t i = 0; i < LENGTH(levels); i++)
			ck_assert_int_eq(log_wants(levels[i]), i <= chosen);
	}
	log_setup(LOG_OFF, LOG_TEXT);
	ck_assert(!log_wants(LOG_ERROR));
	capture_begin();
	log_event(LOG_ERROR, "request", NULL);
	char *nothing = capture_end();
	ck_assert_str_eq(nothing, "");
	free(nothing);
}
END_TEST

START_TEST(log_cuts_long_values)
{
	enum { LONG = 1 << 20 };
	char *value = xmalloc(LONG + 1);
	memset(value, '\n', LONG);
	value[LONG] = '\0';
	char keys[64][8];
	struct log_field fields[LENGTH(keys) + 1] = { { NULL, NULL, 0 } };
	for (size_t i = 0; i < LENGTH(keys); i++) {
		snprintf(keys[i], sizeof keys[i], "key%zu", i);
		fields[i] = (struct log_field){ .key = keys[i], .text = value };
	}
	static const enum log_format formats[] = { LOG_TEXT, LOG_JSON };
	for (size_t i = 0; i < LENGTH(formats); i++) {
		char *line = log_one(formats[i], fields);
		size_t len = strlen(line);
		struct json_report report;
		ck_assert_uint_lt(len, 256 * 1024);
		ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
		if (formats[i] == LOG_JSON)
			ck_assert(json_check(line, len, &report));
		free(line);
	}
	free(value);
}
END_TEST

START_TEST(log_cuts_at_a_whole_character)
{
	struct buf value;
	buf_init(&value, 1 << 20);
	buf_addc(&value, 'x');
	while (value.len < 20000)
		buf_adds(&value, "\xe4\xbd\xa0");
	char *line = log_one(LOG_TEXT, (struct log_field[]){ { "value", value.data, 0 }, { NULL, NULL, 0 } });
	ck_assert_ptr_nonnull(strstr(line, "\xe4\xbd\xa0\xe2\x80\xa6\"\n"));
	ck_assert_ptr_null(strstr(line, "ufffd"));
	buf_finish(&value);
	free(line);
}
END_TEST

enum { WRITERS = 4, LINES = 500 };

static void *write_lines(void *data)
{
	struct log_field fields[] = { { "who", data, 0 }, { "text", "some words to make it longer", 0 }, { NULL, NULL, 0 } };
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "request", fields);
	return NULL;
}

START_TEST(log_lines_of_threads_stay_whole)
{
	static char names[WRITERS][2] = { "a", "b", "c", "d" };
	pthread_t threads[WRITERS];
	log_setup(LOG_INFO, LOG_TEXT);
	capture_begin();
	for (int i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	char *all = capture_end();
	int count = 0;
	for (char *line = all; *line; count++) {
		char *end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		*end = '\0';
		const char *rest = behind_time(line);
		ck_assert_int_eq(strncmp(rest, " info request who=", 18), 0);
		ck_assert_str_eq(rest + 19, " text=\"some words to make it longer\"");
		line = end + 1;
	}
	ck_assert_int_eq(count, WRITERS * LINES);
	free(all);
}
END_TEST

START_TEST(log_survives_a_closed_stderr)
{
	int kept = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	log_setup(LOG_INFO, LOG_TEXT);
	log_event(LOG_INFO, "request", NULL);
	dup2(kept, STDERR_FILENO);
	close(kept);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("util log");
	const TTest *const once[] = {
		log_takes_no_fields, log_says_sentences, log_levels_hold, log_cuts_long_values, log_cuts_at_a_whole_character,
		log_lines_of_threads_stay_whole, log_survives_a_closed_stderr,
	};
	add_case(suite, "log", once, LENGTH(once));
	TCase *rows = tcase_create("values");
	tcase_add_loop_test(rows, log_text_values_cannot_forge, 0, (int)LENGTH(values));
	tcase_add_loop_test(rows, log_json_is_one_valid_object_a_line, 0, (int)LENGTH(values));
	suite_add_tcase(suite, rows);
	return run_suite(suite);
}
