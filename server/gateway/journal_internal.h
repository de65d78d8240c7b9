/* Shared by the files of the journal: how an entry is made and given up. */
#ifndef CBSMOCK_GATEWAY_JOURNAL_INTERNAL_H
#define CBSMOCK_GATEWAY_JOURNAL_INTERNAL_H

#include "gateway/journal.h"

/* Tags in force; never changed after they were put there. */
struct tag_set {
	atomic_uint holders;
	size_t count;
	struct name_value tags[];
};

/* Held once; without a number. Takes over `spare`, one that nobody holds any more, for its memory; it may be NULL. journal_entry.c */
struct journal_entry *entry_make(const struct request *r, const struct tag_set *in_force, int64_t begun_us, struct journal_entry *spare);
/* True when it was the last to hold it: the memory is then the caller's. */
bool entry_let_go(const struct journal_entry *e);
void entry_release(const struct journal_entry *e);

/* Those of its header, "a=1, b" (a tag without "=" has an empty value), then those in force whose names are not among them. Text
 * in the arena. Returns how many; `out` takes JOURNAL_TAGS_MAX. */
size_t tags_of(const struct request *r, const struct name_value *in_force, size_t in_force_count, struct arena *a,
               struct name_value *out);

#endif
