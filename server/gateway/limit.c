/* Rate limits, by sandbox time: per action, access region and identity as documented, and on top what the world sets for an
 * account or an address. Every request counts, the refused ones too, and the answer tells the count. */
#include "gateway/limit.h"

#include <string.h>

#include "gateway/mock_internal.h"
#include "gateway/stages.h"

enum { PROBES = 16 };

void limiter_clear(struct limiter *l)
{
	if (l->used)
		memset(l, 0, sizeof *l);
}

int64_t limiter_count(struct limiter *l, uint64_t key, int64_t second)
{
	struct limit_window *window = NULL;
	l->used = true;
	for (size_t i = 0; i < PROBES; i++) {
		struct limit_window *w = &l->windows[(key + i) % LIMIT_WINDOWS];
		bool past = w->second != second || w->count == 0;
		if (!past && w->key == key)
			return ++w->count;
		if (past && !window)
			window = w;
	}
	if (!window)
		window = &l->windows[key % LIMIT_WINDOWS];
	*window = (struct limit_window){ .key = key, .second = second, .count = 1 };
	return 1;
}

static uint64_t mix_text(uint64_t key, const char *text)
{
	uint64_t length = 0;
	for (; *text; text++, length++)
		key = rng_mix(key, (unsigned char)*text);
	return rng_mix(key, length);
}

/* As documented, times the configured factor, which never brings it below one. */
static int64_t action_limit(const struct request *r)
{
	double factor = r->sandbox->settings.rate_factor;
	if (factor <= 0)
		return 0;
	double limit = (double)r->model->rate * factor;
	return limit < 1 ? 1 : (int64_t)limit;
}

static uint64_t identity_key(const struct request *r)
{
	return rng_mix((uint64_t)r->caller.uin, (uint64_t)r->caller.sub_uin);
}

/* One kind of limit; 0 is none. `kind` keeps the windows of the kinds apart. */
static bool within(struct request *r, uint64_t kind, uint64_t key, int64_t limit, int64_t *count)
{
	if (limit <= 0)
		return true;
	*count = limiter_count(&r->sandbox->limiter, rng_mix(kind, key), r->now_ms / 1000);
	return *count <= limit;
}

static uint64_t action_key(const struct request *r)
{
	return mix_text(mix_text(identity_key(r), r->action), r->access_region);
}

bool stage_limit(struct mock *m, struct request *r)
{
	enum { ACTION = 1, REGION, ACCOUNT, ADDRESS };
	(void)m;
	const struct account *a = &r->account;
	int64_t limit = action_limit(r), ip_rate = r->sandbox->ip_rate, count = 0, unused;

	bool action = limit == 0 || within(r, ACTION, action_key(r), limit, &count);
	bool region = a->region_rate == 0 || within(r, REGION, mix_text((uint64_t)r->caller.uin, r->region), a->region_rate, &unused);
	bool account = within(r, ACCOUNT, (uint64_t)r->caller.uin, a->rate, &unused);
	bool address = ip_rate == 0 || within(r, ADDRESS, mix_text(0, r->address), ip_rate, &unused);
	if (!action)
		return refuse_text(r, TEXT_RATE_EXCEEDED, arena_printf(r->arena, "%lld", (long long)count),
		                   arena_printf(r->arena, "%lld", (long long)limit), NULL);
	if (!region)
		return refuse(r, ERR_REQUEST_LIMIT_EXCEEDED_GLOBAL_REGION_UIN_LIMIT_EXCEEDED);
	if (!account)
		return refuse(r, ERR_REQUEST_LIMIT_EXCEEDED_UIN_LIMIT_EXCEEDED);
	if (!address)
		return refuse(r, ERR_REQUEST_LIMIT_EXCEEDED_IP_LIMIT_EXCEEDED);
	return true;
}
