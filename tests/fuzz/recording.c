/* Recordings played again, line by line. "$WORLD" stands for the saved world of the built-in fixture, which is too long to be written into
 * every input. */
#include <string.h>

#include "fuzz.h"
#include "gateway/mock_internal.h"
#include "gateway/moment.h"
#include "gateway/recording.h"
#include "gateway/replay.h"

enum { WHY_MAX = 4096, TEXT_MAX = 16 * 1024 * 1024 };

static const char mark[] = "$WORLD", member[] = "\"world\":";
static char *world;

static void release_world(void)
{
	free(world);
}

/* From what the recorder writes of a fresh sandbox. */
static void make_world(struct mock *m)
{
	struct buf text, why;
	struct json_out o;
	if (world)
		return;
	buf_init(&text, TEXT_MAX);
	buf_init(&why, WHY_MAX);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	sandbox_enter(m->sandbox);
	FUZZ_CHECK(moment_write(m->sandbox, &o, &why));
	sandbox_leave(m->sandbox);
	out_end_object(&o);
	char *start = strstr(text.data, member);
	FUZZ_CHECK(start && strchr(start, '}'));
	start += strlen(member);
	strchr(start, '}')[1] = '\0';
	world = xstrdup(start);
	atexit(release_world);
	buf_finish(&why);
	buf_finish(&text);
}

static void write_line(struct buf *out, const char *line)
{
	const char *at = strstr(line, mark);
	if (at)
		buf_printf(out, "%.*s%s%s\n", (int)(at - line), line, world, at + strlen(mark));
	else
		buf_printf(out, "%s\n", line);
}

static void count(void *data, const struct replay_moved *m)
{
	size_t *moved = data;
	FUZZ_CHECK(m->recorded && m->now && m->action && m->request_id);
	++*moved;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct key_ring no_keys;
	struct arena *a = arena_new();
	struct fuzz_text text = fuzz_text(data, size);
	struct replay_report report;
	struct buf recording, why;
	size_t moved = 0;
	make_world(fuzz_still_mock());
	buf_init(&recording, TEXT_MAX);
	buf_init(&why, WHY_MAX);
	while (text.at < text.end)
		write_line(&recording, fuzz_line(a, &text));
	bool played = replay_run(recording.data, recording.len, &no_keys, count, &moved, &report, &why);
	FUZZ_CHECK(played || why.len > 0);
	FUZZ_CHECK(moved == report.moved && report.moved <= report.requests && report.checked + report.believed <= report.requests);
	buf_finish(&why);
	buf_finish(&recording);
	arena_free(a);
	return 0;
}
