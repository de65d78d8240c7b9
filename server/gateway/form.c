/* Reading queries and forms. Names come in any order (Java and .NET iterate hash maps), so they are sorted, segment by segment and
 * indices by value; then every container is a run of neighbours and the tree is built in one pass. */
#include "gateway/form.h"

#include <stdlib.h>
#include <string.h>

#include "util/json_check.h"
#include "util/str.h"

/* ---- pairs ----------------------------------------------------------------------------------------------------------- */

static bool fail(struct form_fault *fault, enum text text, const char *name)
{
	*fault = (struct form_fault){ .text = text, .name = name };
	return false;
}

static bool fail_plain(struct form_fault *fault, enum err err)
{
	*fault = (struct form_fault){ .err = err, .name = "" };
	return false;
}

static bool decode(char *text, size_t len)
{
	return str_form_decode(text, &len) && str_is_utf8(text, len);
}

/* One piece between two '&'. */
static bool read_pair(struct arena *a, const char *piece, size_t len, struct name_value *pair, struct form_fault *fault)
{
	const char *equals = memchr(piece, '=', len);
	if (!equals)
		return fail(fault, TEXT_URL_PAIR, "");
	size_t name_len = (size_t)(equals - piece);
	char *name = arena_strndup(a, piece, name_len);
	char *value = arena_strndup(a, equals + 1, len - name_len - 1);
	if (!decode(name, name_len))
		return fail_plain(fault, ERR_INVALID_PARAMETER);
	if (!*name)
		return fail(fault, TEXT_EMPTY_KEY, "");
	if (!decode(value, len - name_len - 1))
		return fail(fault, TEXT_INVALID_PARAMETER_FORMAT, name);
	*pair = (struct name_value){ name, value };
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct name_value *left = a, *right = b;
	return strcmp(left->name, right->name);
}

static const char *repeated_name(struct arena *a, const struct name_value *pairs, size_t count)
{
	if (count == 0)
		return NULL;
	struct name_value *list = arena_alloc(a, count * sizeof *list);
	memcpy(list, pairs, count * sizeof *list);
	qsort(list, count, sizeof *list, by_name);
	for (size_t i = 1; i < count; i++)
		if (str_is(list[i].name, list[i - 1].name))
			return list[i].name;
	return NULL;
}

static size_t count_pieces(const char *text, size_t len)
{
	size_t pieces = 1;
	for (size_t i = 0; i < len; i++)
		pieces += text[i] == '&';
	return pieces;
}

bool form_pairs(struct arena *a, const char *text, size_t len, size_t max, struct name_value **pairs, size_t *count,
                struct form_fault *fault)
{
	size_t pieces = count_pieces(text, len), found = 0;
	if (pieces > max)
		return fail_plain(fault, ERR_REQUEST_SIZE_LIMIT_EXCEEDED);
	struct name_value *list = arena_alloc(a, pieces * sizeof *list);
	const char *end = text + len;
	while (text < end) {
		const char *stop = memchr(text, '&', (size_t)(end - text));
		if (!stop)
			stop = end;
		if (stop > text && !read_pair(a, text, (size_t)(stop - text), &list[found++], fault))
			return false;
		text = stop < end ? stop + 1 : end;
	}
	const char *twice = repeated_name(a, list, found);
	if (twice)
		return fail(fault, TEXT_INVALID_PARAMETER_REPEATED, twice);
	*pairs = list;
	*count = found;
	return true;
}

const char *form_value(const struct name_value *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

bool form_is_common(const char *name)
{
	static const char *const names[] = {
		"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod", "Token", "Language",
		"RequestClient",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_is(names[i], name))
			return true;
	return false;
}

/* ---- the tree -------------------------------------------------------------------------------------------------------- */

enum { INDEX_DIGITS = 6 };

static size_t segment_len(const char *name)
{
	return strcspn(name, ".");
}

/* Decimal, no leading zero. */
static bool is_index(const char *segment, size_t len)
{
	if (len == 0 || len > INDEX_DIGITS || (len > 1 && *segment == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (segment[i] < '0' || segment[i] > '9')
			return false;
	return true;
}

/* Indices by value and before names; names by their bytes. */
static int compare_segments(const char *a, size_t a_len, const char *b, size_t b_len)
{
	bool a_index = is_index(a, a_len), b_index = is_index(b, b_len);
	if (a_index != b_index)
		return a_index ? -1 : 1;
	if (a_index && a_len != b_len)
		return a_len < b_len ? -1 : 1;
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	if (order != 0)
		return order;
	return a_len == b_len ? 0 : a_len < b_len ? -1 : 1;
}

static int by_path(const void *left, const void *right)
{
	const char *a = ((const struct name_value *)left)->name, *b = ((const struct name_value *)right)->name;
	for (;;) {
		size_t a_len = segment_len(a), b_len = segment_len(b);
		int order = compare_segments(a, a_len, b, b_len);
		if (order != 0)
			return order;
		a += a_len;
		b += b_len;
		if (!*a || !*b)
			return (*a != '\0') - (*b != '\0');
		a++;
		b++;
	}
}

/* Sorted pairs whose names agree in the first `start` bytes, which end in a '.'. */
struct run {
	const struct name_value *pairs;
	size_t count, start;
};

struct builder {
	struct arena *arena;
	struct form_fault *fault;
};

static cJSON *build_container(struct builder *b, struct run run, int depth);

/* How many pairs at the front of the run have the same next segment. */
static size_t same_segment(struct run run, size_t len)
{
	const char *segment = run.pairs[0].name + run.start;
	size_t count = 1;
	while (count < run.count) {
		const char *other = run.pairs[count].name + run.start;
		if (segment_len(other) != len || memcmp(other, segment, len) != 0)
			break;
		count++;
	}
	return count;
}

/* What stands under one segment: the text of a pair that ends there, else a container. */
static cJSON *build_item(struct builder *b, struct run run, size_t len, int depth)
{
	const struct name_value *first = &run.pairs[0];
	if (first->name[run.start + len] != '\0') {
		run.start += len + 1;
		return build_container(b, run, depth + 1);
	}
	if (run.count > 1) { /* a value and a container at once */
		fail(b->fault, TEXT_INVALID_PARAMETER_FORMAT, first->name);
		return NULL;
	}
	return cJSON_CreateString(first->value);
}

static const char *container_name(struct builder *b, struct run run)
{
	return arena_strndup(b->arena, run.pairs[0].name, run.start > 0 ? run.start - 1 : 0);
}

/* False with a fault when this segment does not fit into the container as its next one. */
static bool fits(struct builder *b, struct run whole, struct run rest, size_t len, bool array, size_t next)
{
	const char *segment = rest.pairs[0].name + rest.start;
	if (len == 0 || (array && !is_index(segment, len)))
		return fail(b->fault, TEXT_INVALID_PARAMETER_FORMAT, rest.pairs[0].name);
	if (array && strtoul(segment, NULL, 10) != next)
		return fail(b->fault, TEXT_INVALID_PARAMETER_ARRAY, container_name(b, whole));
	return true;
}

static cJSON *build_container(struct builder *b, struct run run, int depth)
{
	if (depth > JSON_DEPTH_MAX) {
		fail(b->fault, TEXT_INVALID_PARAMETER_FORMAT, run.pairs[0].name);
		return NULL;
	}
	const char *first = run.pairs[0].name + run.start;
	bool array = run.start > 0 && is_index(first, segment_len(first));
	cJSON *container = array ? cJSON_CreateArray() : cJSON_CreateObject();
	size_t items = 0;
	for (struct run rest = run; rest.count > 0; items++) {
		const char *segment = rest.pairs[0].name + rest.start;
		size_t len = segment_len(segment), taken = same_segment(rest, len);
		cJSON *item = NULL;
		if (fits(b, run, rest, len, array, items))
			item = build_item(b, (struct run){ rest.pairs, taken, rest.start }, len, depth);
		if (!item) {
			cJSON_Delete(container);
			return NULL;
		}
		if (array)
			cJSON_AddItemToArray(container, item);
		else
			cJSON_AddItemToObject(container, arena_strndup(b->arena, segment, len), item);
		rest.pairs += taken;
		rest.count -= taken;
	}
	return container;
}

static void release(void *tree)
{
	cJSON_Delete(tree);
}

cJSON *form_tree(struct arena *a, const struct name_value *pairs, size_t count, bool (*skip)(const char *name),
                 struct form_fault *fault)
{
	struct name_value *sorted = arena_alloc(a, (count + 1) * sizeof *sorted);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!skip(pairs[i].name))
			sorted[kept++] = pairs[i];
	qsort(sorted, kept, sizeof *sorted, by_path);

	struct builder b = { .arena = a, .fault = fault };
	cJSON *tree = kept > 0 ? build_container(&b, (struct run){ sorted, kept, 0 }, 1) : cJSON_CreateObject();
	if (tree)
		arena_defer(a, release, tree);
	return tree;
}
