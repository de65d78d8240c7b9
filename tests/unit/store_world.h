/* A small world for the tests of the store: places, two accounts, and rows made from their defaults. */
#ifndef CBSMOCK_TESTS_UNIT_STORE_WORLD_H
#define CBSMOCK_TESTS_UNIT_STORE_WORLD_H

#include "run.h"

#include <string.h>

#include "store/entity.h"
#include "store/store.h"
#include "util/arena.h"
#include "util/buf.h"

#define REGION "ap-guangzhou"
#define OTHER_REGION "ap-shanghai"

enum { OWNER = 100001, STRANGER = 100002 };

/* One field of a row, as a fixture would name it; text NULL: the number. */
struct given {
	const char *field;
	const char *text;
	int64_t number;
};

static inline const struct entity *entity_named(const char *name)
{
	for (size_t i = 0; i < entity_count; i++)
		if (strcmp(entities[i].name, name) == 0)
			return &entities[i];
	ck_abort_msg("no entity %s", name);
	return NULL;
}

/* Puts a row; `given` ends with a NULL field. */
static inline enum put_result put_given(struct store *s, const char *name, const struct given *given, size_t *which,
                                        const char **why)
{
	const struct entity *e = entity_named(name);
	struct value values[64] = { 0 };
	ck_assert_uint_le(e->field_count, LENGTH(values));
	for (; given->field; given++) {
		size_t i = 0;
		while (i < e->field_count && strcmp(e->fields[i].name, given->field) != 0)
			i++;
		ck_assert_msg(i < e->field_count, "%s has no %s", name, given->field);
		values[i] = (struct value){ .set = true, .text = given->text, .number = given->number };
	}
	return store_put(s, e, values, which, why);
}

#define PUT(store, name, ...) put_well(store, name, (const struct given[]){ __VA_ARGS__, { NULL, NULL, 0 } })
#define TEXT(field, value) { field, value, 0 }
#define INT(field, value) { field, NULL, value }

static inline void put_well(struct store *s, const char *name, const struct given *given)
{
	size_t which = 0;
	const char *why = "";
	enum put_result result = put_given(s, name, given, &which, &why);
	ck_assert_msg(result == PUT_OK, "%s: result %d, field %zu, %s", name, (int)result, which, why);
}

static inline void put_places(struct store *s)
{
	PUT(s, "Regions", TEXT("Region", REGION), TEXT("NameEn", "Guangzhou"), TEXT("NameZh", "广州"));
	PUT(s, "Regions", TEXT("Region", OTHER_REGION), INT("EncryptedSnapshot", 0));
	PUT(s, "Zones", TEXT("Zone", REGION "-3"), TEXT("Region", REGION), TEXT("SoldOut", "CLOUD_SSD,CLOUD_HSSD"));
	PUT(s, "Zones", TEXT("Zone", REGION "-4"), TEXT("Region", REGION));
	PUT(s, "Zones", TEXT("Zone", OTHER_REGION "-1"), TEXT("Region", OTHER_REGION));
	PUT(s, "DiskTypes", TEXT("DiskType", "CLOUD_PREMIUM"), INT("MinDiskSize", 10), INT("MaxDiskSize", 32000), INT("StepSize", 10));
	PUT(s, "Accounts", INT("Uin", OWNER), TEXT("Name", "owner"), INT("BalanceCents", 500));
	PUT(s, "Accounts", INT("Uin", STRANGER));
}

static inline struct store *open_memory(void)
{
	struct buf why;
	buf_init(&why, 512);
	struct store *s = store_open(NULL, DURABLE_OS, &why);
	ck_assert_msg(s, "%s", why.data);
	buf_finish(&why);
	return s;
}

/* In a transaction that is never committed. */
static inline struct store *open_world(void)
{
	struct store *s = open_memory();
	store_begin(s);
	put_places(s);
	return s;
}

static inline void close_world(struct store *s)
{
	ck_assert_ptr_null(store_failed(s));
	store_rollback(s);
	store_close(s);
}

static inline struct disk sample_disk(int64_t no)
{
	return (struct disk){
		.no = no, .account = OWNER, .size_gib = 50, .create_ms = 1000, .state = DISK_UNATTACHED,
		.region = REGION, .zone = REGION "-3", .cluster_id = "", .name = "d", .type = "CLOUD_PREMIUM", .usage = "DATA_DISK",
		.charge_type = "POSTPAID_BY_HOUR", .renew_flag = "", .attach_mode = "", .encrypt_type = "", .kms_key_id = "",
		.held_by = "", .portable = true, .snapshot_ability = true, .refundable = true,
	};
}

static inline struct snapshot sample_snapshot(int64_t no, int64_t disk)
{
	return (struct snapshot){
		.no = no, .account = OWNER, .disk = disk, .size_gib = 50, .used_mib = 7, .create_ms = 1000, .state = SNAPSHOT_NORMAL,
		.region = REGION, .zone = REGION "-3", .name = "p", .usage = "DATA_DISK", .copying_to = "",
	};
}

/* The numbers of a page of snapshots. */
struct listed {
	struct store *store;
	struct arena *arena;
	int64_t numbers[100];
	size_t count;
};

static inline void list_row(void *data, const struct snapshot *row)
{
	struct listed *page = data;
	ck_assert_uint_lt(page->count, LENGTH(page->numbers));
	struct snapshot whole;
	ck_assert(store_snapshot(page->store, page->arena, row->no, &whole));
	ck_assert_str_eq(row->zone, whole.zone);
	ck_assert_str_eq(row->region, whole.region);
	ck_assert_str_eq(row->copying_to, whole.copying_to);
	ck_assert_int_eq(row->create_ms, whole.create_ms);
	ck_assert_int_eq(row->image_count, whole.image_count);
	ck_assert_int_eq(row->share_count, whole.share_count);
	ck_assert_int_eq(row->share_ms, whole.share_ms);
	ck_assert_int_eq(row->policy, whole.policy);
	ck_assert(row->encrypt == whole.encrypt && row->copied == whole.copied && row->instant == whole.instant);
	ck_assert(row->locked == whole.locked && row->tagged == whole.tagged && row->state == whole.state);
	page->numbers[page->count++] = row->no;
}

/* A JSON array of the numbers between these two. */
static inline const char *all_numbers(struct arena *a, int64_t first, int64_t last)
{
	struct buf text;
	buf_init_in(&text, a, 1 << 20);
	for (int64_t no = first; no <= last; no++)
		buf_printf(&text, "%c%d", no == first ? '[' : ',', (int)no);
	buf_adds(&text, "]");
	ck_assert(!text.overflow);
	return text.data;
}

/* Returns how many there are in all. */
static inline uint64_t list_page(struct store *s, struct arena *a, const struct list_query *q, struct listed *page)
{
	uint64_t total = store_snapshot_count(s, a, q);
	*page = (struct listed){ .store = s, .arena = a };
	store_snapshot_page(s, a, q, total, list_row, page);
	ck_assert_ptr_null(store_failed(s));
	return total;
}

#endif
