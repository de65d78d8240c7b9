/* The route that ends the server. Who runs it knows how: main.c as on SIGTERM; a program that embeds it by cbsmock_stop alone, for its
 * process and its pointer to the server are its own. */
#include "admin/admin_internal.h"

/* The answer is sent before the end: requests in flight are finished, and this is one. */
void shutdown_server(struct admin_call *c)
{
	if (!body_read(c, NULL, 0))
		return;
	if (!c->config->stop) {
		answer_error(c, 409, "Embedded", "cbsmock_stop ends it", "this server is part of a program, which ends it itself");
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "stopping");
	answer_end(&o);
	c->config->stop();
}
