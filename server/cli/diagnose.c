/* cbsmock diagnose: why is the signature of this request wrong? */
#include "cli/cli.h"
#include "cli/verb.h"

static const struct verb_row rows[] = {
	{ .word = "", .method = "POST", .path = "/_cbs/auth/diagnose",
	  .help = "explains the signature of a request pasted as text; nothing is executed",
	  .args = { { "FILE|-", NULL, IN_BODY, AS_FILE, "raw", "POST / HTTP/1.1, a line a header, an empty line, the body", true },
	            { "--secret-key", "KEY", IN_BODY, AS_TEXT, "secret_key", "in place of the one the server knows", false },
	            { "--now", "TIME", IN_BODY, AS_VALUE, "now", "when it arrived; default: at its own timestamp", false },
	            { "--policy", "local|exact", IN_BODY, AS_TEXT, "signature", "how strictly; default: as the server does", false } } },
};

int cli_diagnose(int argc, char **argv)
{
	static const struct verb verb = { "diagnose", "", rows, 1 };
	return verb_run(&verb, argc, argv);
}
