/* A small hash table that is emptied as a whole. */
#include "store/memo.h"

#include "store/store_internal.h"
#include "util/clock.h"
#include "util/str.h"

enum {
	SLOTS = 128,      /* a power of two */
	ROWS_MAX = 96,
	LOOK_MS = 100,    /* how long another program's change of the file may go unseen */
};

struct slot {
	uint64_t hash; /* 0: free */
	int64_t number;
	const char *text;
	void *row;
	enum memo_kind kind;
};

struct memo {
	struct arena *arena; /* holds this and all rows */
	size_t count;
	const struct slot *latest[N_MEMO_KINDS]; /* that was found of each: one request asks for the same rows again and again */
	struct slot slots[SLOTS];
};

static uint64_t hash_of(enum memo_kind kind, int64_t number, const char *text)
{
	return str_hash(((uint64_t)number * 16 + (uint64_t)kind) * UINT64_C(0x9e3779b97f4a7c15), text) | 1;
}

static bool is_row(const struct slot *slot, enum memo_kind kind, int64_t number, const char *text)
{
	return slot->kind == kind && slot->number == number && (text ? slot->text && str_is(slot->text, text) : !slot->text);
}

/* The slot of a row, or the free one it would get. */
static struct slot *slot_of(struct memo *m, uint64_t hash, enum memo_kind kind, int64_t number, const char *text)
{
	for (uint64_t at = hash >> 40;; at++) { /* bits that every part of the name has a say in */
		struct slot *slot = &m->slots[at % SLOTS];
		if (slot->hash == 0 || (slot->hash == hash && is_row(slot, kind, number, text)))
			return slot;
	}
}

/* Our own commits do not count. */
static void look_for_others(struct store *s)
{
	int64_t now_ms = clock_rough_ms();
	if (now_ms < s->looked_ms + LOOK_MS)
		return;
	s->looked_ms = now_ms;
	int64_t version = store_file_version(s);
	if (version != s->file_version)
		memo_forget(s);
	s->file_version = version;
}

bool memo_find(struct store *s, enum memo_kind kind, int64_t number, const char *text, void **row)
{
	if (s->path)
		look_for_others(s);
	if (!s->memo)
		return false;
	const struct slot *slot = s->memo->latest[kind];
	if (!slot || !is_row(slot, kind, number, text))
		slot = slot_of(s->memo, hash_of(kind, number, text), kind, number, text);
	*row = slot->row;
	if (slot->hash != 0) {
		s->memo->latest[kind] = slot;
		return true;
	}
	if (s->memo->count == ROWS_MAX)
		memo_forget(s);
	return false;
}

struct arena *memo_arena(struct store *s)
{
	if (!s->memo) {
		struct arena *a = arena_new();
		s->memo = arena_alloc(a, sizeof *s->memo);
		s->memo->arena = a;
	}
	return s->memo->arena;
}

void *memo_keep(struct store *s, enum memo_kind kind, int64_t number, const char *text, void *row)
{
	if (s->failed[0])
		return NULL;
	struct arena *a = memo_arena(s);
	struct memo *m = s->memo;
	uint64_t hash = hash_of(kind, number, text);
	*slot_of(m, hash, kind, number, text) =
		(struct slot){ .hash = hash, .number = number, .text = text ? arena_strdup(a, text) : NULL, .row = row, .kind = kind };
	m->count++;
	return row;
}

bool memo_lend(struct store *s, struct arena *a)
{
	return arena_keep(a, memo_arena(s));
}

void memo_forget(struct store *s)
{
	if (s->memo)
		arena_free(s->memo->arena);
	s->memo = NULL;
}
