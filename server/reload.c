/* Compares the settings as they are now with those the server runs on, by their texts; then hands the live ones to those who use them. */
#include "reload.h"

#include "util/log.h"
#include "util/str.h"

enum { WHY_MAX = 4096, NAMES_MAX = 4096 };

/* ---- what differs ---------------------------------------------------------------------------------------------------- */

static void write_value(struct json_out *o, const char *key, const struct config *config, size_t i)
{
	out_str(o, key, config_item(config, i).value);
}

/* Tells and logs the live differences; returns whether there is one. */
static bool tell_changes(const struct config *from, const struct config *to, struct json_out *o)
{
	bool any = false;
	out_array(o, "changed");
	for (size_t i = 0; i < config_count(); i++) {
		struct config_item old = config_item(from, i), new = config_item(to, i);
		if (!old.live || config_same(from, to, i))
			continue;
		any = true;
		log_say(LOG_INFO, "setting %s: %s, was %s", new.name, new.value ? new.value : "none", old.value ? old.value : "none");
		out_object(o, NULL);
		out_str(o, "name", new.name);
		write_value(o, "from", from, i);
		write_value(o, "to", to, i);
		out_end_object(o);
	}
	out_end_array(o);
	return any;
}

/* Names of those that differ and need a restart, ", " between; logged in one line. */
static void tell_restart(const struct config *from, const struct config *to, struct json_out *o)
{
	struct buf names;
	buf_init(&names, NAMES_MAX);
	out_array(o, "needs_restart");
	for (size_t i = 0; i < config_count(); i++) {
		struct config_item item = config_item(to, i);
		if (item.live || config_same(from, to, i))
			continue;
		out_str(o, NULL, item.name);
		buf_printf(&names, "%s%s", names.len ? ", " : "", item.name);
	}
	out_end_array(o);
	if (names.len)
		log_say(LOG_WARN, "needs a restart: %s", names.data);
	buf_finish(&names);
}

/* The first change that the running server cannot make, or NULL. */
static const char *needs_restart(const struct config *from, const struct config *to)
{
	for (size_t i = 0; i < config_count(); i++)
		if (!config_item(to, i).live && !config_same(from, to, i))
			return config_item(to, i).name;
	return NULL;
}

/* ---- changing -------------------------------------------------------------------------------------------------------- */

static void hand_over(struct reload *r, const struct config *fresh)
{
	log_setup(fresh->log_level, fresh->log_format);
	mock_reconfigure(r->mock, &fresh->mock);
	http_reconfigure(r->http, &fresh->http.admin);
	for (size_t i = 0; i < config_count(); i++)
		if (config_item(fresh, i).live && !config_same(r->running, fresh, i))
			config_note(r->running, fresh, i);
}

/* Takes over what is live in `fresh` and tells. */
static void take(struct reload *r, const struct config *fresh, struct json_out *o)
{
	bool any = tell_changes(r->running, fresh, o);
	tell_restart(r->running, fresh, o);
	if (any)
		hand_over(r, fresh);
}

/* False with a sentence in `why`: then nothing changed. */
static bool read_again(void *data, struct json_out *o, struct buf *why)
{
	struct reload *r = data;
	struct config fresh;
	pthread_mutex_lock(&r->lock);
	bool fine = config_read(&fresh, r->argc, r->argv, why);
	if (fine)
		take(r, &fresh, o);
	config_finish(&fresh);
	pthread_mutex_unlock(&r->lock);
	return fine;
}

void reload_now(struct reload *r)
{
	struct buf why, told;
	struct json_out o;
	buf_init(&why, WHY_MAX);
	buf_init(&told, NAMES_MAX);
	json_out_init(&o, &told);
	if (read_again(r, &o, &why))
		log_say(LOG_INFO, "settings read again");
	else
		log_say(LOG_ERROR, "the settings stay as they are: %s", why.data);
	buf_finish(&told);
	buf_finish(&why);
}

/* ---- for the admin API ----------------------------------------------------------------------------------------------- */

static void show(void *data, struct json_out *o)
{
	struct reload *r = data;
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < config_count(); i++) {
		struct config_item item = config_item(r->running, i);
		out_object(o, NULL);
		out_str(o, "name", item.name);
		out_str(o, "value", item.value);
		out_bool(o, "live", item.live);
		out_str(o, "takes", item.takes);
		out_str(o, "help", item.help);
		out_end_object(o);
	}
	pthread_mutex_unlock(&r->lock);
}

/* All that is asked for, or nothing. */
static bool change(void *data, const cJSON *wanted, struct json_out *o, struct buf *why)
{
	struct reload *r = data;
	struct config fresh;
	pthread_mutex_lock(&r->lock);
	bool fine = config_change(&fresh, r->running, wanted, why);
	const char *stuck = fine ? needs_restart(r->running, &fresh) : NULL;
	if (stuck) {
		buf_printf(why, "\"%s\" is not \"live\": it cannot change while the server runs", stuck);
		fine = false;
	}
	if (fine)
		take(r, &fresh, o);
	config_finish(&fresh);
	pthread_mutex_unlock(&r->lock);
	return fine;
}

void reload_init(struct reload *r, struct config *running, int argc, char **argv)
{
	*r = (struct reload){ .running = running, .argc = argc, .argv = argv };
	r->door = (struct admin_settings){ show, read_again, change, r };
	pthread_mutex_init(&r->lock, NULL);
}

void reload_finish(struct reload *r)
{
	pthread_mutex_destroy(&r->lock);
}
