/* One buffer a line, written whole under a lock. In text form a value that is not a plain word is written as a JSON string, so a
 * blank, a quote or a line break from a client cannot end it. */
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/json_out.h"
#include "util/str.h"
#include "util/wiretime.h"

enum {
	VALUE_MAX = 16 * 1024,                 /* bytes of one value that are kept */
	LINE_FULL = 64 * 1024,                 /* no further field is begun behind this */
	LINE_ROOM = LINE_FULL + 8 * VALUE_MAX, /* room for one more value with every byte escaped */
};

static atomic_int current_level = LOG_INFO;
static atomic_int current_format = LOG_TEXT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const level_names[] = {
	[LOG_OFF] = "off", [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

void log_setup(enum log_level level, enum log_format format)
{
	atomic_store(&current_level, (int)level);
	atomic_store(&current_format, (int)format);
}

bool log_wants(enum log_level level)
{
	return level != LOG_OFF && (int)level <= atomic_load(&current_level);
}

/* The value cut to what is kept, at a whole character. */
static const char *cut(struct arena *a, const char *text)
{
	size_t len = strnlen(text, VALUE_MAX + 1);
	if (len <= VALUE_MAX)
		return text;
	for (len = VALUE_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--;
	return arena_printf(a, "%.*s…", (int)len, text);
}

/* Printable ASCII without what would make `key=value` ambiguous. */
static bool is_plain_word(const char *text)
{
	const char *c = text;
	while (*c > ' ' && *c < 0x7f && *c != '"' && *c != '=' && *c != '\\')
		c++;
	return c > text && !*c;
}

static void write_text(struct buf *line, struct arena *a, const char *time, enum log_level level, const char *event,
                       const struct log_field *fields)
{
	buf_printf(line, "%s %s %s", time, level_names[level], event);
	for (const struct log_field *f = fields; f && f->key && line->len < LINE_FULL; f++) {
		buf_printf(line, " %s=", f->key);
		if (!f->text) {
			buf_printf(line, "%" PRId64, f->number);
		} else if (is_plain_word(f->text)) {
			buf_adds(line, cut(a, f->text));
		} else {
			struct json_out out;
			json_out_init(&out, line);
			out_str(&out, NULL, cut(a, f->text));
		}
	}
}

static void write_json(struct buf *line, struct arena *a, const char *time, enum log_level level, const char *event,
                       const struct log_field *fields)
{
	struct json_out out;
	json_out_init(&out, line);
	out_object(&out, NULL);
	out_str(&out, "time", time);
	out_str(&out, "level", level_names[level]);
	out_str(&out, "event", event);
	for (const struct log_field *f = fields; f && f->key && line->len < LINE_FULL; f++) {
		if (f->text)
			out_str(&out, f->key, cut(a, f->text));
		else
			out_int(&out, f->key, f->number);
	}
	out_end_object(&out);
}

/* A log nobody can take any more must not stop the server: errors end the attempt, quietly. */
static void write_whole(const char *data, size_t len)
{
	pthread_mutex_lock(&lock);
	while (len > 0) {
		ssize_t done = write(STDERR_FILENO, data, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		data += done;
		len -= (size_t)done;
	}
	pthread_mutex_unlock(&lock);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
	if (!log_wants(level))
		return;
	char time[WIRETIME_SIZE];
	wiretime_utc(clock_wall_ms(), time);
	struct buf line;
	buf_init(&line, LINE_ROOM);
	struct arena *a = arena_new();
	if (atomic_load(&current_format) == LOG_JSON)
		write_json(&line, a, time, level, event, fields);
	else
		write_text(&line, a, time, level, event, fields);
	buf_addc(&line, '\n');
	write_whole(line.data, line.len);
	arena_free(a);
	buf_finish(&line);
}

void log_say(enum log_level level, const char *format, ...)
{
	if (!log_wants(level))
		return;
	struct arena *a = arena_new();
	va_list args;
	va_start(args, format);
	const char *text = arena_vprintf(a, format, args);
	va_end(args);
	log_event(level, "note", (struct log_field[]){ { .key = "text", .text = text }, { .key = NULL } });
	arena_free(a);
}
