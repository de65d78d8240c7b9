/* Routes of the server's own settings. What they are and which of them can change is known above: config.c, reload.c. */
#include "admin/admin_internal.h"

enum { WHY_MAX = 4096 };

static const struct admin_settings *settings_of(struct admin_call *c)
{
	if (!c->config->settings)
		answer_error(c, 404, "NoSettings", NULL, "this server was not started with settings");
	return c->config->settings;
}

/* With ?sandbox= it is the sandbox's settings. */
void config_show(struct admin_call *c)
{
	if (c->sandbox_given) {
		settings_show(c);
		return;
	}
	const struct admin_settings *settings = settings_of(c);
	if (!settings)
		return;
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "settings");
	settings->show(settings->data, &o);
	out_end_array(&o);
	answer_end(&o);
}

/* Asks for the change; the answer is thrown away when it is refused. */
static void change(struct admin_call *c, const cJSON *wanted, int refusal)
{
	const struct admin_settings *settings = settings_of(c);
	struct buf why;
	if (!settings)
		return;
	buf_init(&why, WHY_MAX);
	struct json_out o = answer_begin(c, 200);
	bool done = wanted ? settings->change(settings->data, wanted, &o, &why) : settings->read_again(settings->data, &o, &why);
	if (done)
		answer_end(&o);
	else
		answer_error(c, refusal, "InvalidSetting", "nothing changed; GET /_cbs/config tells what there is", "%s", why.data);
	buf_finish(&why);
}

void config_change_some(struct admin_call *c)
{
	if (c->sandbox_given) {
		settings_change(c);
		return;
	}
	const cJSON *wanted = body_object(c);
	if (wanted)
		change(c, wanted, 400);
}

void config_read_again(struct admin_call *c)
{
	if (body_read(c, NULL, 0))
		change(c, NULL, 409);
}
