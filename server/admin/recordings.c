/* Routes of recordings: begin and end one, take it away as a file, and play one again. */
#include <stdio.h>

#include "admin/admin_internal.h"
#include "gateway/recording.h"
#include "gateway/replay.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { WHY_MAX = 4096, DIFFERENCES_MAX = 20 };

/* ---- one of them -------------------------------------------------------------------------------------------------------------- */

static void write_time(struct json_out *o, const char *key, int64_t ms)
{
	char text[WIRETIME_SIZE];
	wiretime_utc(ms, text);
	if (ms)
		out_str(o, key, text);
	else
		out_null(o, key);
}

static void write_info(struct json_out *o, const struct recording_info *info)
{
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)info->id);
	out_str(o, "id", id);
	out_str(o, "status", info->running ? "recording" : info->full ? "full" : "stopped");
	out_int(o, "requests", (int64_t)info->requests);
	out_int(o, "bytes", (int64_t)info->bytes);
	write_time(o, "started", info->started_ms);
	write_time(o, "stopped", info->stopped_ms);
}

static void answer_info(struct admin_call *c, const struct recording_info *info)
{
	struct json_out o = answer_begin(c, 200);
	write_info(&o, info);
	answer_end(&o);
}

void recording_begin(struct admin_call *c)
{
	struct recording_info info;
	struct buf why;
	if (!body_read(c, NULL, 0))
		return;
	buf_init(&why, WHY_MAX);
	if (recording_start(c->box, &info, &why))
		answer_info(c, &info);
	else if (why.len)
		answer_error(c, 500, "RecordingFailed", NULL, "%s", why.data);
	else
		answer_error(c, 409, "AlreadyRecording", "POST /_cbs/recordings/stop ends it", "recording %lld is running", (long long)info.id);
	buf_finish(&why);
}

void recording_end(struct admin_call *c)
{
	struct recording_info info;
	if (!body_read(c, NULL, 0))
		return;
	if (recording_stop(c->box, &info))
		answer_info(c, &info);
	else
		answer_error(c, 409, "NotRecording", "POST /_cbs/recordings/start begins one", "no recording is running");
}

void recording_list(struct admin_call *c)
{
	struct recording_info info;
	bool there = recording_look(c->box, &info);
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "recordings");
	if (there) {
		out_object(&o, NULL);
		write_info(&o, &info);
		out_end_object(&o);
	}
	out_end_array(&o);
	answer_end(&o);
}

static void unknown(struct admin_call *c)
{
	answer_error(c, 404, "NoSuchRecording", "GET /_cbs/recordings shows the latest, which is the only one kept",
	             "the sandbox \"%s\" has no recording \"%s\"", c->sandbox, c->subject);
}

void recording_send(struct admin_call *c)
{
	int64_t id;
	buf_clear(&c->out->body);
	if (!str_to_i64(c->subject, &id) || !recording_read(c->box, id, &c->out->body)) {
		unknown(c);
		return;
	}
	c->out->status = 200;
	c->out->content_type = "application/x-ndjson";
}

void recording_remove(struct admin_call *c)
{
	int64_t id;
	if (!body_read(c, NULL, 0))
		return;
	if (!str_to_i64(c->subject, &id) || !recording_drop(c->box, id)) {
		unknown(c);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "deleted");
	out_str(&o, "id", c->subject);
	answer_end(&o);
}

/* ---- playing ------------------------------------------------------------------------------------------------------------------ */

static bool read_check(struct admin_call *c, bool *check)
{
	const char *text = c->values[0] ? c->values[0] : "0";
	*check = str_is(text, "1");
	if (*check || str_is(text, "0"))
		return true;
	answer_error(c, 400, "InvalidQuery", "accepted: check=0, check=1", "check cannot be \"%s\"", text);
	return false;
}

void recording_replay(struct admin_call *c)
{
	static const struct key_ring no_keys;
	struct replay_report report;
	struct buf why;
	bool check;
	if (!read_check(c, &check))
		return;
	buf_init(&why, WHY_MAX);
	struct json_out o = answer_begin(c, 200);
	bool played = replay_tell(c->in->body, c->in->body_len, &no_keys, DIFFERENCES_MAX, &o, &report, &why);
	answer_end(&o);
	if (!played)
		answer_error(c, 400, "BadRecording", "what GET /_cbs/recordings/{id} answers", "%s", why.data);
	else if (c->out->body.overflow)
		answer_error(c, 413, "TooLarge", "cbsmock replay FILE tells it all", "the answers that moved are too large for one answer");
	else if (check && report.moved)
		c->out->status = 409;
	buf_finish(&why);
}
