/* One table of settings and its four sources. A value is only looked at when no stronger source gives another, and every
 * complaint names the source. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "util/clock.h"
#include "util/json_check.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { FILE_MAX = 1024 * 1024, NAME_SIZE = 64, HELP_COLUMN = 44 };

static const double RATE_FACTOR_MAX = 1e6;
static const int64_t TRANSITION_MAX_MS = INT64_C(10) * 365 * 24 * 3600 * 1000;
static const char env_prefix[] = "CBSMOCK_";

struct setting {
	const char *name, *takes, *fallback; /* fallback NULL: stays as it is without the setting */
	const char *help;
	/* Puts the value into the config; NULL when it is fine, else what the setting takes. */
	const char *(*read)(struct config *c, const struct setting *s, const char *text);
	size_t offset;
	bool list;                           /* several may be given, "," between them */
	int64_t min, max;
};

/* ---- readers, one a type --------------------------------------------------------------------------------------------- */

static void *member(struct config *c, const struct setting *s)
{
	return (char *)c + s->offset;
}

static const char *read_text(struct config *c, const struct setting *s, const char *text)
{
	*(const char **)member(c, s) = text;
	return *text ? NULL : s->takes;
}

static const char *read_int(struct config *c, const struct setting *s, const char *text)
{
	int64_t value;
	if (!str_to_i64(text, &value) || value < s->min || value > s->max)
		return s->takes;
	*(int *)member(c, s) = (int)value;
	return NULL;
}

static const char *read_port_or_off(struct config *c, const struct setting *s, const char *text)
{
	if (!str_is(text, "off"))
		return read_int(c, s, text);
	*(int *)member(c, s) = -1;
	return NULL;
}

/* The words of `takes`, "|" between, are the enum's names in its order. */
static const char *read_word(struct config *c, const struct setting *s, const char *text)
{
	unsigned value = 0;
	for (const char *word = s->takes; *word; value++) {
		size_t len = strcspn(word, "|");
		if (strlen(text) == len && strncmp(word, text, len) == 0) {
			memcpy(member(c, s), &value, sizeof value);
			return NULL;
		}
		word += len + (word[len] == '|');
	}
	return s->takes;
}

static const char *read_seed(struct config *c, const struct setting *s, const char *text)
{
	return str_to_u64(text, member(c, s)) ? NULL : s->takes;
}

static const char *read_rate(struct config *c, const struct setting *s, const char *text)
{
	double *factor = member(c, s);
	char *end;
	if (str_is(text, "on") || str_is(text, "off")) {
		*factor = str_is(text, "on");
		return NULL;
	}
	*factor = strtod(text, &end);
	if (!isdigit((unsigned char)text[0]) || *end || !isfinite(*factor) || *factor > RATE_FACTOR_MAX)
		return s->takes;
	return NULL;
}

static const char *read_transitions(struct config *c, const struct setting *s, const char *text)
{
	enum progression how = PROGRESS_TIME;
	if (str_is(text, "immediate"))
		how = PROGRESS_IMMEDIATE;
	else if (str_is(text, "manual"))
		how = PROGRESS_MANUAL;
	else if (!str_is(text, "time"))
		return s->takes;
	for (int i = 0; i < N_TRANSITIONS; i++)
		c->mock.transitions[i].progression = how;
	return NULL;
}

static bool read_progression(struct transition_rule *rule, const char *text)
{
	int64_t ms;
	if (str_is(text, "immediate") || str_is(text, "manual")) {
		rule->progression = str_is(text, "manual") ? PROGRESS_MANUAL : PROGRESS_IMMEDIATE;
		return true;
	}
	if (!duration_parse(text, &ms) || ms < 0 || ms > TRANSITION_MAX_MS)
		return false;
	*rule = (struct transition_rule){ .progression = PROGRESS_TIME, .ms = ms };
	return true;
}

static bool read_one_transition(struct config *c, const char *text)
{
	const char *equals = strchr(text, '=');
	for (int i = 0; equals && i < N_TRANSITIONS; i++)
		if (strlen(transition_names[i]) == (size_t)(equals - text) && str_prefix(text, transition_names[i]))
			return read_progression(&c->mock.transitions[i], equals + 1);
	return false;
}

static const char *read_transition(struct config *c, const struct setting *s, const char *text)
{
	(void)s;
	while (*text) {
		size_t len = strcspn(text, ",");
		if (!read_one_transition(c, arena_strndup(c->arena, text, len))) {
			const char *takes = "NAME=immediate|manual|2s, where NAME is";
			for (int i = 0; i < N_TRANSITIONS; i++)
				takes = arena_printf(c->arena, "%s%s %s", takes, i ? "," : "", transition_names[i]);
			return takes;
		}
		text += len + (text[len] == ',');
	}
	return NULL;
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

#define AT(field) .offset = offsetof(struct config, field)

static const struct setting settings[] = {
	{ "host", "ADDRESS", "127.0.0.1", "address to listen on",
	  read_text, AT(http.host) },
	{ "port", "0..65535", "9362", "port of the API; 0 picks a free one",
	  read_int, AT(http.port), .max = 65535 },
	{ "tls-port", "off|0..65535", "off", "port of the API over TLS",
	  read_port_or_off, AT(http.tls_port), .max = 65535 },
	{ "tls-names", "NAME,…", NULL, "further names of the TLS certificate",
	  read_text, AT(http.tls_names), .list = true },
	{ "admin-port", "off|0..65535", "off", "moves the admin API from the API's ports to one of its own",
	  read_port_or_off, AT(http.admin_port), .max = 65535 },
	{ "admin-token", "TEXT", NULL, "token the admin API asks for; needed when host is not a loopback address",
	  read_text, AT(http.admin.token) },
	{ "admin-hosts", "NAME,…", NULL, "further Host names the admin API answers to",
	  read_text, AT(http.admin.hosts), .list = true },
	{ "threads", "0..256", "0", "threads that serve; 0 is one a core",
	  read_int, AT(http.threads), .max = 256 },
	{ "idle-timeout", "1..86400", "60", "seconds a connection may be idle",
	  read_int, AT(http.idle_seconds), .min = 1, .max = 86400 },
	{ "max-connections", "1..1000000", "1000", "connections at once, on each port",
	  read_int, AT(http.max_connections), .min = 1, .max = 1000000 },
	{ "data", "DIR", NULL, "keep the world in this directory; without it, in memory",
	  read_text, AT(mock.data_dir) },
	{ "durability", "os|power", "os", "an answered change survives the end of the process, or a power cut",
	  read_word, AT(mock.durability) },
	{ "fixture", "FILE", NULL, "the world to begin with; without it, the built-in one",
	  read_text, AT(mock.fixture_path) },
	{ "signature", "local|exact|off", "local", "accept signatures made for a local address too, only what the cloud accepts, or any",
	  read_word, AT(mock.signature) },
	{ "dialect", "classic|current", "classic", "which code to answer where an original and a newer one name a condition",
	  read_word, AT(mock.dialect) },
	{ "finance", "named|strict|off", "named", "finance regions ask for their own host: when the Host is a real name, always, never",
	  read_word, AT(mock.finance) },
	{ "rate-limit", "on|off|FACTOR", "on", "rate limits as documented, none, or that many times as high",
	  read_rate, AT(mock.rate_factor) },
	{ "transitions", "time|immediate|manual", "time", "how disks and snapshots move on: after a while, at once, or when told",
	  read_transitions, AT(mock.transitions) },
	{ "transition", "NAME=immediate|manual|2s,…", NULL, "the same for one kind, as in snapshot.create=30s",
	  read_transition, AT(mock.transitions), .list = true },
	{ "public-hosts", "NAME,…", NULL, "further names clients sign for",
	  read_text, AT(mock.public_hosts), .list = true },
	{ "seed", "NUMBER", "0", "start of ids and chance: same seed, same calls, same answers; 0 takes the fixture's",
	  read_seed, AT(mock.seed) },
	{ "log-level", "off|error|warn|info|debug", "info", "what is logged, on standard error",
	  read_word, AT(log_level) },
	{ "log-format", "text|json", "text", "form of a log line",
	  read_word, AT(log_format) },
};

#undef AT

enum { N_SETTINGS = sizeof settings / sizeof settings[0] };

_Static_assert(sizeof(enum durability) == sizeof(unsigned), "read_word writes an unsigned");

/* `config` names the file that holds the others, so it is none of them. */
static const struct setting config_setting = {
	.name = "config", .takes = "FILE", .help = "JSON object with these settings as keys",
};

static const struct setting *find_setting(const char *name)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (str_is(settings[i].name, name))
			return &settings[i];
	return str_is(config_setting.name, name) ? &config_setting : NULL;
}

/* ---- gathering what the sources give --------------------------------------------------------------------------------- */

struct given {
	const char *text, *from; /* from: "--port", "CBSMOCK_PORT", "\"port\" in FILE"; NULL when nothing was given */
};

struct gathering {
	struct config *config;
	struct buf *why;
	struct given values[N_SETTINGS], file; /* of the strongest source so far; file: --config */
};

/* Notes a value. Sources come weakest last, so what is there stays, unless it is of the same source: then lists join and others
 * give way. */
static void give(struct gathering *g, const struct setting *s, const char *text, const char *from)
{
	struct given *slot = s == &config_setting ? &g->file : &g->values[s - settings];
	if (slot->from && !str_is(slot->from, from))
		return;
	if (slot->from && s->list)
		text = arena_printf(g->config->arena, "%s,%s", slot->text, text);
	*slot = (struct given){ text, from };
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits that turn one name into the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_SIZE], width = strlen(b);
	if (strlen(a) >= NAME_SIZE || width >= NAME_SIZE)
		return NAME_SIZE;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0]++;
		for (size_t j = 1; j <= width; j++) {
			size_t changed = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[width];
}

static bool unknown_flag(struct gathering *g, const char *name)
{
	enum { CLOSE_ENOUGH = 2 };
	const struct setting *nearest = &settings[0];
	for (size_t i = 1; i < N_SETTINGS; i++)
		if (distance(name, settings[i].name) < distance(name, nearest->name))
			nearest = &settings[i];
	buf_printf(g->why, "--%s is not a setting", name);
	if (distance(name, nearest->name) <= CLOSE_ENOUGH)
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
		return value->valuestring;
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
		for (size_t i = 0; i < N_SETTINGS; i++)
			buf_printf(g->why, "%s %s", i ? "," : "", settings[i].name);
		return false;
	}
	bool array = s->list && cJSON_IsArray(value);
	for (const cJSON *item = array ? value->child : value; item; item = array ? item->next : NULL) {
		const char *text = scalar_text(a, item);
		if (!text) {
			buf_printf(g->why, "%s takes %s", from, s->takes);
			return false;
		}
		give(g, s, text, from);
	}
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
	const cJSON *value;
	arena_defer(g->config->arena, delete_tree, tree);
	if (!cJSON_IsObject(tree)) {
		buf_printf(g->why, "%s must hold a JSON object", path);
		return false;
	}
	cJSON_ArrayForEach(value, tree) if (!take_key(g, path, value)) return false;
	return true;
}

/* ---- together -------------------------------------------------------------------------------------------------------- */

static bool apply(struct gathering *g)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		const struct given *v = &g->values[i];
		const char *text = v->from ? v->text : s->fallback;
		const char *takes = text ? s->read(g->config, s, text) : NULL;
		if (takes) {
			buf_printf(g->why, "%s cannot be \"%s\"; it takes %s", v->from ? v->from : s->name, text, takes);
			return false;
		}
	}
	return true;
}

bool config_read(struct config *config, int argc, char **argv, struct buf *why)
{
	*config = (struct config){ .arena = arena_new() };
	struct gathering g = { .config = config, .why = why };
	mock_config_default(&config->mock);
	if (!take_flags(&g, argc, argv))
		return false;
	if (config->help || config->version)
		return true;
	take_environment(&g);
	if ((g.file.from && !take_file(&g, g.file.text)) || !apply(&g))
		return false;
	config->http.data_dir = config->mock.data_dir;
	config->http.admin.bound = config->http.host;
	config->http.admin.started_ms = clock_wall_ms();
	return true;
}

void config_finish(struct config *config)
{
	arena_free(config->arena);
	config->arena = NULL;
}

static void help_line(struct buf *out, const struct setting *s)
{
	size_t start = out->len;
	buf_printf(out, "  --%s %s ", s->name, s->takes);
	/* An ellipsis is three bytes and one column. */
	size_t columns = str_utf8_len(out->data + start);
	while (columns++ < HELP_COLUMN)
		buf_addc(out, ' ');
	buf_adds(out, s->help);
	if (s->fallback)
		buf_printf(out, " [%s]", s->fallback);
	buf_addc(out, '\n');
}

void config_help(struct buf *out)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		help_line(out, &settings[i]);
	help_line(out, &config_setting);
}
