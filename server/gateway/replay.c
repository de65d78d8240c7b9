/* One reader a kind of line. */
#include "gateway/replay.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/mock_internal.h"
#include "gateway/recording.h"
#include "gateway/saved.h"
#include "util/str.h"

enum { ANSWER_TEXT_MAX = 128 * 1024 * 1024, WHY_MAX = 4096 };

struct player {
	struct mock *mock;
	struct sandbox *box;
	const struct key_ring *ring;
	void (*on_moved)(void *data, const struct replay_moved *m);
	void *data;
	struct replay_report *report;
	struct buf *why;
	bool ready, ended; /* a moment was restored; the last line came */
};

static bool complain(struct player *p, const char *what)
{
	buf_adds(p->why, what);
	return false;
}

/* ---- how everything stood ---------------------------------------------------------------------------------------------------- */

static bool play_head(struct player *p, const cJSON *line)
{
	return saved_number(line, "version") == RECORDING_VERSION || complain(p, "it is of a version that this cbsmock does not play");
}

static bool play_moment(struct player *p, const cJSON *line)
{
	if (!p->ready && !saved_item(line, "world"))
		return complain(p, "it does not begin with a world");
	clock_hold(saved_number(line, "wall"));
	if (!moment_restore_server(p->mock, line, p->why))
		return false;
	sandbox_enter(p->box);
	p->ready = moment_restore(p->box, line, p->ring, p->why);
	sandbox_leave(p->box);
	return p->ready;
}

/* ---- the clock --------------------------------------------------------------------------------------------------------------- */

static const struct listener nobody;

static bool play_clock(struct player *p, const cJSON *line)
{
	struct clock_state state;
	const char *name = saved_text(line, "change");
	int change = 0;
	while (change < N_CLOCK_CHANGES && !str_is(clock_change_names[change], name))
		change++;
	if (change == N_CLOCK_CHANGES)
		return complain(p, "there is no such change of the clock");
	clock_hold(saved_number(line, "wall"));
	return control_clock(p->box, (enum clock_change)change, saved_number(line, "value"), &state, &nobody) ||
	       complain(p, "the clock cannot be changed");
}

static bool play_next_event(struct player *p, const cJSON *line)
{
	struct clock_state state;
	clock_hold(saved_number(line, "wall"));
	return control_next_event(p->box, &state, &nobody) || complain(p, "the clock cannot be changed");
}

static bool play_run(struct player *p, const cJSON *line)
{
	struct clock_state state;
	int64_t max_ms = saved_number(line, "max");
	clock_hold(saved_number(line, "wall"));
	return control_run_until_idle(p->box, max_ms < 0 ? 0 : max_ms, &state, &nobody) || complain(p, "the clock cannot be changed");
}

/* That it was in no transition is no fault of ours. */
static bool play_finish(struct player *p, const cJSON *line)
{
	const char *resource = saved_text(line, "resource");
	clock_hold(saved_number(line, "wall"));
	if (resource)
		control_finish(p->box, resource, &nobody);
	return true;
}

/* ---- requests ---------------------------------------------------------------------------------------------------------------- */

static bool read_text(struct arena *a, const cJSON *value, const char **out)
{
	size_t len;
	return saved_bytes(a, value, out, &len);
}

static bool read_headers(struct request *r, const cJSON *list)
{
	const cJSON *header;
	r->headers = arena_alloc(r->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *r->headers);
	cJSON_ArrayForEach(header, list) {
		struct name_value *to = &r->headers[r->header_count++];
		const cJSON *name = cJSON_GetArrayItem(header, 0), *value = cJSON_GetArrayItem(header, 1);
		if (!read_text(r->arena, name, &to->name) || !read_text(r->arena, value, &to->value))
			return false;
	}
	return true;
}

/* False when it lacks something. */
static bool read_request(struct request *r, const cJSON *line)
{
	const cJSON *proof = saved_item(line, "proof");
	const char *address = saved_text(line, "address");
	r->address = address ? address : "";
	r->wall_ms = saved_number(line, "received");
	r->body_told = (uint64_t)saved_number(line, "body_told");
	r->proof = (struct proof){ .given = cJSON_IsBool(proof), .good = cJSON_IsTrue(proof), .always = saved_flag(line, "touched") };
	return read_text(r->arena, saved_item(line, "method"), &r->method) && read_text(r->arena, saved_item(line, "target"), &r->target) &&
	       read_headers(r, saved_item(line, "headers")) && saved_bytes(r->arena, saved_item(line, "body"), &r->body, &r->body_len);
}

static void count_signature(struct replay_report *report, const struct request *r)
{
	report->believed += r->proof.used;
	report->checked += !r->proof.used && (r->signed_with || str_is(r->stage, "signature"));
}

static cJSON *answer_of(const struct request *r)
{
	struct buf text;
	struct json_out o;
	buf_init(&text, ANSWER_TEXT_MAX);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	recording_write_answer(r, &o);
	out_end_object(&o);
	cJSON *tree = cJSON_Parse(text.data);
	buf_finish(&text);
	return tree;
}

static void tell_moved(struct player *p, const struct request *r, const cJSON *recorded, const cJSON *now)
{
	if (!p->on_moved)
		return;
	char *recorded_text = cJSON_PrintUnformatted(recorded), *now_text = cJSON_PrintUnformatted(now);
	const struct replay_moved moved = {
		.no = p->report->requests, .action = r->action, .request_id = r->request_id,
		.recorded = recorded_text ? recorded_text : "null", .now = now_text ? now_text : "null",
	};
	p->on_moved(p->data, &moved);
	cJSON_free(now_text);
	cJSON_free(recorded_text);
}

static bool play_request(struct player *p, const cJSON *line, const cJSON *recorded)
{
	struct request *r = request_new();
	bool whole = read_request(r, line);
	if (whole) {
		clock_hold(saved_number(line, "wall"));
		mock_handle(p->mock, r);
		p->report->requests++;
		count_signature(p->report, r);
		cJSON *now = answer_of(r);
		if (!cJSON_Compare(recorded, now, true)) {
			p->report->moved++;
			tell_moved(p, r, recorded, now);
		}
		cJSON_Delete(now);
	}
	request_free(r);
	return whole || complain(p, "a request lacks something");
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------- */

static bool play_end(struct player *p, const cJSON *line)
{
	p->report->full = saved_flag(line, "full");
	p->ended = saved_number(line, "requests") == (int64_t)p->report->requests;
	return p->ended || complain(p, "requests are missing");
}

static const struct {
	const char *name;
	bool (*play)(struct player *p, const cJSON *line);
	bool first; /* it may come before the first moment */
} kinds[] = {
	{ "recording", play_head, true },     { "moment", play_moment, true }, { "clock", play_clock, false },
	{ "next_event", play_next_event, false }, { "run_until_idle", play_run, false }, { "finish", play_finish, false },
	{ "end", play_end, false },
};

static bool play_line(struct player *p, const cJSON *line)
{
	const cJSON *request = saved_item(line, "request");
	if (request && p->ready)
		return play_request(p, request, saved_item(line, "answer"));
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const cJSON *item = saved_item(line, kinds[i].name);
		if (item && (p->ready || kinds[i].first))
			return kinds[i].play(p, item);
	}
	return complain(p, "it is not understood");
}

/* With the line's number before the sentence when it cannot be played. */
static bool play_numbered(struct player *p, const char *text, size_t len, size_t number)
{
	struct buf *why = p->why, said;
	cJSON *line = cJSON_ParseWithLength(text, len);
	buf_init(&said, WHY_MAX);
	p->why = &said;
	bool fine = number > 1 || saved_item(line, "recording") ? play_line(p, line) : complain(p, "this is no recording");
	p->why = why;
	if (!fine)
		buf_printf(why, "line %zu: %s", number, said.data);
	buf_finish(&said);
	cJSON_Delete(line);
	return fine;
}

static bool play(struct player *p, const char *text, size_t len)
{
	size_t number = 0;
	for (const char *end = text + len, *at = text; at < end && !p->ended;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop ? stop : end) - at);
		if (!play_numbered(p, at, size, ++number))
			return false;
		at += size + (stop != NULL);
	}
	return p->ended || complain(p, number ? "it ends in the middle" : "it is empty");
}

bool replay_run(const char *text, size_t len, const struct key_ring *ring, void (*on_moved)(void *data, const struct replay_moved *m),
                void *data, struct replay_report *report, struct buf *why)
{
	struct mock_config config;
	bool was_held = clock_is_held();
	int64_t held_ms = clock_wall_ms();
	mock_config_default(&config);
	config.journal_entries = 0;
	*report = (struct replay_report){ 0 };
	struct player p = { .ring = ring, .on_moved = on_moved, .data = data, .report = report, .why = why };
	p.mock = mock_open(&config, why);
	bool fine = p.mock != NULL;
	if (fine) {
		p.box = p.mock->sandbox;
		fine = play(&p, text, len);
	}
	mock_close(p.mock);
	if (was_held)
		clock_hold(held_ms);
	else
		clock_let_go();
	return fine;
}

/* ---- as JSON ------------------------------------------------------------------------------------------------------------------ */

struct telling {
	struct json_out *out;
	size_t left;
};

static void tell(void *data, const struct replay_moved *m)
{
	struct telling *t = data;
	if (t->left == 0)
		return;
	t->left--;
	out_object(t->out, NULL);
	out_int(t->out, "no", (int64_t)m->no);
	out_str(t->out, "action", m->action);
	out_str(t->out, "request_id", m->request_id);
	out_raw(t->out, "recorded", m->recorded);
	out_raw(t->out, "now", m->now);
	out_end_object(t->out);
}

bool replay_tell(const char *text, size_t len, const struct key_ring *ring, size_t most, struct json_out *o, struct replay_report *report,
                 struct buf *why)
{
	struct telling t = { o, most };
	out_array(o, "differences");
	bool played = replay_run(text, len, ring, tell, &t, report, why);
	out_end_array(o);
	out_int(o, "requests", (int64_t)report->requests);
	out_int(o, "moved", (int64_t)report->moved);
	out_int(o, "signatures_checked", (int64_t)report->checked);
	out_int(o, "signatures_believed", (int64_t)report->believed);
	out_bool(o, "full", report->full);
	return played;
}
