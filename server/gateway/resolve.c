/* Which product, which version, which action; and whether it can be had at all at the moment. */
#include "cbs/cbs.h"
#include "gateway/mock_internal.h"
#include "gateway/stages.h"
#include "util/str.h"

static const struct product {
	const char *name, *version;
	const struct model_action *model;
	const size_t *model_count;
	const struct action *(*find_action)(const char *name);
} products[] = {
	{ "cbs", "2017-03-12", cbs_model, &cbs_model_count, cbs_action_find },
};

static const struct product *product_find(const char *name)
{
	for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
		if (str_is(products[i].name, name))
			return &products[i];
	return NULL;
}

bool product_exists(const char *product)
{
	return product_find(product) != NULL;
}

bool stage_resolve(struct mock *m, struct request *r)
{
	(void)m;
	const struct product *product = product_find(r->product);
	if (!product)
		return refuse_text(r, TEXT_NO_SUCH_PRODUCT_NAMED, r->product, NULL);
	if (!str_is(r->version, product->version))
		return refuse_text(r, TEXT_VERSION_INVALID, r->version, product->name, NULL);
	r->model = model_find(product->model, *product->model_count, r->action);
	if (!r->model)
		return refuse_text(r, TEXT_ACTION_INVALID, r->action, product->name, r->version, NULL);
	if (!r->sandbox->service_available)
		return refuse(r, ERR_SERVICE_UNAVAILABLE);
	if (store_action_offline(r->sandbox->store, r->action))
		return refuse(r, ERR_ACTION_OFFLINE);
	r->run = product->find_action(r->action);
	return r->run ? true : refuse_text(r, TEXT_ACTION_NOT_IN_THIS_VERSION, r->action, NULL);
}
