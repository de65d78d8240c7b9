/* What a call that changes disks is about, read once and handed to every guard; and the refusals such actions share. */
#ifndef CBSMOCK_CBS_DISK_REQUEST_H
#define CBSMOCK_CBS_DISK_REQUEST_H

#include "cbs/disk.h"
#include "cbs/guard.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct disk_request {
	struct account account;
	struct world world;
	struct disk *disks;       /* those named and known, in the order of the request */
	size_t count;
	const struct disk *disk;  /* the one a row is asked about; NULL when there is none */
	const char *unknown;      /* the first id that names no disk of the caller's here; NULL: none does */
	const char *unborn;       /* likewise one that is bought but not visible yet */
	const char *repeated;     /* likewise one that is named twice */
	bool instance_known;
	struct instance instance; /* named by the request, or else where the first disk is attached */
	bool snapshot_known;
	struct snapshot snapshot; /* to be rolled back */
};

/* Reads the caller's account and the disks; `param` is DiskId or DiskIds. */
void disk_request_read(struct call *c, struct disk_request *r, const char *param);
/* Is it the caller's, in this region? Then it becomes r->instance. */
void disk_request_instance(struct call *c, struct disk_request *r, int64_t no);
/* Asks each row about each disk before the next row, so that the order of the table is the precedence for a batch too. */
enum verdict disk_request_check(struct call *c, struct disk_request *r, const struct guard *guards, size_t count);

/* ---- refusals; the subject is a struct disk_request --------------------------------------------------------------------- */

/* The request. */
bool names_disk_twice(struct call *c, const void *subject);
/* Behind this row there is a disk. */
bool names_unknown_disk(struct call *c, const void *subject);
bool names_unborn_disk(struct call *c, const void *subject);
/* The account. */
bool account_in_arrears(struct call *c, const void *subject);
bool account_without_payment_right(struct call *c, const void *subject);
bool account_trade_conflict(struct call *c, const void *subject);
bool caller_mfa_expired(struct call *c, const void *subject);
/* What the disk is. */
bool disk_not_portable(struct call *c, const void *subject);
/* A system disk, or one that lives on its host. */
bool disk_of_wrong_type(struct call *c, const void *subject);
/* Set aside by the platform. */
bool disk_isolated(struct call *c, const void *subject);
/* Isolated, or encrypted while its key cannot be used. */
bool disk_out_of_reach(struct call *c, const void *subject);
bool disk_past_deadline(struct call *c, const void *subject);
/* What it is doing. */
bool disk_in_recycle_bin(struct call *c, const void *subject);
bool disk_migrating(struct call *c, const void *subject);
bool disk_rollbacking(struct call *c, const void *subject);
bool disk_snapshot_creating(struct call *c, const void *subject);
/* In any state that does not last. */
bool disk_in_transition(struct call *c, const void *subject);
bool disk_held(struct call *c, const void *subject);
bool disk_locked(struct call *c, const void *subject);
/* The instance. */
bool names_unknown_instance(struct call *c, const void *subject);
bool instance_unsupported(struct call *c, const void *subject);
/* The platform. */
bool type_sold_out(struct call *c, const void *subject);
bool storage_down(struct call *c, const void *subject);
/* Storage, or KMS for an encrypted disk. */
bool storage_or_key_down(struct call *c, const void *subject);
bool disk_backend_fault(struct call *c, const void *subject);

/* Sets the words "Disk(…) is …, please retry later", seen in real answers. */
void say_disk_state(struct call *c, const struct disk *d);
/* Is that back end down? Then it says so. */
bool component_down(struct call *c, const char *name);

#endif
