/* The table of settings, a row each, and how each type of them is read from text. */
#include "config_internal.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"
#include "util/wiretime.h"

enum { HELP_COLUMN = 44 };

static const double RATE_FACTOR_MAX = 1e6;

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
	uint64_t *seed = member(c, s);
	return str_to_u64(text, seed) && *seed <= (uint64_t)s->max ? NULL : s->takes;
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
	/* strtod would take "0x10" too. */
	bool decimal = isdigit((unsigned char)text[0]) && !text[strspn(text, "0123456789.eE+-")];
	if (!decimal || *end || !isfinite(*factor) || *factor > RATE_FACTOR_MAX)
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

static bool read_one_transition(struct config *c, const char *text)
{
	const char *equals = strchr(text, '=');
	for (int i = 0; equals && i < N_TRANSITIONS; i++)
		if (strlen(transition_names[i]) == (size_t)(equals - text) && str_prefix(text, transition_names[i]))
			return !str_is(equals + 1, "time") && transition_rule_parse(equals + 1, &c->mock.transitions[i]);
	return false;
}

static const char *read_transition(struct config *c, const struct setting *s, const char *text)
{
	(void)s;
	do {
		size_t len = strcspn(text, ",");
		if (!read_one_transition(c, arena_strndup(c->arena, text, len))) {
			const char *takes = "NAME=immediate|manual|2s, where NAME is";
			for (int i = 0; i < N_TRANSITIONS; i++)
				takes = arena_printf(c->arena, "%s%s %s", takes, i ? "," : "", transition_names[i]);
			return takes;
		}
		text += len + (text[len] == ',');
	} while (*text);
	return NULL;
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

#define AT(field) .offset = offsetof(struct config, field)

const struct setting config_settings[] = {
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
	  read_text, AT(http.admin.token), .live = true, .secret = true },
	{ "admin-hosts", "NAME,…", NULL, "further Host names the admin API answers to",
	  read_text, AT(http.admin.hosts), .list = true, .live = true },
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
	  read_word, AT(mock.signature), .live = true },
	{ "dialect", "classic|current", "classic", "which code to answer where an original and a newer one name a condition",
	  read_word, AT(mock.dialect), .live = true },
	{ "finance", "named|strict|off", "named", "finance regions ask for their own host: when the Host is a real name, always, never",
	  read_word, AT(mock.finance), .live = true },
	{ "rate-limit", "on|off|FACTOR", "on", "rate limits as documented, none, or that many times as high",
	  read_rate, AT(mock.rate_factor), .live = true },
	{ "transitions", "time|immediate|manual", "time", "how disks and snapshots move on: after a while, at once, or when told",
	  read_transitions, AT(mock.transitions), .live = true },
	{ "transition", "NAME=immediate|manual|2s|3 polls,…", NULL, "the same for one kind, as in snapshot.create=30s",
	  read_transition, AT(mock.transitions), .list = true, .live = true },
	{ "public-hosts", "NAME,…", NULL, "further names clients sign for",
	  read_text, AT(mock.public_hosts), .list = true, .live = true },
	{ "journal-entries", "0..10000000", "10000", "requests a sandbox remembers; 0 is none",
	  read_int, AT(mock.journal_entries), .max = 10000000, .live = true },
	{ "journal-bytes", "0..2147483647", "67108864", "memory they may take, in bytes; the oldest go first",
	  read_int, AT(mock.journal_bytes), .max = INT32_MAX, .live = true },
	{ "revisions", "0..1000000", "0", "changes of a world that are kept to look at and go back on; costs time for each change",
	  read_int, AT(mock.revisions), .max = 1000000, .live = true },
	{ "seed", "0..9007199254740991", "0", "start of ids and chance: same seed, same calls, same answers; 0 takes the fixture's",
	  read_seed, AT(mock.seed), .max = INT64_C(9007199254740991) }, /* what a number in JSON holds exactly */
	{ "sandbox-on-first-use", "GLOB", NULL, "an unknown SecretId that matches makes itself a sandbox with its first well-signed request",
	  read_text, AT(mock.first_use), .live = true },
	{ "sandbox-secret-key", "TEXT", "test", "key of sandboxes that are made without one",
	  read_text, AT(mock.secret_key), .secret = true, .live = true },
	{ "sandbox-template", "NAME", "default", "what sandboxes made by first use begin as: default, empty, quota, or another sandbox",
	  read_text, AT(mock.first_use_template), .live = true },
	{ "max-sandboxes", "0..100000", "1000", "sandboxes beside \"default\"",
	  read_int, AT(mock.max_sandboxes), .max = 100000, .live = true },
	{ "log-level", "off|error|warn|info|debug", "info", "what is logged, on standard error",
	  read_word, AT(log_level), .live = true },
	{ "log-format", "text|json", "text", "form of a log line",
	  read_word, AT(log_format), .live = true },
};

#undef AT

const size_t config_setting_count = sizeof config_settings / sizeof config_settings[0];

_Static_assert(sizeof(enum durability) == sizeof(unsigned), "read_word writes an unsigned");

const struct setting config_setting = {
	.name = "config", .takes = "FILE", .help = "JSON object with these settings as keys",
};

bool setting_is_text(const struct setting *s)
{
	return s->read == read_text;
}

const struct setting *find_setting(const char *name)
{
	for (size_t i = 0; i < config_setting_count; i++)
		if (str_is(config_settings[i].name, name))
			return &config_settings[i];
	return str_is(config_setting.name, name) ? &config_setting : NULL;
}

/* ---- one by one ------------------------------------------------------------------------------------------------------ */

size_t config_count(void)
{
	return config_setting_count;
}

struct config_item config_item(const struct config *config, size_t i)
{
	const struct setting *s = &config_settings[i];
	const char *value = config->texts[i];
	return (struct config_item){ s->name, value && s->secret ? "(set)" : value, s->takes, s->help, s->live };
}

bool config_same(const struct config *a, const struct config *b, size_t i)
{
	return str_is(a->texts[i], b->texts[i]);
}

void config_note(struct config *config, const struct config *other, size_t i)
{
	const char *text = other->texts[i];
	config->texts[i] = text ? arena_strdup(config->arena, text) : NULL;
}

/* ---- help ------------------------------------------------------------------------------------------------------------ */

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
	for (size_t i = 0; i < config_setting_count; i++)
		help_line(out, &config_settings[i]);
	help_line(out, &config_setting);
}
