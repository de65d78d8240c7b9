/* Lines are appended by whoever has the turn alone, so they need no lock. One that does not fit any more is taken back, and the recording
 * ends before it. */
#include "gateway/recording.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/fault.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "gateway/moment.h"
#include "gateway/saved.h"
#include "gateway/veil.h"
#include "util/str.h"

enum { TAGS_TEXT_MAX = 64 * 1024, WHY_MAX = 1024 };

const char *const clock_change_names[N_CLOCK_CHANGES] = {
	[CLOCK_READ] = "read",       [CLOCK_FREEZE] = "freeze", [CLOCK_RESUME] = "resume", [CLOCK_SET] = "set",
	[CLOCK_ADVANCE] = "advance", [CLOCK_SCALE] = "scale",   [CLOCK_REAL] = "reset",
};

/* How often everything that is not a request or a move of the clock was changed. */
struct seen {
	uint64_t worlds, settings, faults, shared_faults;
	const struct mock_config *config;
};

struct recording {
	struct recording_info info;
	struct buf text;
	struct json_out out;
	size_t line;      /* where the one under way began */
	struct seen seen;
	char *tags;       /* in force, as one text */
};

/* ---- lines ------------------------------------------------------------------------------------------------------------------ */

static struct json_out *begin_line(struct recording *r)
{
	r->line = r->text.len;
	json_out_init(&r->out, &r->text);
	out_object(&r->out, NULL);
	return &r->out;
}

static void stop(struct sandbox *s, struct recording *r)
{
	r->info.running = false;
	r->info.stopped_ms = clock_wall_ms();
	turns_order(&s->turns, false);
}

/* False when it is taken back. */
static bool end_line(struct sandbox *s, struct recording *r)
{
	out_end_object(&r->out);
	buf_addc(&r->text, '\n');
	if (!r->text.overflow)
		return true;
	r->text.len = r->line;
	r->text.data[r->line] = '\0';
	r->text.overflow = false;
	r->info.full = true;
	stop(s, r);
	return false;
}

/* ---- what changed unseen ------------------------------------------------------------------------------------------------------ */

static char *tags_text(struct sandbox *s)
{
	struct arena *a = arena_new();
	const struct name_value *tags;
	struct buf text;
	size_t count = journal_tags(s->journal, a, &tags);
	buf_init(&text, TAGS_TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s=%s\n", tags[i].name, tags[i].value);
	arena_free(a);
	return buf_take(&text, NULL);
}

static struct seen look(const struct sandbox *s)
{
	return (struct seen){
		.worlds = s->worlds, .settings = s->settings_changes, .faults = faults_version(s->faults),
		.shared_faults = faults_version(s->mock->faults), .config = s->mock->config,
	};
}

static bool same_around(const struct recording *r, const struct seen *now, const char *tags)
{
	const struct seen *then = &r->seen;
	return then->settings == now->settings && then->faults == now->faults && then->shared_faults == now->shared_faults &&
	       then->config == now->config && str_is(r->tags, tags);
}

/* A line that tells how everything stands, or all but the world. */
static bool write_moment(struct sandbox *s, struct recording *r, bool world, struct buf *why)
{
	bool fine = true;
	struct json_out *o = begin_line(r);
	out_object(o, "moment");
	out_int(o, "wall", clock_wall_ms());
	if (world)
		fine = moment_write(s, o, why);
	else
		moment_write_around(s, o);
	out_end_object(o);
	return end_line(s, r) && fine;
}

/* From inside. A world that cannot be written down ends the recording: what comes after it could not be played. */
static bool catch_up(struct sandbox *s, struct recording *r, struct buf *why)
{
	char *tags = tags_text(s);
	struct seen now = look(s);
	bool world = r->seen.worlds != now.worlds, fine = true;
	if (world || !same_around(r, &now, tags))
		fine = write_moment(s, r, world, why);
	free(r->tags);
	r->tags = tags;
	r->seen = now;
	return fine;
}

/* ---- turns -------------------------------------------------------------------------------------------------------------------- */

static bool is_recorded(const struct sandbox *s, const struct turn *t)
{
	return turn_is_told(t) && s->recording && s->recording->info.running;
}

void recording_take(struct sandbox *s, struct turn *t)
{
	struct buf why;
	turn_take(&s->turns, t);
	if (!is_recorded(s, t))
		return;
	buf_init(&why, WHY_MAX);
	sandbox_enter(s);
	if (!catch_up(s, s->recording, &why) && s->recording->info.running)
		stop(s, s->recording);
	sandbox_leave(s);
	buf_finish(&why);
}

void recording_take_request(struct request *r)
{
	if (r->turn.kind != TURN_NONE)
		return;
	recording_take(r->sandbox, &r->turn);
	r->turn.whole = true;
}

/* ---- requests ------------------------------------------------------------------------------------------------------------------ */

static void write_headers(struct json_out *o, const struct name_value *headers, size_t count)
{
	out_array(o, "headers");
	for (size_t i = 0; i < count; i++) {
		out_array(o, NULL);
		out_bytes(o, NULL, headers[i].name, strlen(headers[i].name));
		out_bytes(o, NULL, headers[i].value, strlen(headers[i].value));
		out_end_array(o);
	}
	out_end_array(o);
}

/* What the check of the signature found, where it came to that. */
static void write_proof(struct json_out *o, const struct request *r)
{
	if (r->signed_with)
		out_bool(o, "proof", true);
	else if (str_is(r->stage, "signature"))
		out_bool(o, "proof", false);
}

static void write_request(struct json_out *o, const struct request *r, size_t no)
{
	struct veiled v;
	veil_request(r, &v);
	out_object(o, "request");
	out_int(o, "no", (int64_t)no);
	out_int(o, "wall", clock_wall_ms());
	out_int(o, "received", r->wall_ms);
	out_str(o, "address", r->address);
	out_bytes(o, "method", r->method, strlen(r->method));
	out_bytes(o, "target", v.target, strlen(v.target));
	write_headers(o, v.headers, v.header_count);
	out_bytes(o, "body", v.body, v.body_len);
	if (r->body_told)
		out_int(o, "body_told", (int64_t)r->body_told);
	write_proof(o, r);
	if (v.touched)
		out_bool(o, "touched", true);
	out_end_object(o);
}

static void write_wire(struct json_out *o, const struct wire *w)
{
	static const char *const ends[] = {
		[WIRE_SEND] = "send", [WIRE_RESET] = "reset", [WIRE_CLOSE] = "close", [WIRE_SILENCE] = "silence",
	};
	out_object(o, "wire");
	out_int(o, "delay_ms", w->delay_ms);
	out_int(o, "silence_ms", w->silence_ms);
	out_int(o, "cut_at", w->cut ? (int64_t)w->cut_at : -1);
	out_bool(o, "lie_about_length", w->lie_about_length);
	out_str(o, "end", ends[w->end]);
	out_bool(o, "end_after_body", w->end_after_body);
	out_int(o, "slice_bytes", (int64_t)w->slice_bytes);
	out_int(o, "slice_delay_us", w->slice_delay_us);
	out_int(o, "bytes_per_second", w->bytes_per_second);
	out_int(o, "close_delay_ms", w->close_delay_ms);
	out_bool(o, "bad_chunk", w->bad_chunk);
	out_end_object(o);
}

static bool is_usual(const struct wire *w)
{
	return !(w->delay_ms || w->silence_ms || w->cut || w->lie_about_length || w->end != WIRE_SEND || w->end_after_body || w->slice_bytes ||
	         w->slice_delay_us || w->bytes_per_second || w->close_delay_ms || w->bad_chunk);
}

void recording_write_answer(const struct request *r, struct json_out *o)
{
	out_int(o, "status", r->http_status);
	out_str(o, "type", r->content_type);
	if (r->answer_header_count)
		write_headers(o, r->answer_headers, r->answer_header_count);
	out_bytes(o, "body", veil_text(r, r->answer.data, r->answer.len), r->answer.len);
	if (!is_usual(&r->wire))
		write_wire(o, &r->wire);
}

void recording_note_request(struct request *r)
{
	struct sandbox *s = r->sandbox;
	struct recording *recording = s->recording;
	if (!is_recorded(s, &r->turn))
		return;
	struct json_out *o = begin_line(recording);
	write_request(o, r, recording->info.requests + 1);
	out_object(o, "answer");
	recording_write_answer(r, o);
	out_end_object(o);
	recording->info.requests += end_line(s, recording);
}

/* ---- the clock ------------------------------------------------------------------------------------------------------------------ */

/* Opens the line's one member; NULL when nothing is written down. */
static struct json_out *begin_note(struct sandbox *s, const struct turn *t, const char *what)
{
	if (!is_recorded(s, t))
		return NULL;
	struct json_out *o = begin_line(s->recording);
	out_object(o, what);
	out_int(o, "wall", clock_wall_ms());
	return o;
}

static void end_note(struct sandbox *s, struct json_out *o)
{
	out_end_object(o);
	end_line(s, s->recording);
}

void recording_note_clock(struct sandbox *s, const struct turn *t, enum clock_change change, int64_t value)
{
	struct json_out *o = change == CLOCK_READ ? NULL : begin_note(s, t, "clock");
	if (!o)
		return;
	out_str(o, "change", clock_change_names[change]);
	out_int(o, "value", value);
	end_note(s, o);
}

void recording_note_next_event(struct sandbox *s, const struct turn *t)
{
	struct json_out *o = begin_note(s, t, "next_event");
	if (o)
		end_note(s, o);
}

void recording_note_run(struct sandbox *s, const struct turn *t, int64_t max_ms)
{
	struct json_out *o = begin_note(s, t, "run_until_idle");
	if (!o)
		return;
	out_int(o, "max", max_ms);
	end_note(s, o);
}

void recording_note_finish(struct sandbox *s, const struct turn *t, const char *resource_id)
{
	struct json_out *o = begin_note(s, t, "finish");
	if (!o)
		return;
	out_str(o, "resource", resource_id);
	end_note(s, o);
}

/* ---- start and stop -------------------------------------------------------------------------------------------------------------- */

void recording_free(struct recording *r)
{
	if (!r)
		return;
	buf_finish(&r->text);
	free(r->tags);
	free(r);
}

static void fill(const struct recording *r, struct recording_info *info)
{
	*info = r->info;
	info->bytes = r->text.len;
}

static struct recording *begin(struct sandbox *s)
{
	struct recording *r = xcalloc(1, sizeof *r);
	r->info = (struct recording_info){ .id = ++s->recordings, .running = true, .started_ms = clock_wall_ms() };
	buf_init(&r->text, RECORDING_MAX);
	turns_order(&s->turns, true);
	struct json_out *o = begin_line(r);
	out_object(o, "recording");
	out_int(o, "version", RECORDING_VERSION);
	out_int(o, "id", r->info.id);
	out_str(o, "sandbox", s->name);
	out_int(o, "started", r->info.started_ms);
	out_end_object(o);
	end_line(s, r);
	return r;
}

static bool start(struct sandbox *s, struct buf *why)
{
	recording_free(s->recording);
	struct recording *r = s->recording = begin(s);
	sandbox_enter(s);
	r->seen = look(s);
	r->tags = tags_text(s);
	bool fine = write_moment(s, r, true, why);
	sandbox_leave(s);
	if (fine)
		return true;
	if (r->info.running)
		stop(s, r);
	recording_free(r);
	s->recording = NULL;
	return false;
}

bool recording_start(struct sandbox *s, struct recording_info *info, struct buf *why)
{
	struct turn turn;
	turn_take_alone(&s->turns, &turn);
	bool fine = !(s->recording && s->recording->info.running) && start(s, why);
	if (s->recording)
		fill(s->recording, info);
	turn_give(&turn);
	return fine;
}

bool recording_stop(struct sandbox *s, struct recording_info *info)
{
	struct turn turn;
	turn_take_alone(&s->turns, &turn);
	bool running = s->recording && s->recording->info.running;
	if (running) {
		stop(s, s->recording);
		fill(s->recording, info);
	}
	turn_give(&turn);
	return running;
}

bool recording_look(struct sandbox *s, struct recording_info *info)
{
	struct turn turn;
	turn_take_alone(&s->turns, &turn);
	bool there = s->recording != NULL;
	if (there)
		fill(s->recording, info);
	turn_give(&turn);
	return there;
}

static bool is_numbered(const struct sandbox *s, int64_t id)
{
	return s->recording && s->recording->info.id == id;
}

/* The last line tells that nothing is missing. */
static void write_end(const struct recording *r, struct buf *out)
{
	struct json_out o;
	json_out_init(&o, out);
	out_object(&o, NULL);
	out_object(&o, "end");
	out_int(&o, "requests", (int64_t)r->info.requests);
	out_bool(&o, "full", r->info.full);
	out_end_object(&o);
	out_end_object(&o);
	buf_addc(out, '\n');
}

bool recording_read(struct sandbox *s, int64_t id, struct buf *out)
{
	struct turn turn;
	turn_take_alone(&s->turns, &turn);
	bool there = is_numbered(s, id);
	if (there) {
		buf_add(out, s->recording->text.data, s->recording->text.len);
		write_end(s->recording, out);
	}
	turn_give(&turn);
	return there;
}

bool recording_drop(struct sandbox *s, int64_t id)
{
	struct turn turn;
	turn_take_alone(&s->turns, &turn);
	bool there = is_numbered(s, id);
	if (there) {
		if (s->recording->info.running)
			stop(s, s->recording);
		recording_free(s->recording);
		s->recording = NULL;
	}
	turn_give(&turn);
	return there;
}
