/* cbsmock recording: what happens to a sandbox, written down to be played again. */
#include "cli/cli.h"
#include "cli/verb.h"

#define RECORDINGS "/_cbs/recordings"
#define ID_ARG { "ID", NULL, IN_PATH, AS_TEXT, "id", "its number, as stop tells it", true }

static const struct verb_row rows[] = {
	{ .word = "start", .method = "POST", .path = RECORDINGS "/start", .help = "write down all that happens from now on" },
	{ .word = "stop", .method = "POST", .path = RECORDINGS "/stop", .help = "that is all of it" },
	{ .word = "list", .method = "GET", .path = RECORDINGS, .help = "the latest one",
	  .view = { .list = "recordings", .empty = "none" } },
	{ .word = "save", .method = "GET", .path = RECORDINGS "/{id}", .help = "take it away, for cbsmock replay", .as_it_is = true,
	  .args = { ID_ARG, { "FILE|-", NULL, TO_FILE, AS_TEXT, NULL, "where to; default standard output", false } } },
	{ .word = "delete", .method = "DELETE", .path = RECORDINGS "/{id}", .help = "forget it", .args = { ID_ARG } },
};

int cli_recording(int argc, char **argv)
{
	static const struct verb verb = { "recording", "What happens to a sandbox, written down to be played again by cbsmock replay.", rows,
	                                  sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
