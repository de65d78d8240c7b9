/* What each kind of effect does: a few lines into the request, which the gateway and http/ then carry out. */
#include <string.h>

#include "gateway/fault_internal.h"
#include "gateway/request.h"
#include "util/str.h"

/* Several delays add up. */
void apply_latency(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	if (o->effect->sandbox_clock)
		r->spoiling.sandbox_delay_ms += o->ms;
	else
		r->wire.delay_ms += o->ms;
}

/* ---- another answer ------------------------------------------------------------------------------------------------------ */

/* A code outside our table has no words of its own. */
void apply_error(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	static const char *const unknown[] = { [LANG_EN] = "The request could not be carried out.", [LANG_ZH] = "请求未能完成。" };
	const struct effect *e = o->effect;
	enum err err = err_by_code(e->code);
	const char *words = err == ERR_NONE ? unknown[r->lang] : err_message(err, r->lang);
	r->error.err = err;
	r->error.code = arena_strdup(r->arena, e->code);
	r->error.kind = err == ERR_NONE ? BUSINESS : err_kind(err);
	r->error.message = e->message ? arena_strdup(r->arena, e->message) : words;
	r->spoiling.status = (int)e->status;
}

static void add_headers(struct request *r, const cJSON *headers)
{
	const cJSON *header;
	size_t most = (size_t)cJSON_GetArraySize(headers), count = 0;
	struct name_value *list = arena_alloc(r->arena, most * sizeof *list);
	cJSON_ArrayForEach(header, headers) {
		if (str_case_is(header->string, "Content-Type"))
			continue;
		list[count].name = arena_strdup(r->arena, header->string);
		list[count++].value = arena_strdup(r->arena, header->valuestring);
	}
	r->answer_headers = list;
	r->answer_header_count = count;
}

void apply_http(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	const struct effect *e = o->effect;
	r->spoiling.canned = true;
	r->spoiling.status = (int)e->status;
	r->spoiling.body = arena_strdup(r->arena, e->body);
	r->spoiling.content_type = arena_strdup(r->arena, e->content_type);
	add_headers(r, e->headers);
}

/* ---- a dead connection --------------------------------------------------------------------------------------------------- */

static void cut_in_the_middle(struct request *r)
{
	r->spoiling.cut = true;
	r->spoiling.honest = false;
	r->spoiling.cut_bytes = -1;
	r->spoiling.cut_fraction = 0.5;
}

void apply_reset(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)o;
	r->wire.end = WIRE_RESET;
	r->wire.end_after_body = phase == PHASE_AFTER_BODY;
	if (phase == PHASE_MID_BODY)
		cut_in_the_middle(r);
}

void apply_timeout(const struct outcome *o, struct request *r, enum phase phase)
{
	r->wire.end = WIRE_SILENCE;
	r->wire.silence_ms = o->effect->timeout_ms;
	if (phase == PHASE_MID_BODY)
		cut_in_the_middle(r);
}

void apply_empty(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)o, (void)phase;
	r->wire.end = WIRE_CLOSE;
}

/* ---- a spoilt body ------------------------------------------------------------------------------------------------------- */

void apply_limit_data(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->spoiling.cut = true;
	r->spoiling.honest = false;
	r->spoiling.cut_bytes = o->effect->bytes;
}

void apply_truncate(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->spoiling.cut = true;
	r->spoiling.honest = !o->effect->lies;
	r->spoiling.cut_bytes = -1;
	r->spoiling.cut_fraction = o->effect->fraction;
}

void apply_garbage(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->spoiling.garbage = GARBAGE_RANDOM + o->effect->garbage;
	r->spoiling.garbage_seed = o->seed;
}

void apply_slicer(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->wire.slice_bytes = (size_t)o->size;
	r->wire.slice_delay_us = o->effect->slice_delay_us;
}

void apply_bandwidth(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->wire.bytes_per_second = (int64_t)(o->effect->rate * 1000);
}

void apply_slow_close(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->wire.close_delay_ms = o->effect->close_ms;
}

/* ---- spoilt work --------------------------------------------------------------------------------------------------------- */

void apply_stale_read(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->spoiling.stale_reads = o->effect->reads;
	r->spoiling.stale_ms = o->effect->for_ms;
}

void apply_job_delay(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)phase;
	r->spoiling.jobs_by_ms += o->effect->by_ms;
}

void apply_job_fail(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)o, (void)phase;
	r->spoiling.jobs_fail = true;
}

void apply_stuck(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)o, (void)phase;
	r->spoiling.jobs_stuck = true;
}

/* It is taken in place of the rules behind it, and that is all. */
void apply_pass(const struct outcome *o, struct request *r, enum phase phase)
{
	(void)o, (void)r, (void)phase;
}
