/* The route of the counters, in the format that monitoring systems scrape. */
#include "gateway/metrics.h"

#include "admin/admin_internal.h"
#include "util/clock.h"

void metrics_show(struct admin_call *c)
{
	struct buf *out = &c->out->body;
	c->out->status = 200;
	c->out->content_type = "text/plain; version=0.0.4; charset=utf-8";
	buf_printf(out, "# HELP cbsmock_build_info The program that answers.\n# TYPE cbsmock_build_info gauge\n"
	                "cbsmock_build_info{version=\"%s\",api=\"2017-03-12\"} 1\n", CBSMOCK_VERSION);
	metrics_sample(out, "cbsmock_uptime_seconds", "gauge", "Since the server started.",
	               (double)(clock_wall_ms() - c->config->started_ms) / 1000);
	metrics_sample(out, "cbsmock_connections", "gauge", "Connections open now, on all ports.", c->in->connections);
	mock_metrics(c->mock, out);
}
