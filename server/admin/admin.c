/* The door of the control API: who may come in, which route a path is, what its query may say. */
#include "admin/admin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "admin/admin_internal.h"
#include "gateway/sandboxes.h"
#include "util/hash.h"
#include "util/str.h"

enum { ANSWER_MAX = 64 * 1024 * 1024, QUERY_PAIRS_MAX = 16, NAME_SIZE = 256 };

static const char prefix[] = "/_cbs/";

/* Nearly every request asks, and nearly every path is "/". */
bool admin_owns(const char *path)
{
	if (str_is(path, "/"))
		return false;
	if (str_prefix(path, prefix) || str_is(path, "/_cbs"))
		return true;
	for (size_t i = 0; i < route_count; i++)
		if (!routes[i].apart && str_is(routes[i].path, path))
			return true;
	return false;
}

/* ---- who may come in ------------------------------------------------------------------------------------------------- */

static bool is_address(const char *name)
{
	unsigned char raw[16];
	return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

static bool is_loopback(const char *address)
{
	return str_is(address, "localhost") || str_is(address, "::1") || str_prefix(address, "127.");
}

/* The name in "name", "name:port", "[v6]:port". False when it is too long or empty. */
static bool host_name(const char *host, char out[NAME_SIZE])
{
	bool bracket = host[0] == '[';
	size_t len = strcspn(host + bracket, bracket ? "]" : ":");
	if (len == 0 || len >= NAME_SIZE)
		return false;
	memcpy(out, host + bracket, len);
	out[len] = '\0';
	str_lower(out);
	return true;
}

/* A page in the developer's browser can reach us under any name it makes resolve to 127.0.0.1, but cannot choose the Host header
 * then sent: it is that name. An address in it is no name, so it is fine where we listen on more than one. */
static bool host_allowed(const struct admin_config *config, const char *host)
{
	char name[NAME_SIZE];
	if (!host || !host_name(host, name))
		return false;
	if (str_is(name, "localhost") || str_is(name, "127.0.0.1") || str_is(name, "::1") || str_is(name, config->bound))
		return true;
	if (str_listed(config->hosts, name))
		return true;
	return (str_is(config->bound, "0.0.0.0") || str_is(config->bound, "::")) && is_address(name);
}

/* Only a page that we served ourselves: its origin is the host it asks, port included. */
static bool origin_allowed(const char *origin, const char *host)
{
	const char *authority = origin ? strstr(origin, "://") : NULL;
	return !origin || (authority && str_case_is(authority + 3, host));
}

static bool enter(struct admin_call *c, const struct route *route)
{
	const char *token = c->config->token;
	if (!host_allowed(c->config, c->in->host)) {
		answer_error(c, 403, "ForeignHost", "use 127.0.0.1 or localhost, or name the host in --admin-hosts",
		             "the admin API does not answer to this Host");
		return false;
	}
	if (!origin_allowed(c->in->origin, c->in->host)) {
		answer_error(c, 403, "ForeignOrigin", "web pages of other origins may not use it",
		             "the admin API does not answer to this Origin");
		return false;
	}
	if (route && route->open)
		return true;
	if (!token && is_loopback(c->config->bound))
		return true;
	if (!token) {
		answer_error(c, 403, "TokenNotSet", "start the server with --admin-token, or bind it to 127.0.0.1",
		             "the server can be reached from outside this machine and has no admin token");
		return false;
	}
	if (c->in->token && equal_constant_time(c->in->token, token))
		return true;
	answer_error(c, c->in->token ? 403 : 401, "TokenRequired", "send it as X-Cbs-Admin-Token, or as Authorization: Bearer",
	             c->in->token ? "this is not the admin token" : "the admin API asks for a token");
	return false;
}

/* ---- which route ----------------------------------------------------------------------------------------------------- */

/* Does the path have the pattern's form? *subject becomes what stands for "{…}". */
static bool matches(struct arena *a, const char *pattern, const char *path, const char **subject)
{
	const char *open = strchr(pattern, '{');
	if (!open)
		return str_is(pattern, path);
	size_t before = (size_t)(open - pattern);
	const char *after = strchr(open, '}') + 1;
	if (strncmp(pattern, path, before) != 0)
		return false;
	size_t len = strcspn(path + before, "/");
	if (len == 0 || !str_is(after, path + before + len))
		return false;
	*subject = arena_strndup(a, path + before, len);
	return true;
}

static bool method_fits(const struct route *route, const char *method)
{
	return str_is(route->method, method) || (str_is(method, "HEAD") && str_is(route->method, "GET"));
}

/* NULL when no route has the path and method; `methods` then has the methods of its path, or nothing when there is no such path. */
static const struct route *find_route(struct admin_call *c, struct buf *methods)
{
	const char *path = str_is(c->in->path, "/_cbs") ? prefix : c->in->path;
	const struct route *found = NULL;
	for (size_t i = 0; i < route_count && !found; i++) {
		if (!matches(c->arena, routes[i].path, path, &c->subject))
			continue;
		if (method_fits(&routes[i], c->in->method))
			found = &routes[i];
		if (!strstr(methods->data ? methods->data : "", routes[i].method))
			buf_printf(methods, "%s%s", methods->len ? ", " : "", routes[i].method);
	}
	return found;
}

/* ---- what the query says --------------------------------------------------------------------------------------------- */

static const char **query_target(struct admin_call *c, const struct route *route, const char *name)
{
	if (route->sandboxed && str_is(name, "sandbox")) {
		c->sandbox_given = true;
		return &c->sandbox;
	}
	for (int i = 0; i < QUERY_NAMES; i++)
		if (route->query[i] && str_is(name, route->query[i]))
			return &c->values[i];
	return NULL;
}

static const char *accepted_query(struct admin_call *c, const struct route *route)
{
	const char *text = route->sandboxed ? "accepted: sandbox" : "accepted:";
	for (int i = 0; i < QUERY_NAMES && route->query[i]; i++)
		text = arena_printf(c->arena, "%s %s", text, route->query[i]);
	return route->sandboxed || route->query[0] ? text : "this route takes no query";
}

/* The first names there are, for a hint. */
static const char *known_sandboxes(struct admin_call *c)
{
	enum { TOLD_MAX = 20 };
	struct sandbox **list;
	size_t count = sandboxes_all(c->mock, c->arena, &list);
	const char *text = "known:";
	for (size_t i = 0; i < count && i < TOLD_MAX; i++)
		text = arena_printf(c->arena, "%s%s %s", text, i ? "," : "", list[i]->name);
	if (count > TOLD_MAX)
		text = arena_printf(c->arena, "%s and %zu more", text, count - TOLD_MAX);
	sandboxes_release(list, count);
	return text;
}

static bool find_sandbox(struct admin_call *c, const struct route *route)
{
	if (route->all && str_is(c->sandbox, "*"))
		return true;
	c->box = sandboxes_find(c->mock, c->sandbox);
	if (c->box || (route->all && str_is(c->sandbox, "all")))
		return true;
	const char *known = known_sandboxes(c);
	if (route->all)
		known = arena_printf(c->arena, "%s; * or all is all of them", known);
	answer_error(c, 404, "NoSuchSandbox", known, "there is no sandbox \"%s\"", c->sandbox);
	return false;
}

static bool read_query(struct admin_call *c, const struct route *route)
{
	char *rest = arena_strdup(c->arena, c->in->query);
	while (*rest) {
		char *pair = rest, *equals;
		size_t len = strcspn(rest, "&");
		rest += len + (rest[len] == '&');
		pair[len] = '\0';
		equals = strchr(pair, '=');
		char *value = equals ? equals + 1 : pair + strlen(pair);
		if (equals)
			*equals = '\0';
		size_t name_len = strlen(pair), value_len = strlen(value);
		const char **target = str_form_decode(pair, &name_len) ? query_target(c, route, pair) : NULL;
		if (!target || !str_form_decode(value, &value_len)) {
			answer_error(c, 400, "UnknownQuery", accepted_query(c, route), "the query has a name or value that is not known here");
			return false;
		}
		*target = value;
	}
	return !route->sandboxed || find_sandbox(c, route);
}

static bool is_media(const char *type, const char *media)
{
	size_t len = strcspn(type, "; ");
	return len == strlen(media) && strncasecmp(type, media, len) == 0;
}

static size_t body_max(const struct route *route)
{
	return route->image || route->lines ? ADMIN_IMPORT_MAX : ADMIN_BODY_MAX;
}

size_t admin_body_max(const char *path)
{
	size_t max = ADMIN_BODY_MAX;
	struct arena *a = arena_new();
	const char *subject;
	for (size_t i = 0; i < route_count; i++)
		if (body_max(&routes[i]) > max && matches(a, routes[i].path, path, &subject))
			max = body_max(&routes[i]);
	arena_free(a);
	return max;
}

/* A form or plain text is what a web page can send without asking; JSON it cannot. */
static bool content_fits(struct admin_call *c, const struct route *route)
{
	const char *type = c->in->content_type;
	if (c->in->body_len > body_max(route)) {
		answer_error(c, 413, "BodyTooLarge", NULL, "a body may have %zu bytes", body_max(route));
		return false;
	}
	if (!c->in->body_len || !type || is_media(type, "application/json") || (route->text && is_media(type, "text/plain")))
		return true;
	if (route->lines && is_media(type, "application/x-ndjson"))
		return true;
	if (route->image && (is_media(type, "application/vnd.sqlite3") || is_media(type, "application/octet-stream")))
		return true;
	answer_error(c, 415, "UnsupportedMediaType",
	             route->image ? "send Content-Type: application/vnd.sqlite3, or application/json" : "send Content-Type: application/json",
	             "a body of this type is not taken");
	return false;
}

/* ---- together -------------------------------------------------------------------------------------------------------- */

/* The path is some route's, the method is not. */
static void refuse_method(struct admin_call *c, const struct buf *methods)
{
	answer_error(c, 405, "MethodNotAllowed", NULL, "this path has %s", methods->data);
	memcpy(c->out->allow, methods->data, methods->len + 1);
}

/* What changes a sandbox does so between its requests. */
static void run(struct admin_call *c, const struct route *route)
{
	bool looks = str_is(c->in->method, "GET") || str_is(c->in->method, "HEAD");
	struct turn turn = { .kind = TURN_NONE };
	if (c->box && !looks && !route->own_turn)
		turn_take(&c->box->turns, &turn);
	route->run(c);
	turn_give(&turn);
}

/* For a path that is none: the routes that begin as it does, by its first word. */
static const char *near_routes(struct admin_call *c)
{
	const char *path = c->in->path, *text = "";
	size_t word = strlen(prefix);
	if (str_prefix(path, prefix) && path[word] && path[word] != '/')
		word += strcspn(path + word, "/");
	else
		word = 0;
	for (size_t i = 0; word && i < route_count; i++)
		if (strncmp(routes[i].path, path, word) == 0 && (!routes[i].path[word] || routes[i].path[word] == '/'))
			text = arena_printf(c->arena, "%s%s%s %s", text, *text ? ", " : "there are ", routes[i].method, routes[i].path);
	return *text ? text : "GET /_cbs/ lists the routes";
}

static void dispatch(struct admin_call *c)
{
	struct buf methods;
	buf_init(&methods, sizeof c->out->allow - 1);
	const struct route *route = find_route(c, &methods);
	if (enter(c, route)) {
		if (!route && methods.len)
			refuse_method(c, &methods);
		else if (!route)
			answer_error(c, 404, "NoSuchRoute", near_routes(c), "there is no such path");
		else if (content_fits(c, route) && read_query(c, route))
			run(c, route);
	}
	buf_finish(&methods);
}

void admin_handle(struct mock *m, const struct admin_config *config, const struct admin_request *in, struct admin_answer *out)
{
	struct admin_call c = { .mock = m, .config = config, .in = in, .arena = arena_new(), .sandbox = DEFAULT_SANDBOX, .out = out };
	*out = (struct admin_answer){ .status = 500 };
	buf_init(&out->body, ANSWER_MAX);
	dispatch(&c);
	sandbox_release(c.box);
	arena_free(c.arena);
}
