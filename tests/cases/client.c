/* Calls with an atlas entry's differences, and JSON files from the source tree. */
#include "client.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"

enum { FILE_MOST = 8 * 1024 * 1024 };

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------------- */

static const char *tweak(const struct ask *ask, const char *name, const char *usual)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ask->tweaks, name));
	return text != NULL ? text : usual;
}

static int64_t tweak_number(const struct ask *ask, const char *name)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(ask->tweaks, name);
	return cJSON_IsNumber(number) ? (int64_t)number->valuedouble : 0;
}

static struct sender tweaked(struct sender s, const struct ask *ask)
{
	const char *form = tweak(ask, "form", NULL);
	if (form != NULL) {
		s.form = str_is(form, "get") ? SEND_V1_GET : SEND_V1_POST;
		s.method = V1_SHA256;
	}
	s.secret_id = tweak(ask, "secret_id", s.secret_id);
	s.secret_key = tweak(ask, "secret_key", s.secret_key);
	s.token = tweak(ask, "token", s.token);
	s.region = tweak(ask, "region", s.region);
	s.version = tweak(ask, "version", s.version);
	s.host = tweak(ask, "host", s.host);
	s.service = tweak(ask, "service", s.service);
	s.content_type = tweak(ask, "content_type", s.content_type);
	s.skew_s += tweak_number(ask, "timestamp_offset");
	return s;
}

static const char *body_text(struct arena *a, const struct ask *ask)
{
	char *printed = ask->params != NULL ? cJSON_PrintUnformatted(ask->params) : NULL;
	const char *body = tweak(ask, "body", printed != NULL ? printed : "{}");
	size_t len = strlen(body), spaces = (size_t)tweak_number(ask, "body_spaces");
	char *whole = arena_alloc(a, len + spaces + 1);
	memcpy(whole, body, len);
	memset(whole + len, ' ', spaces);
	cJSON_free(printed);
	return whole;
}

static void change_signed(struct request *r, const struct ask *ask)
{
	const cJSON *item;
	r->method = tweak(ask, "method", r->method);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(ask->tweaks, "omit"))
		world_header(r, item->valuestring, NULL);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(ask->tweaks, "unsigned"))
		world_header(r, item->string, item->valuestring);
	if (r->body_len > BODY_MAX)
		r->body_len = BODY_MAX + 1;
}

struct answer client_call(struct test_world *w, const struct ask *ask)
{
	struct sender usual = w->sender;
	w->sender = tweaked(usual, ask);
	struct request *r = world_request(w, tweak(ask, "action", ask->action), body_text(w->arena, ask));
	w->sender = usual;
	change_signed(r, ask);
	return world_send(w, r);
}

const char *client_guard(const struct answer *answer)
{
	return answer->request->guard != NULL ? answer->request->guard : "";
}

const char *client_text(const struct answer *answer)
{
	return answer->request->answer.data;
}

/* ---- the world ------------------------------------------------------------------------------------------------------------ */

void client_apply(struct test_world *w, const cJSON *fixture)
{
	if (fixture == NULL)
		return;
	char *text = cJSON_PrintUnformatted(fixture);
	world_apply(w, text);
	cJSON_free(text);
}

void client_freeze_at(struct test_world *w, int64_t ms)
{
	struct vclock clock;
	int64_t now_ms;
	world_freeze(w);
	ck_assert(mock_clock(w->mock, "default", CLOCK_SET, ms, &clock, &now_ms, NULL, NULL));
}

/* ---- files ------------------------------------------------------------------------------------------------------------------ */

const char *client_path(struct arena *a, const char *below)
{
	const char *root = getenv("CBSMOCK_SOURCE_ROOT");
	return *below == '/' ? below : arena_printf(a, "%s/%s", root != NULL ? root : ".", below);
}

cJSON *client_read_json(struct arena *a, const char *path)
{
	FILE *file = fopen(client_path(a, path), "rb");
	ck_assert_msg(file != NULL, "cannot read %s", path);
	struct buf text;
	char piece[4096];
	size_t len;
	buf_init(&text, FILE_MOST);
	while ((len = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(&text, piece, len);
	fclose(file);
	ck_assert_msg(!text.overflow, "%s is too large", path);
	cJSON *tree = cJSON_Parse(text.data);
	ck_assert_msg(tree != NULL, "%s is not JSON near: %.60s", path, cJSON_GetErrorPtr());
	buf_finish(&text);
	arena_defer(a, delete_tree, tree);
	return tree;
}
