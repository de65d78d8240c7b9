/* Where settings come from: flags, environment, file, a running server's own, a request. A value is only looked at when no stronger
 * source gives another, and every complaint names the source. */
#include "config_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/json_check.h"
#include "util/str.h"

enum { FILE_MAX = 1024 * 1024 };

static const char env_prefix[] = "CBSMOCK_";

/* ---- gathering ------------------------------------------------------------------------------------------------------- */

struct given {
	const char *text, *from; /* from: "--port", "CBSMOCK_PORT", "\"port\" in FILE"; NULL when nothing was given */
};

struct gathering {
	struct config *config;
	struct buf *why;
	struct given *values, file; /* of the strongest source so far; values: in the table's order; file: --config */
};

/* Notes a value. Sources come weakest last, so what is there stays, unless it is of the same source: then lists join and others
 * give way. */
static void give(struct gathering *g, const struct setting *s, const char *text, const char *from)
{
	struct given *slot = s == &config_setting ? &g->file : &g->values[s - config_settings];
	if (slot->from && !str_is(slot->from, from))
		return;
	if (slot->from && s->list)
		text = arena_printf(g->config->arena, "%s,%s", slot->text, text);
	*slot = (struct given){ text, from };
}

static bool unknown_flag(struct gathering *g, const char *name)
{
	enum { CLOSE_ENOUGH = 2 };
	const struct setting *nearest = &config_settings[0];
	for (size_t i = 1; i < config_setting_count; i++)
		if (str_distance(name, config_settings[i].name) < str_distance(name, nearest->name))
			nearest = &config_settings[i];
	buf_printf(g->why, "--%s is not a setting", name);
	if (str_distance(name, nearest->name) <= CLOSE_ENOUGH)
		buf_printf(g->why, "; did you mean --%s?", nearest->name);
	else
		buf_adds(g->why, "; \"cbsmock --help\" lists them");
	return false;
}

static bool take_flags(struct gathering *g, int argc, char **argv)
{
	struct arena *a = g->config->arena;
	for (int i = 1; i < argc; i++) {
		if (str_is(argv[i], "--help") || str_is(argv[i], "-h") || str_is(argv[i], "--version")) {
			*(str_is(argv[i], "--version") ? &g->config->version : &g->config->help) = true;
			continue;
		}
		if (!str_prefix(argv[i], "--")) {
			buf_printf(g->why, "\"%s\" is not understood; settings are written --name VALUE", argv[i]);
			return false;
		}
		size_t len = strcspn(argv[i] + 2, "=");
		const char *name = arena_strndup(a, argv[i] + 2, len), *text = argv[i] + 2 + len;
		const struct setting *s = find_setting(name);
		if (!s)
			return unknown_flag(g, name);
		if (*text == '=')
			text++;
		else if (i + 1 < argc && !str_prefix(argv[i + 1], "--"))
			text = argv[++i];
		else {
			buf_printf(g->why, "--%s needs a value: %s", name, s->takes);
			return false;
		}
		give(g, s, text, arena_printf(a, "--%s", name));
	}
	return true;
}

extern char **environ;

/* "CBSMOCK_TLS_PORT" is "tls-port"; NULL when it is no setting. */
static const struct setting *setting_of_env(struct arena *a, const char *variable)
{
	char *name = arena_strdup(a, variable + strlen(env_prefix));
	for (char *c = name; *c; c++) {
		if (islower((unsigned char)*c) || *c == '-')
			return NULL;
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	}
	return find_setting(name);
}

/* Of the commands that talk to a server. */
static bool is_client_variable(const char *variable)
{
	return str_is(variable, "CBSMOCK_ENDPOINT") || str_is(variable, "CBSMOCK_SANDBOX");
}

/* A variable of ours that we do not know is no error: another version of the program may know it. Empty is as good as unset. */
static void take_environment(struct gathering *g)
{
	struct config *c = g->config;
	for (char **entry = environ; *entry; entry++) {
		if (!str_prefix(*entry, env_prefix))
			continue;
		size_t len = strcspn(*entry, "=");
		const char *variable = arena_strndup(c->arena, *entry, len), *text = *entry + len + ((*entry)[len] == '=');
		const struct setting *s = setting_of_env(c->arena, variable);
		if (!s && is_client_variable(variable))
			continue;
		if (!s)
			c->unknown_env = c->unknown_env ? arena_printf(c->arena, "%s, %s", c->unknown_env, variable) : variable;
		else if (*text)
			give(g, s, text, variable);
	}
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

/* Its text in the arena; NULL with a sentence in `why`. */
static const char *load_file(struct gathering *g, const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text = f ? arena_alloc(g->config->arena, FILE_MAX + 1) : NULL;
	*len = f ? fread(text, 1, FILE_MAX + 1, f) : 0;
	const char *problem = !f || ferror(f) ? strerror(errno) : *len > FILE_MAX ? "it is larger than 1 MiB" : NULL;
	if (f)
		fclose(f);
	if (!problem)
		return text;
	buf_printf(g->why, "cannot read %s (%s): %s", path, g->file.from, problem);
	return NULL;
}

/* A scalar as the text that a flag would have; NULL for what no flag could say. */
static const char *scalar_text(struct arena *a, const cJSON *value)
{
	if (cJSON_IsString(value))
		return arena_strdup(a, value->valuestring);
	if (cJSON_IsBool(value))
		return cJSON_IsTrue(value) ? "on" : "off";
	if (!cJSON_IsNumber(value))
		return NULL;
	return arena_printf(a, "%.17g", value->valuedouble);
}

static bool take_key(struct gathering *g, const char *path, const cJSON *value)
{
	struct arena *a = g->config->arena;
	const struct setting *s = find_setting(value->string);
	const char *from = arena_printf(a, "\"%s\" in %s", value->string, path);
	if (!s || s == &config_setting) {
		buf_printf(g->why, "%s is not a setting; accepted:", from);
		for (size_t i = 0; i < config_setting_count; i++)
			buf_printf(g->why, "%s %s", i ? "," : "", config_settings[i].name);
		return false;
	}
	bool array = s->list && cJSON_IsArray(value);
	for (const cJSON *item = array ? value->child : value; item; item = array ? item->next : NULL) {
		const char *text = setting_is_text(s) && !cJSON_IsString(item) ? NULL : scalar_text(a, item);
		if (!text) {
			buf_printf(g->why, "%s takes %s", from, s->takes);
			return false;
		}
		give(g, s, text, from);
	}
	return true;
}

static bool take_object(struct gathering *g, const char *from, const cJSON *object)
{
	const cJSON *value;
	if (!cJSON_IsObject(object)) {
		buf_printf(g->why, "%s must hold a JSON object", from);
		return false;
	}
	cJSON_ArrayForEach(value, object) if (!take_key(g, from, value)) return false;
	return true;
}

static int line_of(const char *text, size_t offset)
{
	int line = 1;
	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static bool take_file(struct gathering *g, const char *path)
{
	struct json_report report;
	size_t len;
	const char *text = load_file(g, path, &len);
	if (!text)
		return false;
	if (!json_check(text, len, &report)) {
		buf_printf(g->why, "%s line %d: %s", path, line_of(text, report.offset), json_fault_text(report.fault));
		return false;
	}
	cJSON *tree = cJSON_ParseWithLength(text, len);
	arena_defer(g->config->arena, delete_tree, tree);
	return take_object(g, path, tree);
}

/* ---- together -------------------------------------------------------------------------------------------------------- */

static bool apply(struct gathering *g)
{
	g->config->texts = arena_alloc(g->config->arena, config_setting_count * sizeof *g->config->texts);
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *s = &config_settings[i];
		const struct given *v = &g->values[i];
		const char *text = g->config->texts[i] = v->from ? v->text : s->fallback;
		const char *takes = text ? s->read(g->config, s, text) : NULL;
		if (takes) {
			buf_printf(g->why, "%s cannot be \"%s\"; it takes %s", v->from ? v->from : s->name, text, takes);
			return false;
		}
	}
	return true;
}

static struct gathering begin(struct config *config, struct buf *why)
{
	*config = (struct config){ .arena = arena_new() };
	mock_config_default(&config->mock);
	struct given *values = arena_alloc(config->arena, config_setting_count * sizeof *values);
	return (struct gathering){ .config = config, .why = why, .values = values };
}

static bool complete(struct gathering *g)
{
	struct config *config = g->config;
	if (!apply(g))
		return false;
	config->http.data_dir = config->mock.data_dir;
	config->http.admin.bound = config->http.host;
	config->http.admin.started_ms = clock_wall_ms();
	return true;
}

bool config_read(struct config *config, int argc, char **argv, struct buf *why)
{
	struct gathering g = begin(config, why);
	if (!take_flags(&g, argc, argv))
		return false;
	if (config->help || config->version)
		return true;
	take_environment(&g);
	if (g.file.from && !take_file(&g, g.file.text))
		return false;
	return complete(&g);
}

bool config_change(struct config *config, const struct config *running, const cJSON *wanted, struct buf *why)
{
	struct gathering g = begin(config, why);
	if (!take_object(&g, "the request", wanted))
		return false;
	for (size_t i = 0; i < config_setting_count; i++)
		if (running->texts[i])
			give(&g, &config_settings[i], arena_strdup(config->arena, running->texts[i]), config_settings[i].name);
	return complete(&g);
}

void config_finish(struct config *config)
{
	arena_free(config->arena);
	config->arena = NULL;
}
