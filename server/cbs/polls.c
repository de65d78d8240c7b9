/* Counting describes, for transitions that end by them. */
#include "cbs/polls.h"

#include "util/ident.h"

int64_t transition_polls(const struct call *c, enum transition t)
{
	const struct transition_rule *rule = &c->transitions[t];
	return rule->progression == PROGRESS_MANUAL ? rule->times : 0;
}

static void note(struct call *c, const char *family, const char *prefix, int64_t no)
{
	struct polls *p = c->polls;
	if (p && !p->list)
		p->list = arena_alloc(c->arena, POLLS_MAX * sizeof *p->list);
	if (p && p->count < POLLS_MAX)
		p->list[p->count++] = (struct noted_poll){ family, prefix, no };
}

void polls_note_disk(struct call *c, int64_t no)
{
	note(c, "disk.", IDENT_DISK, no);
}

void polls_note_snapshot(struct call *c, int64_t no)
{
	note(c, "snapshot.", IDENT_SNAPSHOT, no);
}

bool polls_matter(struct store *s, struct arena *a, const struct polls *p)
{
	struct job j;
	for (size_t i = 0; i < p->count; i++)
		if (store_job_polled(s, a, p->list[i].family, p->list[i].no, &j))
			return true;
	return false;
}

void polls_count(struct store *s, struct arena *a, const struct polls *p, int64_t now_ms, const struct passing *how)
{
	for (size_t i = 0; i < p->count; i++) {
		struct job j;
		char id[IDENT_SIZE];
		if (!store_job_polled(s, a, p->list[i].family, p->list[i].no, &j))
			continue;
		if (--j.polls > 0) {
			store_job_set_polls(s, &j);
			continue;
		}
		ident_format(p->list[i].prefix, p->list[i].no, id);
		cbs_finish(s, a, id, now_ms, how);
	}
}
