/* What CAM says: an action is checked under the name cvm:<Action>, against the disks and snapshots its parameters name (cbs.md
 * §6). */
#include "gateway/mock_internal.h"
#include "gateway/stages.h"
#include "util/str.h"

/* CAM answers with a request id of its own. */
static const char *cam_request_id(const struct request *r)
{
	uint64_t mixed = 0;
	for (const char *c = r->request_id; *c; c++)
		mixed = rng_mix(mixed, (unsigned char)*c);
	char *id = arena_alloc(r->arena, UUID_TEXT + 1);
	uuid_format(mixed, rng_mix(mixed, 1), id);
	return id;
}

static bool allowed(struct request *r, const char *resource)
{
	const char *action = arena_concat(r->arena, "cvm:", r->action, NULL);
	bool product_level = false;
	if (!store_denied(r->sandbox->store, r->caller.uin, r->caller.sub_uin, action, resource, &product_level))
		return true;
	because(r, "a permission row denies %s on %s", action, resource);
	if (product_level)
		return refuse(r, ERR_UNAUTHORIZED_OPERATION);
	return refuse_text(r, TEXT_UNAUTHORIZED_RESOURCE, cam_request_id(r), action, resource, NULL);
}

static bool allowed_id(struct request *r, const char *kind, const cJSON *id)
{
	if (!cJSON_IsString(id))
		return true;
	char room[STR_I64_SIZE];
	const char *uin = str_from_i64(r->caller.uin, room);
	return allowed(r, arena_concat(r->arena, "qcs::cvm:", r->region, ":uin/", uin, ":", kind, "/", id->valuestring, NULL));
}

/* Every id in the parameters `names`, a NULL-ended list or NULL; *found tells whether there was one. */
static bool allowed_ids(struct request *r, const char *kind, const char *const *names, bool *found)
{
	for (; names && *names; names++) {
		const cJSON *value = json_member(r->params, *names), *item;
		if (cJSON_IsString(value)) {
			*found = true;
			if (!allowed_id(r, kind, value))
				return false;
			continue;
		}
		cJSON_ArrayForEach(item, value) {
			*found = true;
			if (!allowed_id(r, kind, item))
				return false;
		}
	}
	return true;
}

bool stage_permit(struct mock *m, struct request *r)
{
	(void)m;
	bool found = false;
	if (!store_restricted(r->sandbox->store, r->caller.uin, r->caller.sub_uin)) /* most are not, and need no name spelled */
		return true;
	if (!allowed_ids(r, "volume", r->run->volumes, &found) || !allowed_ids(r, "snapshot", r->run->snapshots, &found))
		return false;
	return found || allowed(r, "*");
}
