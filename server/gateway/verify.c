/* How often, and in which order. */
#include "gateway/verify.h"

#include <math.h>

#include "gateway/journal_json.h"
#include "gateway/verify_internal.h"
#include "util/str.h"

enum { DIFFERENCES_SHOWN = 16 };

/* ---- questions --------------------------------------------------------------------------------------------------------- */

bool refuse_question(struct match_refusal *why, const char *pointer, const char *sentence)
{
	*why = (struct match_refusal){ pointer, sentence };
	return false;
}

const cJSON *field(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool only_fields(struct arena *a, const cJSON *object, const char *const *names, const char *pointer, struct match_refusal *why)
{
	const cJSON *member;
	cJSON_ArrayForEach(member, object) {
		const char *accepted = "accepted:";
		bool known = false;
		for (size_t i = 0; names[i]; i++) {
			known = known || str_is(names[i], member->string);
			accepted = arena_printf(a, "%s%s %s", accepted, i ? "," : "", names[i]);
		}
		if (!known)
			return refuse_question(why, arena_printf(a, "%s/%s", pointer, member->string),
			                       arena_printf(a, "the field \"%s\" is not known here; %s", member->string, accepted));
	}
	return true;
}

/* ---- answers ----------------------------------------------------------------------------------------------------------- */

static void write_differences(struct json_out *o, struct arena *a, const struct journal_entry *e, const struct match *m)
{
	struct match_difference differences[DIFFERENCES_SHOWN];
	struct match_view v;
	journal_view(e, m, a, &v);
	size_t count = match_differences(m, &v, a, differences, DIFFERENCES_SHOWN);
	out_object(o, "nearest_miss");
	out_str(o, "request_id", e->request_id);
	out_str(o, "action", e->action);
	out_array(o, "differs");
	for (size_t i = 0; i < count && i < DIFFERENCES_SHOWN; i++) {
		out_object(o, NULL);
		out_str(o, "field", differences[i].field);
		out_str(o, "want", differences[i].want);
		out_str(o, "got", differences[i].got);
		out_end_object(o);
	}
	out_end_array(o);
	out_end_object(o);
}

static size_t distance(const struct journal_entry *e, const struct match *m)
{
	struct arena *a = arena_new();
	struct match_view v;
	journal_view(e, m, a, &v);
	size_t count = match_differences(m, &v, a, NULL, 0);
	arena_free(a);
	return count;
}

void write_nearest(struct json_out *o, struct arena *a, const struct journal_list *list, size_t first, const struct match *m)
{
	const struct journal_entry *nearest = NULL;
	size_t least = match_conditions(m);
	for (size_t i = first; i < list->count; i++) {
		size_t far = distance(list->entries[i], m);
		if (far == 0 || far > least || (far == match_conditions(m) && far > 1))
			continue;
		nearest = list->entries[i];
		least = far;
	}
	if (nearest)
		write_differences(o, a, nearest, m);
}

/* ---- how often --------------------------------------------------------------------------------------------------------- */

struct bounds {
	int64_t least, most;
	const char *words;
};

static bool whole_number(const cJSON *value, int64_t *out)
{
	if (!cJSON_IsNumber(value) || value->valuedouble < 0 || value->valuedouble > INT32_MAX ||
	    floor(value->valuedouble) < value->valuedouble)
		return false;
	*out = (int64_t)value->valuedouble;
	return true;
}

static const struct bound_row {
	const char *name, *words;
	bool lower, upper; /* which ends it sets */
} bound_rows[] = {
	{ "exactly", "exactly", true, true },
	{ "at_least", "at least", true, false },
	{ "at_most", "at most", false, true },
};

static void narrow(struct arena *a, struct bounds *b, bool lower, bool upper, int64_t n, const char *words)
{
	if (lower && n > b->least)
		b->least = n;
	if (upper && n < b->most)
		b->most = n;
	b->words = b->words ? arena_printf(a, "%s, %s", b->words, words) : words;
}

static bool read_bound(struct arena *a, const cJSON *value, struct bounds *b, struct match_refusal *why)
{
	int64_t n;
	const char *pointer = arena_printf(a, "/count/%s", value->string);
	if (str_is(value->string, "never")) {
		narrow(a, b, false, true, 0, "never");
		return cJSON_IsTrue(value) || refuse_question(why, pointer, "must be true");
	}
	if (!whole_number(value, &n))
		return refuse_question(why, pointer, "must be a whole number, 0 or more");
	for (size_t i = 0; i < sizeof bound_rows / sizeof bound_rows[0]; i++) {
		const struct bound_row *row = &bound_rows[i];
		if (str_is(row->name, value->string))
			narrow(a, b, row->lower, row->upper, n, arena_printf(a, "%s %d", row->words, (int)n));
	}
	return true;
}

static bool read_count(struct arena *a, const cJSON *count, struct bounds *b, struct match_refusal *why)
{
	static const char *const names[] = { "exactly", "at_least", "at_most", "never", NULL };
	const cJSON *value;
	*b = (struct bounds){ .least = 0, .most = INT64_MAX };
	if (!count) {
		*b = (struct bounds){ .least = 1, .most = INT64_MAX, .words = "at least 1" };
		return true;
	}
	if (whole_number(count, &b->least)) {
		b->most = b->least;
		b->words = arena_printf(a, "exactly %d", (int)b->least);
		return true;
	}
	if (!cJSON_IsObject(count) || !count->child)
		return refuse_question(why, "/count", "must be a number or an object of: exactly, at_least, at_most, never");
	if (!only_fields(a, count, names, "/count", why))
		return false;
	cJSON_ArrayForEach(value, count)
		if (!read_bound(a, value, b, why))
			return false;
	return b->least <= b->most || refuse_question(why, "/count", "no number is all of that");
}

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* The match, the phase put into it: {"match":{…},"phase_reached":…} reads better than the phase inside. */
static struct match *read_match(struct arena *a, const cJSON *body, struct match_refusal *why)
{
	const cJSON *match = field(body, "match"), *phase = field(body, "phase_reached");
	if (!phase || (match && !cJSON_IsObject(match)))
		return match_parse(a, match, MATCH_JOURNAL, "/match", why);
	if (field(match, "phase_reached")) {
		refuse_question(why, "/phase_reached", "stands in the match too: give it once");
		return NULL;
	}
	cJSON *both = match ? cJSON_Duplicate(match, true) : cJSON_CreateObject();
	arena_defer(a, delete_tree, both);
	cJSON_AddItemToObject(both, "phase_reached", cJSON_Duplicate(phase, true));
	return match_parse(a, both, MATCH_JOURNAL, "/match", why);
}

static const char *uncertain(struct arena *a, const struct journal_list *list, size_t unknown)
{
	if (unknown)
		return arena_printf(a, "%zu requests have parameters that were too long to be kept, so the answer is not known", unknown);
	return arena_printf(a, "the journal has dropped %llu requests, so the answer is not known",
	                    (unsigned long long)list->stats.dropped);
}

static enum outcome_of_test answer_count(struct journal_list *list, struct arena *a, const struct match *m, const struct bounds *b,
                                         struct json_out *o)
{
	const struct journal_entry **found = arena_alloc(a, list->count * sizeof *found);
	size_t count = 0, unknown = 0;
	for (size_t i = 0; i < list->count; i++)
		if (journal_matches(list->entries[i], m, &unknown))
			found[count++] = list->entries[i];
	int64_t n = (int64_t)count, most = journal_list_forgot(list, m) ? INT64_MAX : n + (int64_t)unknown;
	bool holds = n >= b->least && most <= b->most;
	bool open = !holds && n <= b->most && most >= b->least && most > n;
	out_bool(o, "ok", holds);
	out_int(o, "count", n);
	out_str(o, "expected", b->words);
	journal_write_ids(o, found, count);
	if (!holds && n < b->least)
		write_nearest(o, a, list, 0, m);
	out_int(o, "journal_dropped", (int64_t)list->stats.dropped);
	if (open)
		out_str(o, "uncertain", uncertain(a, list, journal_list_forgot(list, m) ? 0 : unknown));
	return holds ? VERIFY_HOLDS : VERIFY_FAILS;
}

enum outcome_of_test verify_count(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                  struct match_refusal *why)
{
	static const char *const names[] = { "match", "count", "phase_reached", NULL };
	struct bounds bounds;
	struct journal_list list;
	if (!only_fields(a, body, names, "", why) || !read_count(a, field(body, "count"), &bounds, why))
		return VERIFY_REFUSED;
	const struct match *m = read_match(a, body, why);
	if (!m)
		return VERIFY_REFUSED;
	journal_read(j, &list);
	enum outcome_of_test verdict = answer_count(&list, a, m, &bounds, o);
	journal_list_finish(&list);
	return verdict;
}

/* ---- in which order ---------------------------------------------------------------------------------------------------- */

struct steps {
	struct match **list;
	size_t count;
	bool strict;
	const struct match *scope;
};

static bool read_sequence(struct arena *a, const cJSON *body, struct steps *s, struct match_refusal *why)
{
	const cJSON *steps = field(body, "sequence"), *strict = field(body, "strict"), *step;
	if (!cJSON_IsArray(steps) || !steps->child)
		return refuse_question(why, "/sequence",
		                       "must be a list of matches: [{\"action\":\"CreateSnapshot\"},{\"action\":\"DescribeSnapshots\"}]");
	if (strict && !cJSON_IsBool(strict))
		return refuse_question(why, "/strict", "must be true or false");
	s->strict = cJSON_IsTrue(strict);
	s->scope = match_parse(a, field(body, "match"), MATCH_JOURNAL, "/match", why);
	if (!s->scope)
		return false;
	s->list = arena_alloc(a, (size_t)cJSON_GetArraySize(steps) * sizeof *s->list);
	cJSON_ArrayForEach(step, steps) {
		struct match *m = match_parse(a, step, MATCH_JOURNAL, arena_printf(a, "/sequence/%zu", s->count), why);
		if (!m)
			return false;
		s->list[s->count++] = m;
	}
	return true;
}

/* How many steps are met from entry `first` on; *end is the entry after the last of them. */
static size_t follow(const struct journal_list *list, const struct steps *s, size_t first, const struct journal_entry **met,
                     size_t *end)
{
	size_t step = 0;
	*end = first;
	for (size_t i = first; i < list->count && step < s->count; i++) {
		if (journal_matches(list->entries[i], s->list[step], NULL)) {
			met[step++] = list->entries[i];
			*end = i + 1;
		} else if (s->strict) {
			break;
		}
	}
	return step;
}

/* The longest run; a sequence that is not strict needs one look, as its first step is best met as early as can be. */
static size_t best_run(const struct journal_list *list, const struct steps *s, struct arena *a, const struct journal_entry **met,
                       size_t *end)
{
	size_t best = follow(list, s, 0, met, end);
	const struct journal_entry **tried = arena_alloc(a, s->count * sizeof *tried);
	for (size_t first = 1; s->strict && best < s->count && first < list->count; first++) {
		size_t stop, steps = follow(list, s, first, tried, &stop);
		if (steps <= best)
			continue;
		best = steps;
		*end = stop;
		for (size_t i = 0; i < steps; i++)
			met[i] = tried[i];
	}
	return best;
}

static enum outcome_of_test answer_sequence(struct journal_list *list, struct arena *a, const struct steps *s, struct json_out *o)
{
	size_t end, unknown = journal_list_filter(list, s->scope);
	const struct journal_entry **met = arena_alloc(a, s->count * sizeof *met);
	size_t steps = best_run(list, s, a, met, &end);
	bool holds = steps == s->count;
	out_bool(o, "ok", holds);
	out_int(o, "steps_met", (int64_t)steps);
	out_int(o, "steps", (int64_t)s->count);
	journal_write_ids(o, met, steps);
	if (!holds) {
		out_int(o, "missing_step", (int64_t)steps);
		write_nearest(o, a, list, end, s->list[steps]);
	}
	out_int(o, "journal_dropped", (int64_t)list->stats.dropped);
	if (!holds && (journal_list_forgot(list, s->scope) || unknown))
		out_str(o, "uncertain", uncertain(a, list, journal_list_forgot(list, s->scope) ? 0 : unknown));
	return holds ? VERIFY_HOLDS : VERIFY_FAILS;
}

enum outcome_of_test verify_sequence(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                     struct match_refusal *why)
{
	static const char *const names[] = { "sequence", "strict", "match", NULL };
	struct steps s = { .count = 0 };
	struct journal_list list;
	if (!only_fields(a, body, names, "", why) || !read_sequence(a, body, &s, why))
		return VERIFY_REFUSED;
	journal_read(j, &list);
	enum outcome_of_test verdict = answer_sequence(&list, a, &s, o);
	journal_list_finish(&list);
	return verdict;
}
