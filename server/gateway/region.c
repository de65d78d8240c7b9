/* The region a request is for, and whether the host it came to serves that region (protocol.md §6). */
#include "gateway/mock_internal.h"
#include "gateway/stages.h"
#include "util/str.h"

/* Finance regions are apart: each is reached through its own host, and that host reaches nothing else. */
static bool host_serves(const struct mock *m, const struct request *r, const struct region *region, bool finance_host)
{
	switch (m->config->finance) {
	case FINANCE_OFF:
		return true;
	case FINANCE_NAMED:
		if (!r->real_host)
			return true;
		break;
	case FINANCE_STRICT:
		break;
	}
	if (!region->finance && !finance_host)
		return true;
	return str_is(region->name, r->access_region);
}

bool stage_region(struct mock *m, struct request *r)
{
	struct store *store = r->sandbox->store;
	struct region region, access = { 0 };
	if (!*r->region)
		return refuse_text(r, TEXT_MISSING_PARAMETER_NAMED, "Region", NULL);
	if (!store_region(store, r->arena, r->region, &region))
		return refuse_text(r, TEXT_REGION_INVALID, r->tc3 ? "X-TC-Region" : "Region", NULL);
	if (!region.cbs)
		return refuse(r, ERR_UNSUPPORTED_REGION);
	if (*r->access_region && !store_region(store, r->arena, r->access_region, &access))
		r->access_region = ""; /* intl, internal: not a region of its own */
	if (!host_serves(m, r, &region, access.finance)) {
		because(r, "the host %s does not serve the region %s", r->host, r->region);
		return refuse(r, ERR_UNSUPPORTED_REGION);
	}
	return true;
}
