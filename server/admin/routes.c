/* Every route of the control API; a new one is a row. */
#include "admin/admin_internal.h"

const struct route routes[] = {
	{ "GET", "/_cbs/", about_index, "this list", .open = true },
	{ "GET", "/_cbs/health", about_health, "is it alive", .open = true },
	{ "GET", "/_cbs/ready", about_ready, "does it take requests", .open = true },
	{ "GET", "/_cbs/version", about_version, "version of the server and of the API", .open = true },
	{ "GET", "/_cbs/ca.pem", about_ca, "the certificate authority to trust, with --tls-port", .open = true },
	{ "GET", "/_cbs/coverage", about_coverage, "the API's actions: which are implemented", .open = true },
	{ "POST", "/_cbs/reset", world_reset, "back to the fixture, clock and counters included", .sandboxed = true },
	{ "POST", "/_cbs/seed", world_seed, "merge the fixture in the body into the world", .sandboxed = true },
	{ "GET", "/_cbs/clock", time_read, "sandbox time", .sandboxed = true },
	{ "PUT", "/_cbs/clock", time_change,
	  "{\"action\":\"freeze\"|\"resume\"|\"reset\"}, {\"action\":\"set\",\"to\":TIME}, {\"action\":\"advance\",\"by\":\"1h\"}, "
	  "{\"action\":\"scale\",\"factor\":60}", .sandboxed = true },
	{ "POST", "/_cbs/clock/advance", time_advance, "{\"by\":\"1h\"}: lets time pass and tells what happened", .sandboxed = true },
	{ "POST", "/_cbs/resources/{id}/transition", world_transition,
	  "end the transition a disk or snapshot is in; {\"to\":STATE} is what you expect", .sandboxed = true },
	{ "GET", "/_cbs/errors", atlas_list, "the error codes and how to get each", .query = { "action", "code" } },
	{ "POST", "/_cbs/errors/{code}/arrange", atlas_arrange,
	  "{\"action\":\"CreateSnapshot\"}: put the world into the state that causes the code", .sandboxed = true },
};

const size_t route_count = sizeof routes / sizeof routes[0];
