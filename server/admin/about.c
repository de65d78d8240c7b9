/* Routes that tell about the server and change nothing. */
#include "admin/admin_internal.h"
#include "api/model.h"
#include "cbs/cbs.h"
#include "util/clock.h"

void about_index(struct admin_call *c)
{
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "routes");
	for (size_t i = 0; i < route_count; i++) {
		out_object(&o, NULL);
		out_str(&o, "method", routes[i].method);
		out_str(&o, "path", routes[i].path);
		out_str(&o, "help", routes[i].help);
		out_end_object(&o);
	}
	out_end_array(&o);
	answer_end(&o);
}

void about_health(struct admin_call *c)
{
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "ok");
	out_str(&o, "version", CBSMOCK_VERSION);
	out_int(&o, "uptime_ms", clock_wall_ms() - c->config->started_ms);
	out_object(&o, "services");
	out_str(&o, "cbs", "running");
	out_end_object(&o);
	answer_end(&o);
}

/* The sockets open after the world has been loaded, so whoever gets here may go on. */
void about_ready(struct admin_call *c)
{
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "ready");
	answer_end(&o);
}

void about_version(struct admin_call *c)
{
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "version", CBSMOCK_VERSION);
	out_object(&o, "api");
	out_str(&o, "cbs", "2017-03-12");
	out_end_object(&o);
	answer_end(&o);
}

void about_ca(struct admin_call *c)
{
	if (!c->config->ca_pem) {
		answer_error(c, 404, "NoTls", "start the server with --tls-port", "this server does not serve TLS");
		return;
	}
	c->out->status = 200;
	c->out->content_type = "application/x-pem-file";
	buf_adds(&c->out->body, c->config->ca_pem);
}

void about_coverage(struct admin_call *c)
{
	int64_t implemented = 0;
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "actions");
	for (size_t i = 0; i < cbs_model_count; i++) {
		bool here = cbs_action_find(cbs_model[i].name) != NULL;
		implemented += here;
		out_object(&o, NULL);
		out_str(&o, "action", cbs_model[i].name);
		out_bool(&o, "implemented", here);
		out_bool(&o, "deprecated", cbs_model[i].deprecated);
		out_end_object(&o);
	}
	out_end_array(&o);
	out_int(&o, "implemented", implemented);
	out_int(&o, "total", (int64_t)cbs_model_count);
	answer_end(&o);
}
