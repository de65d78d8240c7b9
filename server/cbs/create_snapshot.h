/* The halves of CreateSnapshot: what is asked for and about, the refusals that look at it, the change. The tick of a policy asks for
 * snapshots too, without a call. */
#ifndef CBSMOCK_CBS_CREATE_SNAPSHOT_H
#define CBSMOCK_CBS_CREATE_SNAPSHOT_H

#include "cbs/cbs.h"
#include "cbs/client_token.h"

struct guard_list;

struct create_snapshot_subject {
	/* what is asked for */
	int64_t disk_no, backup_no;  /* -1: not asked for */
	const char *name;
	int64_t deadline_ms;         /* 0: permanent */
	int64_t policy;              /* that asks; 0: a call does */
	struct client_token token;   /* its text is "" where there is none */
	/* what it is about */
	struct world world;
	struct account account;
	struct usage usage;
	bool disk_found, backup_found;
	struct disk disk;
	struct backup backup;
	const char *usage_name;      /* DiskUsage of what is copied */
	bool encrypt;                /* likewise */
};

/* First to last; also for the test that pins their order. */
extern const struct guard_list create_snapshot_guards;

/* Fills the second half along the first; false when the store failed. */
bool create_snapshot_look(struct call *c, struct create_snapshot_subject *s);
/* The change, when no guard holds; returns the snapshot's number. */
int64_t create_snapshot_take(struct call *c, const struct create_snapshot_subject *s);

#endif
