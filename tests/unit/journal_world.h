/* A mock with its journal, and what is asked of it: shared by the tests of the journal. */
#ifndef CBSMOCK_TESTS_UNIT_JOURNAL_WORLD_H
#define CBSMOCK_TESTS_UNIT_JOURNAL_WORLD_H

#include "gateway/journal.h"
#include "gateway/journal_json.h"
#include "world.h"

#define DISK "{\"DiskId\":\"disk-lzrg2pwi\"}"

static struct test_world *w;
static struct journal *journal;

static inline void open_world(void)
{
	w = world_open();
	journal = mock_journal(w->mock, "default");
}

static inline void close_world(void)
{
	journal_free(journal);
	world_close(w);
}

static inline struct journal_list all(void)
{
	struct journal_list list;
	journal_read(journal, &list);
	return list;
}

static inline struct request *handled(const char *action, const char *params)
{
	struct request *r = world_request(w, action, params);
	world_send(w, r);
	return r;
}

/* What one of the writers makes of an entry. */
static inline const char *text_of(void (*write)(struct json_out *o, const struct journal_entry *e), const struct journal_entry *e)
{
	struct buf text;
	struct json_out o;
	buf_init(&text, 1024 * 1024);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	write(&o, e);
	out_end_object(&o);
	const char *copy = arena_strdup(w->arena, text.data);
	buf_finish(&text);
	return copy;
}

#endif
