/* The program: picks the subcommand; serves until it is told to end. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "address.h"
#include "api/json_tree.h"
#include "cli/cli.h"
#include "config.h"
#include "gateway/mock.h"
#include "http/http.h"
#include "maintenance.h"
#include "reload.h"
#include "replay.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/str.h"

enum { EXIT_FINE = 0, EXIT_BAD_INPUT = 2, WHY_MAX = 4096, URL_MAX = 256, HELP_MAX = 64 * 1024 };

/* ---- serve ----------------------------------------------------------------------------------------------------------- */

static void say_ready(const char *what, const char *scheme, const char *host, int port)
{
	if (port < 0)
		return;
	struct buf url;
	buf_init(&url, URL_MAX);
	address_url(&url, scheme, host, port);
	printf("cbsmock %s %s\n", what, url.data);
	fflush(stdout);
	buf_finish(&url);
}

/* A terminal that went away takes the server with it; any other SIGHUP is the word to read the settings again. */
static void wait_for_end(const sigset_t *signals, struct reload *reload, bool on_terminal)
{
	int signal_number = 0;
	for (;;) {
		if (sigwait(signals, &signal_number) != 0)
			continue;
		if (signal_number != SIGHUP || (on_terminal && !isatty(STDOUT_FILENO)))
			break;
		reload_now(reload);
	}
	log_say(LOG_INFO, "ending: %s", signal_number == SIGTERM ? "SIGTERM" : signal_number == SIGINT ? "SIGINT" : "SIGHUP");
}

/* For POST /_cbs/shutdown: all threads block the signal, so that wait_for_end hears it as one from outside. */
static void stop_self(void)
{
	kill(getpid(), SIGTERM);
}

static bool serve_mock(const struct config *config, struct reload *reload, const sigset_t *signals, struct buf *why)
{
	bool on_terminal = isatty(STDOUT_FILENO);
	if (!http_serve(reload->http, reload->mock, why))
		return false;
	struct maintenance *maintenance = maintenance_start(reload->mock);
	if (!maintenance) {
		buf_adds(why, "cannot start a thread");
		return false;
	}
	if (config->unknown_env)
		log_say(LOG_WARN, "not a setting, ignored: %s", config->unknown_env);
	say_ready("ready", "http", config->http.host, http_port(reload->http));
	say_ready("ready", "https", config->http.host, http_tls_port(reload->http));
	say_ready("admin", "http", config->http.host, http_admin_port(reload->http));
	wait_for_end(signals, reload, on_terminal);
	maintenance_stop(maintenance);
	return true;
}

static bool serve(struct config *config, int argc, char **argv, struct buf *why)
{
	sigset_t signals;
	struct reload reload;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	reload_init(&reload, config, argc, argv);
	config->http.admin.settings = &reload.door;
	config->http.admin.stop = stop_self;
	reload.http = http_open(&config->http, why);
	reload.mock = reload.http ? mock_open(&config->mock, why) : NULL;
	bool served = reload.mock && serve_mock(config, &reload, &signals, why);
	http_stop(reload.http);
	mock_close(reload.mock);
	reload_finish(&reload);
	return served;
}

/* ---- the command line ------------------------------------------------------------------------------------------------ */

static int complain(const char *text)
{
	fprintf(stderr, "cbsmock: %s\n", text);
	return EXIT_BAD_INPUT;
}

static void print_help(void);

static int serve_command(int argc, char **argv)
{
	struct buf why;
	struct config config;
	int status = EXIT_FINE;
	buf_init(&why, WHY_MAX);
	if (!config_read(&config, argc, argv, &why)) {
		status = complain(why.data);
	} else if (config.help) {
		print_help();
	} else if (config.version) {
		printf("cbsmock %s\n", CBSMOCK_VERSION);
	} else {
		log_setup(config.log_level, config.log_format);
		if (!serve(&config, argc, argv, &why))
			status = complain(why.data);
	}
	config_finish(&config);
	buf_finish(&why);
	return status;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name */
	const char *usage, *help;
} commands[] = {
	{ "serve", serve_command, "[serve] [SETTINGS]", "serve until SIGTERM or SIGINT" },
	{ "call", cli_call, "call ACTION [KEY=VALUE]", "sign and make a call" },
	{ "health", cli_health, "health", "is a server there" },
	{ "env", cli_env, "env", "what clients want in their environment: eval \"$(cbsmock env)\"" },
	{ "sandbox", cli_sandbox, "sandbox VERB", "worlds of their own: list, show, create, fork, delete" },
	{ "clock", cli_clock, "clock [VERB]", "sandbox time: freeze, set, advance, next, idle, scale" },
	{ "state", cli_state, "state VERB", "what is in the world: show, export, import, checkpoint, restore" },
	{ "faults", cli_faults, "faults VERB", "errors, delays, dead connections on purpose: add, list, plan" },
	{ "errors", cli_errors, "errors VERB", "each error code: list, arrange the world for it, force it" },
	{ "requests", cli_requests, "requests VERB", "what was asked and answered: list, show, why, wait, export" },
	{ "verify", cli_verify, "verify [MATCH]", "was it asked so often; fails when it was not" },
	{ "diagnose", cli_diagnose, "diagnose FILE|-", "why is the signature of this request wrong" },
	{ "recording", cli_recording, "recording VERB", "what happens, written down: start, stop, save" },
	{ "replay", replay_command, "replay FILE|-", "play a recording again and compare every byte" },
	{ "config", cli_config, "config [VERB]", "the settings of the running server: show, set, reload" },
	{ "reset", cli_reset, "reset", "the world as at the start" },
	{ "stop", cli_stop, "stop", "end the running server" },
};

static void print_help(void)
{
	struct buf text;
	buf_init(&text, HELP_MAX);
	buf_adds(&text, "A local server that behaves like Tencent Cloud's CBS (Cloud Block Storage).\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		buf_printf(&text, "  cbsmock %-24s %s\n", commands[i].usage, commands[i].help);
	buf_adds(&text, "  cbsmock --help | --version\n\n"
	                "\"cbsmock NAME --help\" tells more of each.\n\n"
	                "Settings of serve, each also as CBSMOCK_NAME_OF_SETTING in the environment and as \"name-of-setting\" in the\n"
	                "file named by --config; flags win over the environment, the environment over the file. SIGHUP reads both again:\n\n");
	config_help(&text);
	fputs(text.data, stdout);
	buf_finish(&text);
}

int main(int argc, char **argv)
{
	json_tree_own_hooks();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write, as a full disk is */
	if (argc < 2 || argv[1][0] == '-')
		return serve_command(argc, argv);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (str_is(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "cbsmock: there is no subcommand \"%s\"; \"cbsmock --help\" lists them\n", argv[1]);
	return EXIT_BAD_INPUT;
}
