/* The world of one sandbox in SQLite: typed rows in, typed rows out. The only folder that knows SQL.
 *
 * Failures are sticky. When a statement fails (disk full, I/O error), the function answers as if nothing were there, the store
 * remembers why, and nothing commits until store_rollback: callers above ask store_failed once, at the end, in place of after
 * every call. Strings in rows live as long as the arena given. A store is used by one thread at a time (its sandbox's lock). */
#ifndef CBSMOCK_STORE_STORE_H
#define CBSMOCK_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/clock.h"

struct store;
struct entity;
struct seal;

enum durability {
	DURABLE_OS,    /* a commit is with the operating system: survives the end of the process */
	DURABLE_POWER, /* a commit is on the disk: survives a power cut */
};

/* ---- the database -------------------------------------------------------------------------------------------------- */

/* path NULL: in memory. An existing file must be a world of this version that no other process has open; a new one gets the schema
 * and a world without accounts. NULL on failure, with one sentence in `why` (not NULL) that names the file; nothing was touched
 * then. While it is open a file has PATH-lock and SQLite's PATH-wal and PATH-shm beside it; `sqlite3 PATH` may read along. */
struct store *store_open(const char *path, enum durability durability, struct buf *why);
/* The same for a world that was put there just now (image_prepare_store, image_place): it is not read through first. */
struct store *store_open_placed(const char *path, enum durability durability, struct buf *why);
/* Checkpoints and closes; NULL is fine. */
void store_close(struct store *s);
/* Takes the files away from an open store, which works on without them until it is closed; its path is free for another at once. One
 * thread may call it while others use the store. Nothing to do in memory. */
void store_unlink(struct store *s);
/* Bytes of the database, log not counted. */
int64_t store_size(struct store *s);
/* From now on secret keys and tokens are sealed on their way in and opened on their way out (seal.h); so they are in images of this store,
 * and in stores opened from those. NULL: they stand as they are. False when there are some in it that another key sealed. */
bool store_use_seal(struct store *s, const struct seal *seal);
/* At opening it held no account: made just now, or its maker ended before it was filled. */
bool store_is_new(const struct store *s);
/* Removes every row and puts the sequence counters back: the state of a new store. Inside a transaction. */
void store_wipe(struct store *s);

void store_begin(struct store *s);
/* False when anything since store_begin failed or the commit itself did; then all of it is rolled back. */
bool store_commit(struct store *s);
/* The same, but what can wait is left to be written together with others' changes: *ticket is then to be handed to store_written before
 * anybody is told that it is committed. 0 when that is done already. */
bool store_commit_later(struct store *s, uint64_t *ticket);
/* Writes what waits. False when what the ticket stands for could not be written. */
bool store_written(struct store *s, uint64_t ticket);
void store_rollback(struct store *s);
bool store_in_transaction(const struct store *s);
/* NULL while all is well; else what SQLite said. Cleared by store_rollback and a failed store_commit. */
const char *store_failed(const struct store *s);
/* Writes back what is in the log file, if anything is; called off the request path. It has a connection of its own: one thread may call it
 * while another uses the store, but not while the store is opened or closed. Few as they are, those commits that came meanwhile keep the
 * log from starting over; the next commit sees to them. */
void store_checkpoint(struct store *s);

/* That a store in a file has open: database and log for each of two connections, what they share, the lock. */
enum { STORE_FILES = 6 };

/* ---- fixtures ------------------------------------------------------------------------------------------------------ */

struct value {
	bool set;         /* false: column keeps its value, or its default in a new row */
	const char *text; /* NULL: `number` */
	int64_t number;
};

enum put_result { PUT_OK, PUT_MISSING, PUT_FAILED };

/* Inserts the row or updates the one with the same key; values[i] belongs to e->fields[i] (FIELD_TAGS is skipped). A new row that
 * lacks a required field: PUT_MISSING, *which is its index. PUT_FAILED: a constraint of the schema, or a reference (REFERENCES in
 * schema.sql) to a row that does not exist; *why in the store's words, valid until the next call; the failure does not stick. */
enum put_result store_put(struct store *s, const struct entity *e, const struct value *values, size_t *which, const char **why);
/* After fixtures: recomputes kept counters (usage, snapshot_count, attached, image_count, …) from the rows. Counters the fixture
 * may set on purpose (chain_length, refunds) are left. */
void store_recount(struct store *s);
/* The reverse of store_put: hands over each row of the entity's table, ordered by key, all values set; texts are good until on_row
 * returns. FIELD_TAGS is skipped. on_row may read the store but not write. */
void store_export(struct store *s, struct arena *a, const struct entity *e,
                  void (*on_row)(void *data, const struct value *values), void *data);
/* Moves every time of the world, jobs included, as if its fixture had been loaded that much later. The clock stays. Inside a
 * transaction. */
void store_shift(struct store *s, int64_t by_ms);

/* ---- world, accounts, places ------------------------------------------------------------------------------------------ */

struct world {
	uint64_t seed;
	int64_t epoch;
	int64_t snapshot_quota_base, snapshot_quota_per_disk, disk_snapshot_quota, snapshot_chain_max, creating_snapshot_max;
	int64_t policy_max, disk_policy_max, policy_disk_max;
	int64_t instance_disk_max, tag_max, refund_quota, creating_snapshots, free_snapshot_gib, ip_rate;
	bool service_available, snapshot_client_token;
};

bool store_world(struct store *s, struct world *out);
void store_set_clock(struct store *s, const struct vclock *clock);
void store_get_clock(struct store *s, struct vclock *out, int64_t wall_ms);
/* Counts one more opening of this database. */
void store_next_epoch(struct store *s);
/* Starts the sequences of ids and RequestIds anew, from this seed. */
void store_set_seed(struct store *s, uint64_t seed);
/* What the gateway keeps of the sandbox itself, its own text; "" in a new world and after store_wipe. */
const char *store_about(struct store *s, struct arena *a);
void store_set_about(struct store *s, const char *about);

enum sequence { SEQUENCE_DISK, SEQUENCE_SNAPSHOT, SEQUENCE_POLICY, N_SEQUENCES };
/* The next free number of a kind; it depends on the seed and on how many were given, never on chance, and not on whom it is for. */
int64_t store_next_no(struct store *s, enum sequence kind, int64_t account, const char *region);

bool store_component_healthy(struct store *s, const char *name);
bool store_action_offline(struct store *s, const char *action);

struct region {
	const char *name, *name_en, *name_zh;
	bool cbs, finance, encrypted_snapshot;
};
bool store_region(struct store *s, struct arena *a, const char *name, struct region *out);
/* The names of all, NULL-ended. */
const char *const *store_region_names(struct store *s, struct arena *a);

struct zone {
	const char *name, *region, *sold_out;
};
bool store_zone(struct store *s, struct arena *a, const char *name, struct zone *out);

struct disk_type {
	const char *name;
	int64_t min_gib, max_gib, step_gib, throughput_max;
	bool local, sold, burst;
};
bool store_disk_type(struct store *s, struct arena *a, const char *name, struct disk_type *out);

struct account {
	int64_t uin, appid, balance_cents, refunds, rate, region_rate;
	const char *name, *ip_allow, *ip_deny;
	bool certified, payment_right, cbs_role, kms_authorized, trade_conflict;
};
bool store_account(struct store *s, struct arena *a, int64_t uin, struct account *out);
void store_add_refunds(struct store *s, int64_t uin, int64_t by);

struct credential {
	const char *secret_id, *secret_key, *token, *status, *kind, *mfa;
	int64_t account, sub_uin, expires_ms;
	bool own; /* given to the sandbox when it was made, not by its fixture */
};
/* All of them, for the registry above. */
size_t store_credentials(struct store *s, struct arena *a, struct credential **out);
/* These and no others. Inside a transaction. */
void store_set_credentials(struct store *s, const struct credential *list, size_t count);
/* The lowest account number; 0 when there is none. */
int64_t store_first_account(struct store *s);

/* Does CAM refuse this identity anything at all? */
bool store_restricted(struct store *s, int64_t account, int64_t sub_uin);
/* Does it refuse this identity the action ("cvm:CreateSnapshot") on any of the resources? *product_level tells which code. */
bool store_denied(struct store *s, int64_t account, int64_t sub_uin, const char *action, const char *resource, bool *product_level);

bool store_project_exists(struct store *s, int64_t account, int64_t project_id);
/* NULL when there is none; project 0 has no row. */
const char *store_project_name(struct store *s, struct arena *a, int64_t account, int64_t project_id);

struct usage {
	int64_t disks, snapshots, snapshot_mib, snapshot_quota;
};
void store_usage(struct store *s, int64_t account, const char *region, struct usage *out); /* zeros when no row */
void store_usage_add(struct store *s, int64_t account, const char *region, int64_t disks, int64_t snapshots, int64_t mib);

/* ---- instances -------------------------------------------------------------------------------------------------------- */

enum { N_INSTANCE_STATES = 3 };
/* As schema/fixture.schema.json has them: they are told, never moved between. */
extern const char *const instance_state_names[N_INSTANCE_STATES];

struct instance {
	int64_t no, account, disk_max, attached;
	const char *id, *region, *zone, *name, *private_ip, *type, *state;
	bool online_resize, supported;
};
bool store_instance(struct store *s, struct arena *a, int64_t no, struct instance *out);
void store_instance_attached(struct store *s, int64_t no, int64_t by);
void store_instance_state(struct store *s, int64_t no, const char *state);

/* ---- disks ------------------------------------------------------------------------------------------------------------ */

enum disk_state {
	DISK_UNATTACHED, DISK_ATTACHING, DISK_ATTACHED, DISK_DETACHING, DISK_EXPANDING, DISK_ROLLBACKING, DISK_TORECYCLE, DISK_DUMPING,
	N_DISK_STATES,
};
extern const char *const disk_state_names[N_DISK_STATES];
/* Index of a name in a table of names, -1 when absent. */
int state_by_name(const char *const *names, int count, const char *name);

struct disk {
	int64_t no, account, project_id, size_gib, state_since_ms, state_until_ms, create_ms, deadline_ms, instance, last_instance;
	int64_t throughput, backup_quota, backup_count, migrate_percent, from_snapshot, used_mib, snapshot_count, snapshot_mib;
	int64_t creating_snapshots, chain_length, lock_until_ms;
	enum disk_state state;
	const char *region, *zone, *cluster_id, *name, *type, *usage, *charge_type, *renew_flag, *attach_mode, *encrypt_type;
	const char *kms_key_id, *held_by;
	bool hidden, delete_with_instance, portable, shareable, encrypt, snapshot_ability, burst, migrating, delete_snapshot;
	bool refundable, tagged, isolated, backend_fault;
};

bool store_disk(struct store *s, struct arena *a, int64_t no, struct disk *out); /* hidden ones too */
void store_disk_insert(struct store *s, const struct disk *d);                   /* its number decides its id */
/* Everything but no, account, region, create_ms, disk_state and its two times. */
void store_disk_save(struct store *s, const struct disk *d);
/* Only for the disk's mover. */
void store_disk_set_state(struct store *s, int64_t no, enum disk_state to, int64_t since_ms, int64_t until_ms);
/* Adds to snapshot_count, snapshot_mib, creating_snapshots and chain_length, none of which goes below 0. */
void store_disk_count(struct store *s, int64_t no, int64_t snapshots, int64_t mib, int64_t creating, int64_t chain);
/* With its tags, backup points, jobs and ties to policies. */
void store_disk_delete(struct store *s, int64_t no);
size_t store_disks_of_instance(struct store *s, struct arena *a, int64_t instance, struct disk **out);

/* ---- snapshots -------------------------------------------------------------------------------------------------------- */

enum snapshot_state {
	SNAPSHOT_NORMAL, SNAPSHOT_CREATING, SNAPSHOT_ROLLBACKING, SNAPSHOT_COPYING_FROM_REMOTE, SNAPSHOT_CHECKING_COPIED,
	SNAPSHOT_TORECYCLE, N_SNAPSHOT_STATES,
};
extern const char *const snapshot_state_names[N_SNAPSHOT_STATES];

struct snapshot {
	int64_t no, account, project_id, disk, size_gib, used_mib, state_since_ms, state_until_ms, create_ms, modify_ms, deadline_ms;
	int64_t image_count, share_count, share_ms, policy;
	enum snapshot_state state;
	const char *region, *zone, *name, *usage, *copying_to;
	bool encrypt, copied, locked, instant, legacy_system, tagged;
};

bool store_snapshot(struct store *s, struct arena *a, int64_t no, struct snapshot *out);
void store_snapshot_insert(struct store *s, const struct snapshot *p);
/* name, deadline_ms, modify_ms, tagged, locked, copying_to. */
void store_snapshot_save(struct store *s, const struct snapshot *p);
void store_snapshot_set_state(struct store *s, int64_t no, enum snapshot_state to, int64_t since_ms, int64_t until_ms);
/* With its tags and shares; its images only when asked, else they stay. */
void store_snapshot_delete(struct store *s, int64_t no, bool images);
/* Snapshots of a disk, oldest first. */
size_t store_snapshots_of_disk(struct store *s, struct arena *a, int64_t disk, struct snapshot **out);
/* Adds to the snapshots in CREATING. */
void store_creating_add(struct store *s, int64_t account, const char *region, int64_t by);
bool store_shared_with(struct store *s, int64_t snapshot, int64_t account);

struct image {
	const char *id, *name;
};
size_t store_images(struct store *s, struct arena *a, int64_t snapshot, struct image **out);

/* ---- backup points ---------------------------------------------------------------------------------------------------- */

enum backup_state { BACKUP_NORMAL, BACKUP_CREATING, BACKUP_ROLLBACKING, N_BACKUP_STATES };
extern const char *const backup_state_names[N_BACKUP_STATES];

struct backup {
	int64_t no, account, disk, size_gib, state_since_ms, state_until_ms, create_ms;
	enum backup_state state;
	const char *region, *name, *usage;
	bool encrypt;
};
bool store_backup(struct store *s, struct arena *a, int64_t no, struct backup *out);
void store_backup_set_state(struct store *s, int64_t no, enum backup_state to, int64_t since_ms, int64_t until_ms);
void store_backup_delete(struct store *s, int64_t no); /* also lowers the disk's backup_count */

/* ---- auto snapshot policies ------------------------------------------------------------------------------------------- */

enum policy_state { POLICY_NORMAL, POLICY_ISOLATED, N_POLICY_STATES };
extern const char *const policy_state_names[N_POLICY_STATES];

struct policy {
	int64_t no, account, retention_days, create_ms;
	enum policy_state state;
	const char *region, *name;
	const char *schedule; /* JSON, as it was sent (cbs/schedule.h) */
	bool activated, permanent;
};

bool store_policy(struct store *s, struct arena *a, int64_t no, struct policy *out);
void store_policy_insert(struct store *s, const struct policy *p);
/* name, schedule, activated, permanent, retention_days. */
void store_policy_save(struct store *s, const struct policy *p);
/* With its ties and its tick; its snapshots stay. */
void store_policy_delete(struct store *s, int64_t no);
/* All policies of the world, by number. */
size_t store_policies(struct store *s, struct arena *a, struct policy **out);
int64_t store_policy_count(struct store *s, int64_t account, const char *region);
bool store_policy_bound(struct store *s, int64_t policy, int64_t disk);
/* Twice is as good as once; so it is for the reverse. */
void store_policy_bind(struct store *s, int64_t policy, int64_t disk);
void store_policy_unbind(struct store *s, int64_t policy, int64_t disk);
/* From every policy. */
void store_disk_unbind(struct store *s, int64_t disk);
/* Numbers of a policy's disks, lowest first. */
size_t store_policy_disks(struct store *s, struct arena *a, int64_t policy, int64_t **out);
/* A disk's policies, the oldest first. */
size_t store_disk_policies(struct store *s, struct arena *a, int64_t disk, struct policy **out);

/* ---- tags ------------------------------------------------------------------------------------------------------------- */

#define TAG_DISK "volume"
#define TAG_SNAPSHOT "snapshot"

struct tag {
	const char *key, *value;
};
size_t store_tags(struct store *s, struct arena *a, const char *kind, int64_t resource, struct tag **out);
/* Sets one tag and marks the resource as tagged; the same key is overwritten in place. */
void store_tag_set(struct store *s, const char *kind, int64_t resource, int64_t account, const char *key, const char *value);

/* ---- lists ------------------------------------------------------------------------------------------------------------ */

enum filter_type {
	FILTER_TEXT,    /* values as they are */
	FILTER_ID,      /* ids with `prefix`; the caller hands their numbers */
	FILTER_INT,     /* decimal text; the caller hands numbers */
	FILTER_BOOL,    /* "TRUE" or "FALSE"; the caller hands 1 or 0 */
};

struct filter_kind {
	const char *name;  /* the API's; one that ends in ':' takes the rest of the name as its argument (tag:<key>) */
	enum filter_type type;
	const char *prefix;
	size_t values_max; /* 0: no limit of its own */
	const char *sql;   /* the store's own */
};

/* NULL when there is no such filter. */
const struct filter_kind *store_disk_filter(const char *name);
const struct filter_kind *store_snapshot_filter(const char *name);
const struct filter_kind *store_policy_filter(const char *name);

struct list_term {
	const struct filter_kind *kind;
	const char *values;   /* JSON array of numbers or strings: any of them matches */
	const char *argument; /* what follows the ':' of the filter's name, else NULL */
};

enum { LIST_TERMS_MAX = 16 };

struct list_query {
	int64_t account;
	const char *region;
	struct list_term terms[LIST_TERMS_MAX]; /* all of them match */
	size_t term_count;
	const char *numbers;   /* JSON array of numbers, the …Ids parameter; NULL: no restriction */
	bool by_deadline;      /* else by creation time; ties by number */
	bool ascending;
	uint64_t offset, limit;
};

/* One page in *out, *count rows; returns how many match in all. Disks not yet visible are left out. Without terms and numbers the
 * total is the kept counter of `usage`. */
uint64_t store_disk_list(struct store *s, struct arena *a, const struct list_query *q, struct disk **out, size_t *count);
uint64_t store_policy_list(struct store *s, struct arena *a, const struct list_query *q, struct policy **out, size_t *count);
/* How many match in all, counted as there: the account's own; those shared with it too when `numbers` names them or a snapshot-type
 * filter asks for SHARED_SNAPSHOT. */
uint64_t store_snapshot_count(struct store *s, struct arena *a, const struct list_query *q);
/* One page of so many in all, a row at a time, for a page may have a hundred: its texts are gone when on_row returns, which may read
 * the store and not change it. used_mib and legacy_system are not read. */
void store_snapshot_page(struct store *s, struct arena *a, const struct list_query *q, uint64_t total,
                         void (*on_row)(void *data, const struct snapshot *row), void *data);

/* ---- jobs ------------------------------------------------------------------------------------------------------------- */

struct job {
	int64_t due_ms, resource, arg;
	int64_t polls;              /* describes of the resource that it waits for; 0: it waits for its time alone */
	const char *kind, *goes_to; /* kinds: the CHECK of table job */
};
void store_job_add(struct store *s, const struct job *j);
/* Those added since store_begin, in their order, wherever they are now. */
size_t store_jobs_added(struct store *s, struct arena *a, struct job **out);
/* The first one due at or before now_ms. */
bool store_job_due(struct store *s, struct arena *a, int64_t now_ms, struct job *out);
void store_job_remove(struct store *s, int64_t due_ms, const char *kind, int64_t resource);
/* All jobs of a resource whose kind begins with `family` ("disk.", "snapshot."). */
void store_job_remove_all(struct store *s, const char *family, int64_t resource);
bool store_job_of(struct store *s, struct arena *a, const char *kind, int64_t resource, struct job *out);
/* The one of a family that waits for describes. */
bool store_job_polled(struct store *s, struct arena *a, const char *family, int64_t resource, struct job *out);
/* Keeps its `polls`. */
void store_job_set_polls(struct store *s, const struct job *j);
/* When the next one is due, INT64_MAX for never; kept in memory, costs nothing. */
int64_t store_next_due(struct store *s);

/* ---- client tokens ---------------------------------------------------------------------------------------------------- */

bool store_token(struct store *s, struct arena *a, int64_t account, const char *region, const char *action, const char *token,
                 const char **digest, const char **answer);
void store_token_add(struct store *s, int64_t account, const char *region, const char *action, const char *token,
                     const char *digest, const char *answer, int64_t now_ms);

#endif
