/* The program: picks the subcommand; serves until it is told to end. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "config.h"
#include "gateway/mock.h"
#include "http/http.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

enum { EXIT_FINE = 0, EXIT_BAD_INPUT = 2, WHY_MAX = 4096, HELP_MAX = 64 * 1024 };

/* ---- maintenance ----------------------------------------------------------------------------------------------------- */

/* A thread for what must not hold up a request. */
struct maintenance {
	struct mock *mock;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop; /* under lock */
};

static void *maintain(void *data)
{
	struct maintenance *t = data;
	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		pthread_mutex_unlock(&t->lock);
		int64_t again_ms = clock_wall_ms() + mock_maintain(t->mock);
		struct timespec again = { .tv_sec = (time_t)(again_ms / 1000), .tv_nsec = (long)(again_ms % 1000) * 1000000 };
		pthread_mutex_lock(&t->lock);
		while (!t->stop && pthread_cond_timedwait(&t->wake, &t->lock, &again) == 0)
			continue;
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static bool maintenance_start(struct maintenance *t, struct mock *m)
{
	*t = (struct maintenance){ .mock = m };
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	return pthread_create(&t->thread, NULL, maintain, t) == 0;
}

static void maintenance_stop(struct maintenance *t)
{
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
}

/* ---- serve ----------------------------------------------------------------------------------------------------------- */

/* How a client on this machine writes the address. */
static void say_ready(const char *what, const char *scheme, const char *host, int port)
{
	if (port < 0)
		return;
	if (str_is(host, "0.0.0.0") || str_is(host, "localhost"))
		host = "127.0.0.1";
	else if (str_is(host, "::"))
		host = "::1";
	bool v6 = false;
	for (const char *c = host; *c; c++)
		v6 = v6 || *c == ':';
	printf(v6 ? "cbsmock %s %s://[%s]:%d\n" : "cbsmock %s %s://%s:%d\n", what, scheme, host, port);
	fflush(stdout);
}

static void wait_for_end(const sigset_t *ending)
{
	int signal_number = 0;
	while (sigwait(ending, &signal_number) != 0)
		continue;
	log_say(LOG_INFO, "ending: %s", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
}

static bool serve_mock(const struct config *config, struct http *h, struct mock *m, const sigset_t *ending, struct buf *why)
{
	struct maintenance maintenance;
	if (!http_serve(h, m, why))
		return false;
	if (!maintenance_start(&maintenance, m)) {
		buf_adds(why, "cannot start a thread");
		return false;
	}
	if (config->unknown_env)
		log_say(LOG_WARN, "not a setting, ignored: %s", config->unknown_env);
	say_ready("ready", "http", config->http.host, http_port(h));
	say_ready("ready", "https", config->http.host, http_tls_port(h));
	say_ready("admin", "http", config->http.host, http_admin_port(h));
	wait_for_end(ending);
	maintenance_stop(&maintenance);
	return true;
}

static bool serve(const struct config *config, struct buf *why)
{
	sigset_t ending;
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	struct http *h = http_open(&config->http, why);
	struct mock *m = h ? mock_open(&config->mock, why) : NULL;
	bool served = m && serve_mock(config, h, m, &ending, why);
	http_stop(h);
	mock_close(m);
	return served;
}

/* ---- the command line ------------------------------------------------------------------------------------------------ */

static int complain(const char *text)
{
	fprintf(stderr, "cbsmock: %s\n", text);
	return EXIT_BAD_INPUT;
}

static int print_help(void)
{
	struct buf text;
	buf_init(&text, HELP_MAX);
	buf_adds(&text, "A local server that behaves like Tencent Cloud's CBS (Cloud Block Storage).\n\n"
	                "  cbsmock [serve] [SETTINGS]       serve until SIGTERM or SIGINT\n"
	                "  cbsmock call ACTION [KEY=VALUE]  sign and make a call\n"
	                "  cbsmock health                   is a server there\n"
	                "  cbsmock --help | --version\n\n"
	                "Settings of serve, each also as CBSMOCK_NAME_OF_SETTING in the environment and as \"name-of-setting\" in the\n"
	                "file named by --config; flags win over the environment, the environment over the file:\n\n");
	config_help(&text);
	fputs(text.data, stdout);
	buf_finish(&text);
	return EXIT_FINE;
}

static int serve_command(int argc, char **argv)
{
	struct buf why;
	struct config config;
	int status = EXIT_FINE;
	buf_init(&why, WHY_MAX);
	if (!config_read(&config, argc, argv, &why)) {
		status = complain(why.data);
	} else if (config.help) {
		status = print_help();
	} else if (config.version) {
		printf("cbsmock %s\n", CBSMOCK_VERSION);
	} else {
		log_setup(config.log_level, config.log_format);
		if (!serve(&config, &why))
			status = complain(why.data);
	}
	config_finish(&config);
	buf_finish(&why);
	return status;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name */
} commands[] = {
	{ "serve", serve_command },
	{ "call", cli_call },
	{ "health", cli_health },
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || argv[1][0] == '-')
		return serve_command(argc, argv);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (str_is(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "cbsmock: there is no subcommand \"%s\"; \"cbsmock --help\" lists them\n", argv[1]);
	return EXIT_BAD_INPUT;
}
