/* The long poll: an answer when so many requests have matched, or when the time is over. What comes is counted as it is added,
 * so that asking whether it is enough costs a look at a number. */
#include <pthread.h>
#include <stdlib.h>

#include "admin/requests.h"
#include "gateway/verify.h"
#include "util/wiretime.h"

enum { COUNT_MAX = 1000000, TIMEOUT_DEFAULT_MS = 10 * 1000, TIMEOUT_MAX_MS = 10 * 60 * 1000 };

struct wait {
	struct journal *journal;
	struct arena *arena; /* of question and match, as the call's ends before the wait */
	cJSON *question;     /* for verify_count: {"match":{…},"count":{"at_least":3}} */
	const struct match *match;
	int64_t wanted;
	atomic_llong count;
	void (*poke)(void *poke_data);
	void *poke_data;
	uint64_t watch;
	pthread_mutex_t lock; /* of what follows */
	bool counting;
	uint64_t base; /* requests up to this one were counted at the beginning */
};

static void on_request(void *data, const struct journal_entry *e)
{
	struct wait *w = data;
	pthread_mutex_lock(&w->lock);
	bool counts = w->counting && e->seq > w->base && journal_matches(e, w->match, NULL);
	pthread_mutex_unlock(&w->lock);
	if (counts && atomic_fetch_add(&w->count, 1) + 1 >= w->wanted && w->poke)
		w->poke(w->poke_data);
}

static bool enough(void *data)
{
	struct wait *w = data;
	return atomic_load(&w->count) >= w->wanted;
}

static void wait_free(void *data)
{
	struct wait *w = data;
	journal_unwatch(w->journal, w->watch);
	journal_free(w->journal);
	cJSON_Delete(w->question);
	arena_free(w->arena);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* The same answer as that of a verification. */
static void answer(void *data, bool in_time, struct admin_answer *out)
{
	struct wait *w = data;
	struct match_refusal why;
	struct json_out o;
	(void)in_time;
	buf_clear(&out->body);
	json_out_init(&o, &out->body);
	out_object(&o, NULL);
	enum outcome_of_test verdict = verify_count(w->journal, w->arena, w->question, &o, &why);
	out_end_object(&o);
	buf_addc(&out->body, '\n');
	out->status = verdict == VERIFY_HOLDS ? 200 : 409;
	wait_free(w);
}

/* What is there already is counted once: the watch begins first, and leaves to this what it covers. */
static void begin_counting(struct wait *w)
{
	struct journal_list list;
	w->watch = journal_watch(w->journal, on_request, w);
	pthread_mutex_lock(&w->lock);
	journal_read(w->journal, &list);
	w->base = list.stats.last_seq;
	w->counting = true;
	journal_list_filter(&list, w->match);
	atomic_fetch_add(&w->count, (long long)list.count);
	pthread_mutex_unlock(&w->lock);
	journal_list_finish(&list);
}

/* NULL when the match is refused. */
static struct wait *wait_new(struct admin_call *c, struct journal *j, const cJSON *match, int64_t wanted, struct match_refusal *why)
{
	struct wait *w = xcalloc(1, sizeof *w);
	w->arena = arena_new();
	w->question = cJSON_CreateObject();
	if (match)
		cJSON_AddItemToObject(w->question, "match", cJSON_Duplicate(match, true));
	cJSON *count = cJSON_AddObjectToObject(w->question, "count");
	cJSON_AddNumberToObject(count, "at_least", (double)wanted);
	w->match = match_parse(w->arena, cJSON_GetObjectItemCaseSensitive(w->question, "match"), MATCH_JOURNAL, "/match", why);
	if (!w->match) {
		why->pointer = arena_strdup(c->arena, why->pointer);
		why->why = arena_strdup(c->arena, why->why);
		cJSON_Delete(w->question);
		arena_free(w->arena);
		free(w);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->journal = journal_hold(j);
	w->wanted = wanted;
	w->poke = c->config->poke;
	w->poke_data = c->config->poke_data;
	return w;
}

static bool read_timeout(struct admin_call *c, const char *text, int64_t *ms)
{
	*ms = TIMEOUT_DEFAULT_MS;
	if (!text || (duration_parse(text, ms) && *ms >= 0 && *ms <= TIMEOUT_MAX_MS))
		return true;
	answer_error(c, 400, "InvalidField", "durations: \"250ms\", \"5s\"",
	             "the field \"timeout\" must be a duration of at most ten minutes");
	return false;
}

void requests_wait(struct admin_call *c)
{
	const cJSON *match = NULL;
	const char *timeout = NULL;
	double wanted = 1;
	int64_t count, timeout_ms;
	struct match_refusal why;
	const struct body_field fields[] = {
		{ "match", .json = &match },
		{ "count", .number = &wanted },
		{ "timeout", .text = &timeout },
	};
	struct journal *j = asked_journal(c);
	if (!j || !body_read(c, fields, sizeof fields / sizeof fields[0]) || !whole_field(c, "count", wanted, 1, COUNT_MAX, &count) ||
	    !read_timeout(c, timeout, &timeout_ms))
		return;
	if (!journal_is_on(j)) {
		answer_error(c, 409, "JournalOff", "--journal-entries and --journal-bytes",
		             "the journal keeps nothing, so there is nothing to wait for");
		return;
	}
	struct wait *w = regions_known(c, match, "/match", &why) ? wait_new(c, j, match, count, &why) : NULL;
	if (!w) {
		answer_refused(c, &why);
		return;
	}
	begin_counting(w);
	c->out->content_type = "application/json";
	c->out->wait =
		(struct admin_wait){ .ready = enough, .finish = answer, .cancel = wait_free, .data = w, .timeout_ms = timeout_ms };
}
