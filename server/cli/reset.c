/* cbsmock reset: the world as at the start. */
#include "cli/cli.h"
#include "cli/verb.h"

static const struct verb_row rows[] = {
	{ .word = "", .method = "POST", .path = "/_cbs/reset", .help = "the world as at the start",
	  .args = { { "--keep", "NAME,…", IN_QUERY, AS_TEXT, "keep", "leave these as they are: clock, faults, journal", false } } },
};

int cli_reset(int argc, char **argv)
{
	static const struct verb verb = { "reset", "", rows, 1 };
	return verb_run(&verb, argc, argv);
}
