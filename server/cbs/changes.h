/* What changed between two moments of a world, row by row, in the words of a fixture:
 *
 *   {"Snapshots":{"added":[ROW],"changed":[{"SnapshotId":"snap-…","old":{…},"new":{…}}],"removed":[ROW]}}
 *
 * What no fixture says but people ask for is there too: "Jobs" (transitions under way), "Tags", "ClientTokens". Kept counters and
 * other columns without a name of that kind are not. */
#ifndef CBSMOCK_CBS_CHANGES_H
#define CBSMOCK_CBS_CHANGES_H

#include "store/revisions.h"
#include "util/json_out.h"

struct changes;

/* In the arena, as is all that is added. With a resource ("snap-…", "disk-…" …) only rows that are it or belong to it are taken;
 * NULL: all. */
struct changes *changes_new(struct arena *a, const char *resource);
/* For store_diff; `changes` is a struct changes. */
void changes_add(void *changes, const struct changed_row *row);
size_t changes_count(const struct changes *c);
/* Jobs that ran: [{"kind":"snapshot.create","due":TIME}], as a member of the open object; nothing when there are none. */
void changes_write_ended(struct changes *c, struct json_out *o, const char *key);
/* The whole as a member of the open object. */
void changes_write(struct changes *c, struct json_out *o, const char *key);
/* Is it an id that a revision can be asked about? */
bool changes_knows(const char *resource);

#endif
