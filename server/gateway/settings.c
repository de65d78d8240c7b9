/* Settings of a sandbox, a row each: its name, how it is read from JSON and written, and what it takes in words. */
#include "gateway/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/mock.h"
#include "store/revisions.h"
#include "util/str.h"

static const double RATE_FACTOR_MAX = 1e6;

enum { ROW_DIALECT, ROW_RATE_LIMIT, ROW_SIGNATURE_CLOCK, ROW_REVISIONS, ROW_TRANSITIONS, N_ROWS };

/* ---- dialect, rate limit, signature clock ---------------------------------------------------------------------------------- */

/* Index of the text among the words; -1 when it is none of them. */
static int word_of(const cJSON *value, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (cJSON_IsString(value) && str_is(value->valuestring, words[i]))
			return i;
	return -1;
}

static const char *const dialects[] = { [DIALECT_CLASSIC] = "classic", [DIALECT_CURRENT] = "current" };
static const char *const clocks[] = { [SIGNATURE_CLOCK_WALL] = "wall", [SIGNATURE_CLOCK_SANDBOX] = "sandbox" };

static bool read_dialect(struct settings *s, const cJSON *value)
{
	int found = word_of(value, dialects, 2);
	if (found >= 0)
		s->dialect = (enum dialect)found;
	return found >= 0;
}

static void write_dialect(const struct settings *s, struct json_out *o)
{
	out_str(o, "dialect", dialects[s->dialect]);
}

static bool read_rate_limit(struct settings *s, const cJSON *value)
{
	if (cJSON_IsString(value) && (str_is(value->valuestring, "on") || str_is(value->valuestring, "off"))) {
		s->rate_factor = str_is(value->valuestring, "on");
		return true;
	}
	if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble) || value->valuedouble < 0 || value->valuedouble > RATE_FACTOR_MAX)
		return false;
	s->rate_factor = value->valuedouble;
	return true;
}

static void write_rate_limit(const struct settings *s, struct json_out *o)
{
	char factor[32];
	snprintf(factor, sizeof factor, "%.15g", s->rate_factor);
	if (s->rate_factor <= 0)
		out_str(o, "rate_limit", "off");
	else
		out_raw(o, "rate_limit", factor);
}

static bool read_signature_clock(struct settings *s, const cJSON *value)
{
	int found = word_of(value, clocks, 2);
	if (found >= 0)
		s->signature_clock = (enum signature_clock)found;
	return found >= 0;
}

static void write_signature_clock(const struct settings *s, struct json_out *o)
{
	out_str(o, "signature_clock", clocks[s->signature_clock]);
}

/* ---- revisions -------------------------------------------------------------------------------------------------------------- */

static bool read_revisions(struct settings *s, const cJSON *value)
{
	double count = cJSON_IsNumber(value) ? value->valuedouble : -1;
	bool fits = count >= 0 && count <= REVISIONS_MAX && count == floor(count);
	if (fits)
		s->revisions = (int)count;
	return fits;
}

static void write_revisions(const struct settings *s, struct json_out *o)
{
	out_int(o, "revisions", s->revisions);
}

/* ---- transitions ------------------------------------------------------------------------------------------------------------ */

static bool read_rule(struct transition_rule *rule, const cJSON *value)
{
	return cJSON_IsString(value) && transition_rule_parse(value->valuestring, rule);
}

/* One rule for all, or an object of rules. */
static bool read_transitions(struct settings *s, const cJSON *value)
{
	if (cJSON_IsString(value)) {
		for (int i = 0; i < N_TRANSITIONS; i++)
			if (!read_rule(&s->transitions[i], value))
				return false;
		return true;
	}
	const cJSON *item;
	if (!cJSON_IsObject(value))
		return false;
	cJSON_ArrayForEach(item, value)
	{
		enum transition named[N_TRANSITIONS];
		size_t count = transitions_named(item->string, named);
		for (size_t i = 0; i < count; i++)
			if (!read_rule(&s->transitions[named[i]], item))
				return false;
		if (count == 0)
			return false;
	}
	return true;
}

static void write_transitions(const struct settings *s, struct json_out *o)
{
	struct arena *a = arena_new();
	out_object(o, "transitions");
	for (int i = 0; i < N_TRANSITIONS; i++)
		out_str(o, transition_names[i], transition_rule_text(a, &s->transitions[i]));
	out_end_object(o);
	arena_free(a);
}

size_t transitions_named(const char *name, enum transition out[N_TRANSITIONS])
{
	static const char service[] = "cbs::";
	size_t count = 0;
	if (str_prefix(name, service))
		name += strlen(service);
	for (int i = 0; i < N_TRANSITIONS; i++) {
		const char *full = transition_names[i];
		size_t kind = strcspn(full, ".");
		if (str_is(name, full) || (strlen(name) == kind && strncmp(name, full, kind) == 0))
			out[count++] = (enum transition)i;
	}
	return count;
}

void settings_set_transition(struct settings *s, enum transition t, struct transition_rule rule)
{
	s->transitions[t] = rule;
	s->given |= 1U << ROW_TRANSITIONS;
}

void settings_reset_transition(struct settings *s, const struct mock_config *config, enum transition t)
{
	s->transitions[t] = config->transitions[t];
}

/* ---- the table -------------------------------------------------------------------------------------------------------------- */

#define AT(field) offsetof(struct settings, field), sizeof(((struct settings *)NULL)->field)

static const struct row {
	const char *name;
	bool (*read)(struct settings *s, const cJSON *value);
	void (*write)(const struct settings *s, struct json_out *o);
	size_t offset, size;
	const char *takes;
} rows[N_ROWS] = {
	[ROW_DIALECT] = { "dialect", read_dialect, write_dialect, AT(dialect), "\"classic\" or \"current\"" },
	[ROW_RATE_LIMIT] = { "rate_limit", read_rate_limit, write_rate_limit, AT(rate_factor), "\"on\", \"off\" or a factor" },
	[ROW_SIGNATURE_CLOCK] = { "signature_clock", read_signature_clock, write_signature_clock, AT(signature_clock),
	                          "\"wall\" or \"sandbox\"" },
	[ROW_REVISIONS] = { "revisions", read_revisions, write_revisions, AT(revisions), "how many to keep, 0 to 1000000; 0 is none" },
	[ROW_TRANSITIONS] = { "transitions", read_transitions, write_transitions, AT(transitions),
	                      "\"immediate\", \"manual\", \"3 polls\", \"time\" or a duration, \" steps\" behind it, or an object "
	                      "of them by disk.create, disk.attach, "
	                      "disk.detach, disk.resize, disk.rollback, snapshot.create, disk or snapshot" },
};

#undef AT

void settings_init(struct settings *s, const struct mock_config *config)
{
	*s = (struct settings){ .dialect = config->dialect, .rate_factor = config->rate_factor, .revisions = config->revisions };
	memcpy(s->transitions, config->transitions, sizeof s->transitions);
}

static void go_back(struct settings *s, const struct mock_config *config, int row)
{
	struct settings usual;
	settings_init(&usual, config);
	memcpy((char *)s + rows[row].offset, (const char *)&usual + rows[row].offset, rows[row].size);
	s->given &= ~(1U << row);
}

void settings_follow(struct settings *s, const struct mock_config *config)
{
	for (int row = 0; row < N_ROWS; row++)
		if (!(s->given & 1U << row))
			go_back(s, config, row);
}

static bool among(const char *const *names, const char *name)
{
	while (names && *names && !str_is(*names, name))
		names++;
	return names && *names;
}

bool settings_read(struct settings *s, const struct mock_config *config, const cJSON *object, const char *const *others,
                   struct settings_fault *fault)
{
	struct settings next = *s;
	const cJSON *value;
	cJSON_ArrayForEach(value, object)
	{
		int row = 0;
		if (among(others, value->string))
			continue;
		while (row < N_ROWS && !str_is(rows[row].name, value->string))
			row++;
		*fault = (struct settings_fault){ value->string, row < N_ROWS ? rows[row].takes : NULL };
		if (row == N_ROWS)
			return false;
		if (cJSON_IsNull(value)) {
			go_back(&next, config, row);
			continue;
		}
		if (!rows[row].read(&next, value))
			return false;
		next.given |= 1U << row;
	}
	*s = next;
	return true;
}

void settings_write(const struct settings *s, struct json_out *o)
{
	for (int row = 0; row < N_ROWS; row++)
		rows[row].write(s, o);
}

void settings_write_given(const struct settings *s, struct json_out *o)
{
	for (int row = 0; row < N_ROWS; row++)
		if (s->given & 1U << row)
			rows[row].write(s, o);
}

const char *settings_names(void)
{
	return "dialect, rate_limit, signature_clock, revisions, transitions";
}
