/* cbsmock stop: the end of the running server. */
#include "cli/cli.h"
#include "cli/verb.h"

static const struct verb_row rows[] = {
	{ .word = "", .method = "POST", .path = "/_cbs/shutdown", .help = "end the server; it answers what is in flight, within a second",
	  .everywhere = true },
};

int cli_stop(int argc, char **argv)
{
	static const struct verb verb = { "stop", "", rows, 1 };
	return verb_run(&verb, argc, argv);
}
