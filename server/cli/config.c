/* cbsmock config: the settings of a running server. */
#include "cli/cli.h"
#include "cli/verb.h"

#define CONFIG "/_cbs/config"

static const struct verb_row rows[] = {
	{ .word = "", .method = "GET", .path = CONFIG, .help = "the settings", .everywhere = true,
	  .view = { .list = "settings", .columns = { "name", "value", "live", "takes" } } },
	{ .word = "set", .method = "PATCH", .path = CONFIG, .help = "change some, as in rate-limit=off; \"live\" ones only", .everywhere = true,
	  .args = { { "NAME=VALUE…", NULL, IN_BODY, AS_TEXTS, "", NULL, true } } },
	{ .word = "reload", .method = "POST", .path = CONFIG "/reload", .help = "read file and environment again, as SIGHUP does",
	  .everywhere = true },
};

int cli_config(int argc, char **argv)
{
	static const struct verb verb = { "config", "The settings of the running server.", rows, sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
