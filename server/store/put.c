/* Fixtures: rows described by data, written one by one, and the counters that follow from them. SQL is spelled from the entity's
 * own table of fields, whose names were fixed when the program was built; values are bound. */
#include "store/orders.h"
#include "store/store_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/entity.h"
#include "store/seal.h"
#include "util/ident.h"
#include "util/str.h"

enum { REFERENCES, TABLES, RECOUNT_USAGE, RECOUNT_DISKS, RECOUNT_SNAPSHOTS, RECOUNT_INSTANCES };

static const char *const sql[] = {
	[REFERENCES] = "SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(?)",
	[TABLES] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
	[RECOUNT_USAGE] = ("INSERT INTO usage (account, region, disks, snapshots, snapshot_mib, creating_snapshots)"
		" SELECT account, region, SUM(disks), SUM(snapshots), SUM(mib), SUM(creating) FROM ("
		"SELECT account, region, 1 AS disks, 0 AS snapshots, 0 AS mib, 0 AS creating FROM disk WHERE hidden = 0"
		" UNION ALL SELECT account, region, 0, 1, used_mib, snapshot_state = 'CREATING' FROM snapshot"
		" UNION ALL SELECT account, region, 0, 0, 0, 0 FROM usage) GROUP BY account, region"
		" ON CONFLICT (account, region) DO UPDATE SET disks = excluded.disks, snapshots = excluded.snapshots,"
		" snapshot_mib = excluded.snapshot_mib, creating_snapshots = excluded.creating_snapshots"),
	[RECOUNT_DISKS] = ("UPDATE disk SET snapshot_count = IFNULL(taken.count, 0), snapshot_mib = IFNULL(taken.mib, 0),"
		" creating_snapshots = IFNULL(taken.creating, 0),"
		" backup_count = (SELECT COUNT(*) FROM disk_backup WHERE disk_backup.disk = disk.no),"
		" tagged = EXISTS (SELECT 1 FROM tag WHERE kind = '" TAG_DISK "' AND resource = disk.no)"
		" FROM disk AS same LEFT JOIN (SELECT disk AS of, COUNT(*) AS count, SUM(used_mib) AS mib,"
		" COUNT(*) FILTER (WHERE snapshot_state = 'CREATING') AS creating FROM snapshot GROUP BY disk) AS taken ON taken.of = same.no"
		" WHERE same.no = disk.no"),
	/* Most snapshots have nothing to count, so only those that do or did are touched. */
	[RECOUNT_SNAPSHOTS] = ("UPDATE snapshot SET"
		" image_count = (SELECT COUNT(*) FROM image WHERE image.snapshot = snapshot.no),"
		" share_count = (SELECT COUNT(*) FROM snapshot_share WHERE snapshot_share.snapshot = snapshot.no),"
		" tagged = EXISTS (SELECT 1 FROM tag WHERE kind = '" TAG_SNAPSHOT "' AND resource = snapshot.no)"
		" WHERE image_count <> 0 OR share_count <> 0 OR tagged <> 0 OR no IN (SELECT snapshot FROM image"
		" UNION SELECT snapshot FROM snapshot_share UNION SELECT resource FROM tag WHERE kind = '" TAG_SNAPSHOT "')"),
	[RECOUNT_INSTANCES] = ("UPDATE instance SET attached = (SELECT COUNT(*) FROM disk WHERE disk.instance = instance.no"
		" AND disk.instance <> 0 AND portable = 1 AND usage = 'DATA_DISK' AND disk_state NOT IN ('UNATTACHED', 'TORECYCLE'))"),
};

const struct sql_list put_sql = { sql, sizeof sql / sizeof *sql };

const char first_rows[] = "INSERT INTO world (one) VALUES (1);"
                          "INSERT INTO component (name) VALUES ('snapshot'), ('storage'), ('billing'), ('kms');";

/* ---- writing a row ------------------------------------------------------------------------------------------------------ */

enum part { PART_KEY, PART_REST, PART_ALL };

/* Is the field a column of that part of the row, with a value? */
static bool takes_part(const struct field *f, const struct value *v, enum part part)
{
	return f->column && v->set && (part == PART_ALL || f->key == (part == PART_KEY));
}

/* Adds each column of a part in the given form, with `between` before all but the first; returns how many. */
static size_t spell(struct buf *text, const struct entity *e, const struct value *values, enum part part, const char *form,
                    const char *between)
{
	size_t count = 0;
	for (size_t i = 0; i < e->field_count; i++) {
		if (!takes_part(&e->fields[i], &values[i], part))
			continue;
		buf_printf(text, "%s%s%s", count++ ? between : "", e->fields[i].column, form);
	}
	return count;
}

static void bind(struct query *q, const struct entity *e, const struct value *values, enum part part)
{
	for (size_t i = 0; i < e->field_count; i++) {
		if (!takes_part(&e->fields[i], &values[i], part))
			continue;
		if (values[i].text)
			bind_text(q, values[i].text);
		else
			bind_int(q, values[i].number);
	}
}

/* Fills `which` with the first field that has no value though it must have one. */
static bool misses(const struct entity *e, const struct value *values, bool is_new, size_t *which)
{
	for (size_t i = 0; i < e->field_count; i++) {
		const struct field *f = &e->fields[i];
		if (values[i].set || !(f->key || (is_new && f->required)))
			continue;
		*which = i;
		return true;
	}
	return false;
}

static bool row_exists(struct store *s, const struct entity *e, const struct value *values)
{
	buf_clear(&s->text);
	buf_printf(&s->text, "SELECT 1 FROM %s WHERE ", e->table);
	spell(&s->text, e, values, PART_KEY, " = ?", " AND ");
	struct query q = query_text(s);
	bind(&q, e, values, PART_KEY);
	bool exists = query_row(&q);
	query_end(&q);
	return exists;
}

static void say_reference(struct store *s, const struct field *f, const struct value *v)
{
	char id[IDENT_SIZE];
	if (v->text) {
		snprintf(s->why, sizeof s->why, "%s \"%s\" does not exist", f->name, v->text);
	} else if (f->type == FIELD_ID) {
		ident_format(f->prefix, v->number, id);
		snprintf(s->why, sizeof s->why, "%s \"%s\" does not exist", f->name, id);
	} else {
		snprintf(s->why, sizeof s->why, "%s %" PRId64 " does not exist", f->name, v->number);
	}
}

/* Does the parent have a row with the values of the field that refers to it? */
static bool reference_holds(struct store *s, const struct entity *e, const struct value *values, const char *column,
                            const char *parent, const char *parent_column)
{
	for (size_t i = 0; i < e->field_count; i++) {
		const struct field *f = &e->fields[i];
		if (!f->column || !values[i].set || !str_is(f->column, column))
			continue;
		buf_clear(&s->text);
		buf_printf(&s->text, "SELECT 1 FROM %s WHERE %s = ?", parent, parent_column);
		struct query q = query_text(s);
		if (values[i].text)
			bind_text(&q, values[i].text);
		else
			bind_int(&q, values[i].number);
		bool holds = query_row(&q);
		query_end(&q);
		if (!holds)
			say_reference(s, f, &values[i]);
		return holds;
	}
	return true;
}

static bool references_hold(struct store *s, const struct entity *e, const struct value *values)
{
	struct query q = query_open(s, SQL_PUT, REFERENCES);
	bind_text(&q, e->table);
	while (query_row(&q)) {
		const char *column = col_borrow(&q);
		const char *parent = col_borrow(&q);
		const char *parent_column = col_borrow(&q);
		if (!reference_holds(s, e, values, column, parent, parent_column)) {
			query_end(&q);
			return false;
		}
	}
	return true;
}

/* The id a new row's number spells; "" when the table has no such column. */
static void spell_id(const struct entity *e, const struct value *values, char id[IDENT_SIZE])
{
	id[0] = '\0';
	for (size_t i = 0; e->has_id && i < e->field_count; i++)
		if (e->fields[i].key && e->fields[i].type == FIELD_ID)
			ident_format(e->fields[i].prefix, values[i].number, id);
}

static struct query open_insert(struct store *s, const struct entity *e, const struct value *values, const char *id)
{
	struct buf *text = &s->text;
	buf_printf(text, "INSERT INTO %s (", e->table);
	size_t count = spell(text, e, values, PART_ALL, "", ", ");
	buf_adds(text, id[0] ? ", id) VALUES (?" : ") VALUES (?");
	for (size_t i = id[0] ? 0 : 1; i < count; i++)
		buf_adds(text, ", ?");
	buf_adds(text, ")");
	struct query q = query_text(s);
	bind(&q, e, values, PART_ALL);
	if (id[0])
		bind_text(&q, id);
	return q;
}

/* False when there is nothing to change. */
static bool open_update(struct store *s, const struct entity *e, const struct value *values, struct query *q)
{
	struct buf *text = &s->text;
	buf_printf(text, "UPDATE %s SET ", e->table);
	if (spell(text, e, values, PART_REST, " = ?", ", ") == 0)
		return false;
	if (!e->single) {
		buf_adds(text, " WHERE ");
		spell(text, e, values, PART_KEY, " = ?", " AND ");
	}
	*q = query_text(s);
	bind(q, e, values, PART_REST);
	bind(q, e, values, PART_KEY);
	return true;
}

/* A constraint undoes its own statement and no more, so it need not stick; anything else does. */
static bool write_row(struct store *s, struct query *q)
{
	if (s->failed[0])
		return false;
	int rc = sqlite3_step(q->stmt);
	if (rc != SQLITE_DONE)
		snprintf(s->why, sizeof s->why, "%s", sqlite3_errmsg(s->db));
	if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT)
		store_fail(s, s->why);
	sqlite3_reset(q->stmt);
	return rc == SQLITE_DONE;
}

static enum put_result put_row(struct store *s, const struct entity *e, const struct value *values, size_t *which, const char **why)
{
	char id[IDENT_SIZE];
	struct query q;

	s->why[0] = '\0';
	*why = s->why;
	if (misses(e, values, false, which))
		return PUT_MISSING;
	bool is_new = !e->single && !row_exists(s, e, values);
	if (is_new && misses(e, values, true, which))
		return PUT_MISSING;
	if (!references_hold(s, e, values))
		return PUT_FAILED;
	buf_clear(&s->text);
	if (is_new) {
		spell_id(e, values, id);
		q = open_insert(s, e, values, id);
	} else if (!open_update(s, e, values, &q)) {
		return PUT_OK;
	}
	s->next_due_known = false; /* it may be the table of jobs */
	if (str_is(e->table, "snapshot"))
		orders_forget(s);
	if (write_row(s, &q))
		return PUT_OK;
	if (s->failed[0])
		*why = s->failed;
	return PUT_FAILED;
}

static const struct value *sealed(const struct seal *seal, struct arena *a, const struct entity *e, const struct value *values)
{
	struct value *copy = arena_alloc(a, e->field_count * sizeof *copy);
	for (size_t i = 0; i < e->field_count; i++) {
		const char *column = e->fields[i].column;
		copy[i] = values[i];
		if (values[i].text && (str_is(column, "secret_key") || str_is(column, "token")))
			copy[i].text = seal_text(seal, a, values[i].text);
	}
	return copy;
}

enum put_result store_put(struct store *s, const struct entity *e, const struct value *values, size_t *which, const char **why)
{
	if (!s->seal || !str_is(e->table, "credential"))
		return put_row(s, e, values, which, why);
	struct arena *a = arena_new();
	enum put_result result = put_row(s, e, sealed(s->seal, a, e, values), which, why);
	arena_free(a);
	return result;
}

/* ---- the whole world ---------------------------------------------------------------------------------------------------- */

void store_recount(struct store *s)
{
	for (int which = RECOUNT_USAGE; which <= RECOUNT_INSTANCES; which++) {
		struct query q = query_open(s, SQL_PUT, which);
		query_run(&q);
	}
}

/* The tables are asked for by name, so that none is forgotten. */
void store_wipe(struct store *s)
{
	buf_clear(&s->text);
	struct query q = query_open(s, SQL_PUT, TABLES);
	while (query_row(&q))
		buf_printf(&s->text, "DELETE FROM \"%s\";", col_borrow(&q));
	buf_adds(&s->text, first_rows);
	store_exec(s, s->text.data);
	s->next_due_known = false;
}
