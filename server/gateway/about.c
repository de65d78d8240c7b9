/* JSON of our own, read back leniently: what this version does not understand is left at its usual value. */
#include "gateway/about.h"

#include <stdio.h>

#include <cjson/cJSON.h>

#include "gateway/mock_internal.h"
#include "gateway/presets.h"
#include "util/json_out.h"

static void write_settings(struct json_out *o, const char *name, const struct settings *s)
{
	out_object(o, name);
	settings_write_given(s, o);
	out_end_object(o);
}

void about_write(const struct sandbox *s, struct buf *out)
{
	struct json_out o;
	json_out_init(&o, out);
	out_object(&o, NULL);
	out_int(&o, "created", s->created_ms);
	out_int(&o, "expires", atomic_load(&s->expires_ms));
	out_str(&o, "template", s->origin.template);
	out_bool(&o, "copy", s->origin.copy);
	if (s->origin.seeded)
		out_int(&o, "seed", (int64_t)s->origin.seed);
	if (s->origin.clocked) {
		out_object(&o, "clock");
		out_bool(&o, "frozen", s->origin.clock.frozen);
		out_int(&o, "now", s->origin.clock.now_ms);
		out_int(&o, "rate", s->origin.clock.rate);
		out_end_object(&o);
	}
	write_settings(&o, "initial", &s->initial);
	write_settings(&o, "settings", &s->settings);
	out_end_object(&o);
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int64_t number(const cJSON *object, const char *name)
{
	const cJSON *value = member(object, name);
	return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : 0;
}

static void read_origin(struct origin *o, const cJSON *root)
{
	const char *template = cJSON_GetStringValue(member(root, "template"));
	const cJSON *clock = member(root, "clock");
	o->copy = cJSON_IsTrue(member(root, "copy"));
	if (template && (o->copy || preset_find(template) >= 0))
		snprintf(o->template, sizeof o->template, "%s", template);
	o->seeded = member(root, "seed") != NULL;
	o->seed = (uint64_t)number(root, "seed");
	o->clocked = clock != NULL;
	o->clock.frozen = cJSON_IsTrue(member(clock, "frozen"));
	o->clock.now_ms = number(clock, "now");
	o->clock.rate = number(clock, "rate");
}

void about_read(struct sandbox *s, const char *text)
{
	struct settings_fault fault;
	cJSON *root = cJSON_Parse(text);
	if (!cJSON_IsObject(root)) {
		cJSON_Delete(root);
		return;
	}
	s->created_ms = number(root, "created");
	atomic_store(&s->expires_ms, number(root, "expires"));
	read_origin(&s->origin, root);
	settings_read(&s->initial, s->mock->config, member(root, "initial"), NULL, &fault);
	settings_read(&s->settings, s->mock->config, member(root, "settings"), NULL, &fault);
	cJSON_Delete(root);
}
