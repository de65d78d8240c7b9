/* The two halves of CreateSnapshot: what a call asks for and about, and the refusals that look at it. */
#ifndef CBSMOCK_CBS_CREATE_SNAPSHOT_H
#define CBSMOCK_CBS_CREATE_SNAPSHOT_H

#include "cbs/cbs.h"
#include "cbs/client_token.h"

struct guard_list;

struct create_snapshot_subject {
	struct world world;
	struct account account;
	struct usage usage;
	int64_t disk_no, backup_no;  /* -1: not asked for */
	bool disk_found, backup_found;
	struct disk disk;
	struct backup backup;
	int64_t deadline_ms;         /* 0: permanent */
	const char *usage_name;      /* DiskUsage of what is copied */
	bool encrypt;                /* likewise */
	struct client_token token;
};

/* First to last; also for the test that pins their order. */
extern const struct guard_list create_snapshot_guards;

#endif
