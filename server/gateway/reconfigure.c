/* Another configuration for a mock that is in use. Whoever is reading the old one may go on: it stays in memory until the mock is
 * closed, which a few hundred bytes for each change are worth. */
#include "gateway/journal.h"
#include "gateway/mock_internal.h"

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

void mock_adopt(struct mock *m, const struct mock_config *config)
{
	struct mock_config *own = arena_alloc(m->configs, sizeof *own);
	*own = *config;
	own->public_hosts = copy(m->configs, config->public_hosts);
	own->first_use = copy(m->configs, config->first_use);
	own->first_use_template = copy(m->configs, config->first_use_template);
	own->secret_key = copy(m->configs, config->secret_key);
	m->config = own;
}

static void bound_journals(struct mock *m, const struct mock_config *config)
{
	struct arena *a = arena_new();
	struct sandbox **list;
	size_t count = sandboxes_all(m, a, &list);
	for (size_t i = 0; i < count; i++)
		journal_set_bounds(list[i]->journal, (size_t)config->journal_entries, (size_t)config->journal_bytes);
	sandboxes_release(list, count);
	arena_free(a);
}

/* No sandbox comes meanwhile, so none can begin with the old settings and miss the new ones. */
void mock_reconfigure(struct mock *m, const struct mock_config *config)
{
	struct mock_config next = *config;
	pthread_mutex_lock(&m->sandboxes.change);
	const struct mock_config *now = m->config;
	next.data_dir = now->data_dir;
	next.durability = now->durability;
	next.fixture_path = now->fixture_path;
	next.seed = now->seed;
	mock_adopt(m, &next);
	sandboxes_follow(m, &next);
	bound_journals(m, &next);
	pthread_mutex_unlock(&m->sandboxes.change);
}
