/* The regions that a match names are held against the world's here, where both are at hand: a rule or a question about a region that the
 * world does not have is a slip of the pen. */
#include "admin/admin_internal.h"
#include "gateway/match.h"
#include "gateway/sandboxes.h"

static void let_go(void *sandbox)
{
	sandbox_release(sandbox);
}

/* Of rules for all sandboxes: that of the default one. */
static struct sandbox *asked_sandbox(struct admin_call *c)
{
	if (c->box)
		return c->box;
	struct sandbox *box = sandboxes_find(c->mock, DEFAULT_SANDBOX);
	arena_defer(c->arena, let_go, box);
	return box;
}

static const char *const *world_regions(struct admin_call *c)
{
	struct sandbox *box = asked_sandbox(c);
	sandbox_enter(box);
	const char *const *names = store_region_names(box->store, c->arena);
	sandbox_leave(box);
	return names;
}

bool regions_known(struct admin_call *c, const cJSON *match, const char *pointer, struct match_refusal *why)
{
	return !cJSON_GetObjectItemCaseSensitive(match, "region") ||
	       match_check_regions(c->arena, match, world_regions(c), pointer, why);
}

bool regions_known_in(struct admin_call *c, const cJSON *list, const char *pointer, const char *member, struct match_refusal *why)
{
	int i = 0;
	for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next, i++) {
		const cJSON *match = *member ? cJSON_GetObjectItemCaseSensitive(item, member) : item;
		if (!regions_known(c, match, arena_printf(c->arena, "%s/%d%s%s", pointer, i, *member ? "/" : "", member), why))
			return false;
	}
	return true;
}
