/* The words of the fields that have only so many: a match that names another could never hold. Regions are not among them, for they
 * are the world's. */
#include "gateway/match_internal.h"

#include "api/model.h"
#include "cbs/cbs.h"
#include "cbs/guard.h"
#include "gateway/stages.h"
#include "util/str.h"

enum { TOLD_MAX = 1024 };

/* What the word is held against, or what is told of those there are, each once. */
struct listing {
	const char *wanted; /* NULL: all are to be told */
	bool pattern, found;
	const char **told;  /* room for TOLD_MAX */
	size_t count;
};

static bool fits(const char *wanted, bool pattern, const char *word)
{
	return pattern ? str_glob(wanted, word) : str_is(wanted, word);
}

static void take(struct listing *l, const char *word)
{
	if (l->wanted) {
		l->found = l->found || fits(l->wanted, l->pattern, word);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		if (str_is(l->told[i], word))
			return;
	if (l->count < TOLD_MAX)
		l->told[l->count++] = word;
}

static void take_all(struct listing *l, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		take(l, words[i]);
}

/* ---- the lists ---------------------------------------------------------------------------------------------------------- */

static void actions(struct listing *l, const struct model_action *of)
{
	(void)of;
	for (size_t i = 0; i < cbs_model_count; i++)
		take(l, cbs_model[i].name);
}

static void documented(struct listing *l, const struct model_action *action)
{
	for (const char *const *code = action->errors; code && *code; code++)
		take(l, *code);
}

/* "OK" is what success is called. Known is every code of our table and of the documents; told are those of one action and of the
 * gateway, or without an action our table. */
static void codes(struct listing *l, const struct model_action *of)
{
	take(l, "OK");
	if (of)
		documented(l, of);
	for (size_t i = 0; l->wanted && i < cbs_model_count; i++)
		documented(l, &cbs_model[i]);
	for (int err = ERR_NONE + 1; err < N_ERRS; err++)
		if (!of || err_kind((enum err)err) == GATEWAY)
			take(l, err_code((enum err)err));
}

static void stages(struct listing *l, const struct model_action *of)
{
	(void)of;
	for (size_t i = 0; stage_name(i); i++)
		take(l, stage_name(i));
}

static void guards_of(struct listing *l, const struct action *action)
{
	for (size_t i = 0; i < ACTION_TABLES && action->guards[i]; i++)
		for (size_t row = 0; row < action->guards[i]->count; row++)
			take(l, action->guards[i]->rows[row].name);
}

static void guards(struct listing *l, const struct model_action *of)
{
	const struct action *one = of ? cbs_action_find(of->name) : NULL;
	if (one)
		guards_of(l, one);
	for (size_t i = 0; !one && i < cbs_action_count; i++)
		guards_of(l, cbs_actions[i]);
}

static void states(struct listing *l, const struct model_action *of)
{
	(void)of;
	take_all(l, disk_state_names, N_DISK_STATES);
	take_all(l, snapshot_state_names, N_SNAPSHOT_STATES);
	take_all(l, backup_state_names, N_BACKUP_STATES);
	take_all(l, instance_state_names, N_INSTANCE_STATES);
}

static void languages(struct listing *l, const struct model_action *of)
{
	(void)of;
	for (size_t i = 0; language_name(i); i++)
		take(l, language_name(i));
}

/* ---- asking ------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *heading;
	void (*list)(struct listing *l, const struct model_action *of);
} closed[N_MATCH_FIELDS] = {
	[MATCH_ACTION] = { "actions:", actions },
	[MATCH_LANGUAGE] = { "languages:", languages },
	[MATCH_RESOURCE_STATE] = { "states:", states },
	[MATCH_CODE] = { "{\"matches\":\"…\"} for any other, or", codes },
	[MATCH_STAGE] = { "stages:", stages },
	[MATCH_GUARD] = { "guards:", guards },
};

bool match_word_known(enum match_field field, const char *word, bool pattern)
{
	struct listing l = { .wanted = word ? word : "", .pattern = pattern };
	if (!closed[field].list)
		return true;
	closed[field].list(&l, NULL);
	return l.found;
}

static const char *joined(struct arena *a, const char *heading, const char *const *words, size_t count)
{
	const char *text = heading;
	for (size_t i = 0; i < count; i++)
		text = arena_printf(a, "%s%s %s", text, i ? "," : "", words[i]);
	return text;
}

const char *match_words_text(enum match_field field, struct arena *a, const struct model_action *of)
{
	struct listing l = { .told = arena_alloc(a, TOLD_MAX * sizeof *l.told) };
	closed[field].list(&l, of);
	return joined(a, closed[field].heading, l.told, l.count);
}

bool match_region_known(const char *const *regions, const char *word, bool pattern)
{
	for (; *regions; regions++)
		if (word && fits(word, pattern, *regions))
			return true;
	return false;
}

const char *match_regions_text(const char *const *regions, struct arena *a)
{
	size_t count = 0;
	while (regions[count])
		count++;
	return joined(a, "{\"matches\":\"…\"} for one that the world does not have; it has:", regions, count);
}
