/* cbsmock errors: the atlas of error codes. */
#include "cli/cli.h"
#include "cli/verb.h"

#define ERRORS "/_cbs/errors"
#define CODE_ARG { "CODE", NULL, IN_PATH, AS_TEXT, "code", "as in InvalidDisk.Busy", true }
#define FIELDS_ARG(example) { "NAME=VALUE…", NULL, IN_BODY, AS_PAIRS, "", "what options say too, " example, false }

static const struct verb_row rows[] = {
	{ .word = "list", .method = "GET", .path = ERRORS, .help = "the codes and how to get each", .everywhere = true,
	  .args = { { "--action", "ACTION", IN_QUERY, AS_TEXT, "action", "of this action", false },
	            { "--code", "CODE", IN_QUERY, AS_TEXT, "code", "this one", false } },
	  .view = { .list = "errors", .columns = { "action", "code", "dialect", "summary" }, .empty = "none" } },
	{ .word = "arrange", .method = "POST", .path = ERRORS "/{code}/arrange", .help = "put the world into the state that causes it",
	  .args = { CODE_ARG, FIELDS_ARG("as in action=CreateSnapshot dialect=current"),
	            { "--action", "ACTION", IN_BODY, AS_TEXT, "action", "that is to answer it", false },
	            { "--dialect", "classic|current", IN_BODY, AS_TEXT, "dialect", "for codes of one dialect", false } } },
	{ .word = "force", .method = "POST", .path = ERRORS "/{code}/force", .help = "the next call answers it, whatever the world",
	  .args = { CODE_ARG, FIELDS_ARG("as in action=CreateSnapshot times=3"),
	            { "--action", "ACTION", IN_BODY, AS_TEXT, "action", "of this action only", false },
	            { "--times", "N", IN_BODY, AS_VALUE, "times", "so many calls", false } } },
};

int cli_errors(int argc, char **argv)
{
	static const struct verb verb = { "errors", "Every documented error code, for its own reason or by force.", rows,
	                                  sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
