/* Tables and lines from any JSON, so that a route needs no printer of its own: at most the columns that matter. */
#include "cli/view.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/str.h"

enum { CELL_MAX = 72, CELL_BYTES = 64 * 1024, GAP = 2, DEPTH_MAX = 4, NAME_BYTES = 256 };

/* ---- one value ------------------------------------------------------------------------------------------------------- */

void view_text(const char *text, struct buf *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < ' ' || c == 0x7f)
			buf_addc(out, ' ');
		else
			buf_addc(out, *text);
	}
}

static void number_text(double number, struct buf *out)
{
	if (number == floor(number) && fabs(number) < 1e15)
		buf_printf(out, "%.0f", number);
	else
		buf_printf(out, "%.6g", number);
}

static bool is_scalar(const cJSON *value)
{
	return !cJSON_IsObject(value) && !cJSON_IsArray(value);
}

static bool holds_scalars(const cJSON *list)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list) if (!is_scalar(item)) return false;
	return true;
}

static void value_text(const cJSON *value, struct buf *out);

/* "action=CreateSnapshot param.DiskId=disk-1" */
static void pairs_text(const cJSON *object, const char *prefix, int depth, struct buf *out)
{
	const cJSON *value;
	cJSON_ArrayForEach(value, object)
	{
		struct buf name;
		buf_init(&name, NAME_BYTES);
		buf_printf(&name, "%s%s%s", prefix, *prefix ? "." : "", value->string);
		if (cJSON_IsObject(value) && value->child && depth < DEPTH_MAX) {
			pairs_text(value, name.data, depth + 1, out);
		} else {
			if (out->len)
				buf_addc(out, ' ');
			view_text(name.data, out);
			buf_addc(out, '=');
			value_text(value, out);
		}
		buf_finish(&name);
	}
}

static void items_text(const cJSON *list, struct buf *out)
{
	const char *between = holds_scalars(list) ? ", " : "; ";
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		if (item != list->child)
			buf_adds(out, between);
		value_text(item, out);
	}
}

static void value_text(const cJSON *value, struct buf *out)
{
	if (!value || cJSON_IsNull(value) || (!is_scalar(value) && !value->child)) {
		buf_addc(out, '-');
	} else if (cJSON_IsString(value)) {
		view_text(*value->valuestring ? value->valuestring : "-", out);
	} else if (cJSON_IsNumber(value)) {
		number_text(value->valuedouble, out);
	} else if (cJSON_IsBool(value)) {
		buf_adds(out, cJSON_IsTrue(value) ? "yes" : "no");
	} else if (cJSON_IsArray(value)) {
		items_text(value, out);
	} else {
		struct buf pairs;
		buf_init(&pairs, CELL_BYTES);
		pairs_text(value, "", 0, &pairs);
		buf_add(out, pairs.data, pairs.len);
		buf_finish(&pairs);
	}
}

/* ---- tables ---------------------------------------------------------------------------------------------------------- */

struct column {
	char title[NAME_BYTES], path[NAME_BYTES];
	size_t width;
};

struct table {
	struct column columns[VIEW_COLUMNS];
	size_t column_count, row_count;
	char **cells; /* row by row */
};

static const cJSON *value_at(const cJSON *object, const char *path)
{
	char name[NAME_BYTES];
	while (object && *path) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof name)
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		object = cJSON_GetObjectItemCaseSensitive(object, name);
		path += len + (path[len] == '.');
	}
	return object;
}

static void add_column(struct table *t, const char *text)
{
	struct column *c = &t->columns[t->column_count];
	const char *equals = strchr(text, '='), *path = equals ? equals + 1 : text;
	size_t title_len = equals ? (size_t)(equals - text) : strlen(text);
	if (t->column_count == VIEW_COLUMNS || title_len >= NAME_BYTES || strlen(path) >= NAME_BYTES)
		return;
	for (size_t i = 0; i < title_len; i++)
		c->title[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i] == '_' ? ' ' : text[i];
	memcpy(c->path, path, strlen(path) + 1);
	c->width = str_utf8_len(c->title);
	t->column_count++;
}

static bool has_column(const struct table *t, const char *path)
{
	for (size_t i = 0; i < t->column_count; i++)
		if (str_is(t->columns[i].path, path))
			return true;
	return false;
}

/* The items' own fields, in the order they first come. */
static void find_columns(struct table *t, const cJSON *list)
{
	const cJSON *item, *field;
	cJSON_ArrayForEach(item, list)
		cJSON_ArrayForEach(field, item)
			if (!has_column(t, field->string))
				add_column(t, field->string);
}

/* The text cut to what a table can show, at a whole character. */
static char *cut(const struct buf *text)
{
	size_t end = 0;
	for (size_t chars = 0; end < text->len && chars < CELL_MAX; chars++) {
		size_t step = str_utf8_step(text->data + end, text->len - end);
		end += step ? step : 1;
	}
	if (end >= text->len)
		return xstrdup(text->data);
	struct buf out;
	buf_init(&out, CELL_BYTES);
	buf_add(&out, text->data, end);
	buf_adds(&out, "…");
	return buf_take(&out, NULL);
}

static void fill_cells(struct table *t, const cJSON *list)
{
	const cJSON *item;
	size_t n = 0;
	t->row_count = (size_t)cJSON_GetArraySize(list);
	t->cells = xcalloc(t->row_count * t->column_count + 1, sizeof *t->cells);
	cJSON_ArrayForEach(item, list)
		for (size_t i = 0; i < t->column_count; i++) {
			struct buf text;
			buf_init(&text, CELL_BYTES);
			value_text(value_at(item, t->columns[i].path), &text);
			char *cell = t->cells[n++] = cut(&text);
			size_t width = str_utf8_len(cell);
			if (width > t->columns[i].width)
				t->columns[i].width = width;
			buf_finish(&text);
		}
}

static void pad(struct buf *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_addc(out, ' ');
}

static void print_row(const struct table *t, char *const *cells, struct buf *out)
{
	for (size_t i = 0; i < t->column_count; i++) {
		const char *text = cells ? cells[i] : t->columns[i].title;
		buf_adds(out, text);
		if (i + 1 < t->column_count)
			pad(out, t->columns[i].width - str_utf8_len(text) + GAP);
	}
	buf_addc(out, '\n');
}

static void print_table(const cJSON *list, const char *const *columns, struct buf *out)
{
	struct table t = { .column_count = 0 };
	for (size_t i = 0; columns && i < VIEW_COLUMNS && columns[i]; i++)
		add_column(&t, columns[i]);
	if (!t.column_count)
		find_columns(&t, list);
	fill_cells(&t, list);
	print_row(&t, NULL, out);
	for (size_t row = 0; row < t.row_count; row++)
		print_row(&t, t.cells + row * t.column_count, out);
	for (size_t i = 0; i < t.row_count * t.column_count; i++)
		free(t.cells[i]);
	free(t.cells);
}

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

static bool is_table(const cJSON *value)
{
	return cJSON_IsArray(value) && value->child && !holds_scalars(value) && cJSON_IsObject(value->child);
}

/* Objects within are told by their path: "clock.now". Tables come later. */
static void each_line(const cJSON *object, const char *prefix, int depth, size_t *width, struct buf *out)
{
	const cJSON *value;
	cJSON_ArrayForEach(value, object)
	{
		char name[NAME_BYTES];
		struct buf path;
		buf_init(&path, sizeof name - 1);
		buf_printf(&path, "%s%s%s", prefix, *prefix ? "." : "", value->string);
		memcpy(name, path.data, path.len + 1);
		buf_finish(&path);
		if (is_table(value))
			continue;
		if (cJSON_IsObject(value) && value->child && depth < DEPTH_MAX) {
			each_line(value, name, depth + 1, width, out);
		} else if (!out) {
			*width = strlen(name) > *width ? strlen(name) : *width;
		} else {
			view_text(name, out);
			pad(out, *width - strlen(name) + GAP);
			value_text(value, out);
			buf_addc(out, '\n');
		}
	}
}

static void print_lines(const cJSON *object, struct buf *out)
{
	size_t width = 0;
	each_line(object, "", 0, &width, NULL);
	each_line(object, "", 0, &width, out);
}

/* Lists within objects too, under their path. */
static void print_tables(const cJSON *object, const char *prefix, int depth, const struct view *view, struct buf *out)
{
	const cJSON *value;
	cJSON_ArrayForEach(value, object)
	{
		struct buf name;
		buf_init(&name, NAME_BYTES);
		buf_printf(&name, "%s%s%s", prefix, *prefix ? "." : "", value->string);
		if (is_table(value)) {
			if (out->len)
				buf_addc(out, '\n');
			view_text(name.data, out);
			buf_adds(out, ":\n");
			print_table(value, view->columns, out);
		} else if (cJSON_IsObject(value) && depth < DEPTH_MAX) {
			print_tables(value, name.data, depth + 1, view, out);
		}
		buf_finish(&name);
	}
}

/* ---- together -------------------------------------------------------------------------------------------------------- */

void view_print(const cJSON *answer, const struct view *view, struct buf *out)
{
	const cJSON *list = view->list ? cJSON_GetObjectItemCaseSensitive(answer, view->list) : cJSON_IsArray(answer) ? answer : NULL;
	if (is_table(list)) {
		print_table(list, view->columns, out);
	} else if (list && !list->child) {
		buf_printf(out, "%s\n", view->empty ? view->empty : "none");
	} else if (cJSON_IsObject(answer)) {
		print_lines(answer, out);
		print_tables(answer, "", 0, view, out);
	} else {
		value_text(answer, out);
		buf_addc(out, '\n');
	}
}
