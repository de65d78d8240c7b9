/* Fixtures: merged into a world that has one already. What is taken can be written out and loaded again. */
#include <string.h>

#include "cbs/cbs.h"
#include "cbs/export.h"
#include "fuzz.h"
#include "gateway/mock_internal.h"
#include "util/str.h"

enum { TEXT_MAX = 8 * 1024 * 1024 };

static bool load(struct store *s, struct arena *a, const char *text, size_t len)
{
	struct fixture_fault fault = { NULL, NULL };
	store_begin(s);
	bool loaded = fixture_load(s, a, text, len, FUZZ_WALL_MS, &fault);
	if (loaded) {
		FUZZ_CHECK(store_commit(s));
		return true;
	}
	FUZZ_CHECK(fault.pointer && fault.rule && *fault.rule);
	store_rollback(s);
	return false;
}

static char *write(struct store *s, struct arena *a)
{
	struct buf text;
	struct json_out o;
	buf_init(&text, TEXT_MAX);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	world_write(s, a, &o, NULL, false);
	out_end_object(&o);
	FUZZ_CHECK(!text.overflow);
	char *kept = arena_strdup(a, text.data);
	buf_finish(&text);
	return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_mock();
	struct arena *a = arena_new();
	struct store *s = m->sandbox->store;
	const char *text = arena_strndup(a, size ? (const char *)data : "", size);
	if (load(s, a, text, size)) {
		fuzz_check_world(m);
		const char *before = write(s, a);
		FUZZ_CHECK(load(s, a, before, strlen(before)));
		FUZZ_CHECK(str_is(before, write(s, a)));
	}
	FUZZ_CHECK(!store_failed(s) && !store_in_transaction(s));
	arena_free(a);
	return 0;
}
