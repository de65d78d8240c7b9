/* The embeddable server: the same parts as the program's, opened and closed by a caller. What it does to a running server goes
 * through the admin API, like everybody's. */
#include "libcbsmock.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "address.h"
#include "cli/remote.h"
#include "config.h"
#include "gateway/mock.h"
#include "http/http.h"
#include "maintenance.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/log.h"

enum { WHY_MAX = 4096, URL_MAX = 256 };

struct cbsmock {
	struct config config;
	struct http *http;
	struct mock *mock;
	struct maintenance *maintenance;
	char *url, *admin_url;
};

/* ---- settings -------------------------------------------------------------------------------------------------------- */

static void set(cJSON *wanted, const char *name, const char *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(wanted, name);
	cJSON_AddStringToObject(wanted, name, value);
}

/* NULL with a sentence in `why`. */
static cJSON *gather(const char *const settings[], struct buf *why)
{
	cJSON *wanted = cJSON_CreateObject();
	set(wanted, "port", "0");
	set(wanted, "log-level", "warn");
	for (; settings && *settings; settings++) {
		const char *equals = strchr(*settings, '=');
		if (!equals) {
			buf_printf(why, "\"%s\" is not understood; settings are written name=value", *settings);
			cJSON_Delete(wanted);
			return NULL;
		}
		char *name = xstrdup(*settings);
		name[equals - *settings] = '\0';
		set(wanted, name, equals + 1);
		free(name);
	}
	return wanted;
}

static bool configure(struct config *config, const char *const settings[], struct buf *why)
{
	cJSON *wanted = gather(settings, why);
	if (!wanted)
		return false;
	struct config nothing = { .texts = xcalloc(config_count(), sizeof *nothing.texts) };
	bool fine = config_change(config, &nothing, wanted, why);
	free(nothing.texts);
	cJSON_Delete(wanted);
	return fine;
}

/* ---- start and stop -------------------------------------------------------------------------------------------------- */

static char *url_of(const struct cbsmock *c, int port)
{
	struct buf text;
	buf_init(&text, URL_MAX);
	address_url(&text, "http", c->config.http.host, port);
	return buf_take(&text, NULL);
}

static bool serve(struct cbsmock *c, struct buf *why)
{
	c->http = http_open(&c->config.http, why);
	c->mock = c->http ? mock_open(&c->config.mock, why) : NULL;
	if (!c->mock || !http_serve(c->http, c->mock, why))
		return false;
	c->maintenance = maintenance_start(c->mock);
	if (!c->maintenance) {
		buf_adds(why, "cannot start a thread");
		return false;
	}
	int admin_port = http_admin_port(c->http);
	c->url = url_of(c, http_port(c->http));
	c->admin_url = url_of(c, admin_port < 0 ? http_port(c->http) : admin_port);
	return true;
}

/* Threads begin with the signal mask of the one that makes them: the caller's signals stay with the caller's threads. */
static bool serve_without_signals(struct cbsmock *c, struct buf *why)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool fine = serve(c, why);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return fine;
}

static void tell(char **why, const char *text)
{
	if (why)
		*why = text ? xstrdup(text) : NULL;
}

struct cbsmock *cbsmock_start(const char *const settings[], char **why)
{
	struct buf problem;
	struct cbsmock *c = xcalloc(1, sizeof *c);
	buf_init(&problem, WHY_MAX);
	bool fine = configure(&c->config, settings, &problem);
	if (fine) {
		log_setup(c->config.log_level, c->config.log_format);
		fine = serve_without_signals(c, &problem);
	}
	tell(why, fine ? NULL : problem.data);
	buf_finish(&problem);
	if (fine)
		return c;
	cbsmock_stop(c);
	return NULL;
}

void cbsmock_stop(struct cbsmock *c)
{
	if (!c)
		return;
	maintenance_stop(c->maintenance);
	http_stop(c->http);
	mock_close(c->mock);
	config_finish(&c->config);
	free(c->url);
	free(c->admin_url);
	free(c);
}

/* ---- a server that runs ---------------------------------------------------------------------------------------------- */

const char *cbsmock_url(const struct cbsmock *c)
{
	return c->url;
}

int cbsmock_port(const struct cbsmock *c)
{
	return http_port(c->http);
}

int cbsmock_tls_port(const struct cbsmock *c)
{
	return http_tls_port(c->http);
}

int cbsmock_admin(struct cbsmock *c, const char *method, const char *path, const char *json, char **answer)
{
	struct remote remote = { .endpoint = c->admin_url, .token = c->config.http.admin.token, .timeout = "60" };
	struct http_reply reply;
	struct buf problem;
	struct arena *a = arena_new();
	buf_init(&problem, WHY_MAX);
	const struct remote_body body = { json, "application/json", json ? strlen(json) : 0 };
	bool answered = remote_ask(a, &remote, method, path, &body, &reply, &problem);
	tell(answer, answered ? reply.body : problem.data);
	buf_finish(&problem);
	arena_free(a);
	return answered ? reply.status : 0;
}

/* The sentence in {"error":{"message":…}}, else the whole answer. */
static void tell_refusal(char **why, const char *answer)
{
	cJSON *tree = cJSON_Parse(answer);
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(tree, "error");
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
	tell(why, message ? message : answer);
	cJSON_Delete(tree);
}

static bool post(struct cbsmock *c, const char *path, const char *json, char **why)
{
	char *answer;
	bool fine = cbsmock_admin(c, "POST", path, json, &answer) == 200;
	if (fine)
		tell(why, NULL);
	else
		tell_refusal(why, answer);
	free(answer);
	return fine;
}

bool cbsmock_reset(struct cbsmock *c, char **why)
{
	return post(c, "/_cbs/reset", NULL, why);
}

bool cbsmock_seed(struct cbsmock *c, const char *fixture, char **why)
{
	return post(c, "/_cbs/seed", fixture, why);
}

bool cbsmock_clock_advance(struct cbsmock *c, const char *by, char **why)
{
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "by", by);
	char *json = cJSON_PrintUnformatted(body);
	bool fine = post(c, "/_cbs/clock/advance", json, why);
	cJSON_free(json);
	cJSON_Delete(body);
	return fine;
}

const char *cbsmock_version(void)
{
	return CBSMOCK_VERSION;
}
