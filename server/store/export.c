/* What is done to whole tables along the entities of fixtures: handing their rows out, and moving their times. SQL is spelled from the
 * fields' own table, as in put.c. */
#include "store/entity.h"
#include "store/orders.h"
#include "store/store_internal.h"

static void spell_select(struct buf *text, const struct entity *e)
{
	const char *between = "SELECT ";
	for (size_t i = 0; i < e->field_count; i++) {
		if (!e->fields[i].column)
			continue;
		buf_printf(text, "%s%s", between, e->fields[i].column);
		between = ", ";
	}
	buf_printf(text, " FROM %s", e->table);
	between = " ORDER BY ";
	for (size_t i = 0; i < e->field_count; i++) {
		if (!e->fields[i].key)
			continue;
		buf_printf(text, "%s%s", between, e->fields[i].column);
		between = ", ";
	}
}

static struct value read_value(struct query *q)
{
	if (sqlite3_column_type(q->stmt, q->at) == SQLITE_TEXT)
		return (struct value){ .set = true, .text = col_borrow(q) };
	return (struct value){ .set = true, .number = col_int(q) };
}

void store_export(struct store *s, struct arena *a, const struct entity *e,
                  void (*on_row)(void *data, const struct value *values), void *data)
{
	struct value *values = arena_alloc(a, e->field_count * sizeof *values);
	buf_clear(&s->text);
	spell_select(&s->text, e);
	struct query q = query_text(s);
	while (query_row(&q)) {
		for (size_t i = 0; i < e->field_count; i++)
			if (e->fields[i].column)
				values[i] = read_value(&q);
		on_row(data, values);
	}
}

/* False when the table has no times. */
static bool spell_shift(struct buf *text, const struct entity *e)
{
	size_t count = 0;
	buf_clear(text);
	buf_printf(text, "UPDATE %s SET ", e->table);
	for (size_t i = 0; i < e->field_count; i++)
		if (e->fields[i].type == FIELD_TIME)
			buf_printf(text, "%s%s = CASE WHEN %s IN (0, ?2) THEN %s ELSE MAX(0, %s + ?1) END", count++ ? ", " : "",
			           e->fields[i].column, e->fields[i].column, e->fields[i].column, e->fields[i].column);
	return count > 0;
}

void store_shift(struct store *s, int64_t by_ms)
{
	orders_forget(s);
	for (size_t i = 0; i < entity_count; i++) {
		if (!spell_shift(&s->text, &entities[i]))
			continue;
		struct query q = query_text(s);
		bind_int(&q, by_ms);
		bind_int(&q, INT64_MAX);
		query_run(&q);
	}
	store_job_shift(s, by_ms);
}
