/* cbsmock health: is a server there? For people, scripts and container health checks. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/args.h"
#include "cli/http_client.h"
#include "cli/remote.h"
#include "util/arena.h"
#include "util/buf.h"

enum { TIMEOUT_MS = 5000 };

static const char usage[] =
	"usage: cbsmock health [options]\n"
	"\n"
	"Asks a running server how it is and prints the answer.\n"
	"\n"
	"Exit status: 0 it is well, 1 it says that it is not, 2 bad usage or no answer.\n"
	"\n";

static int ask_health(struct arena *a, const char *url, struct buf *why)
{
	struct endpoint endpoint;
	struct http_reply reply;

	if (!endpoint_parse(a, url, &endpoint, why))
		return 2;
	const char *request = arena_printf(a, "GET /_cbs/health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", endpoint.authority);
	if (!http_exchange(a, &endpoint, request, strlen(request), TIMEOUT_MS, &reply, why))
		return 2;
	answer_print(reply.body, reply.body_len, isatty(STDOUT_FILENO));
	if (reply.status == 200)
		return 0;
	buf_printf(why, "HTTP %d", reply.status);
	return 1;
}

static int run(struct arena *a, int argc, char **argv, struct buf *why)
{
	struct remote r;
	const struct option_row rows[] = {
		{ "--endpoint", "URL", &r.endpoint, NULL, "the server; default $CBSMOCK_ENDPOINT, else " DEFAULT_ENDPOINT },
		{ "--help", NULL, NULL, &r.help, "print this" },
	};
	const size_t row_count = sizeof(rows) / sizeof(rows[0]);
	const char **words = arena_alloc(a, (size_t)argc * sizeof(*words));
	size_t word_count;

	remote_defaults(&r);
	if (!args_read(rows, row_count, argc, argv, words, &word_count, why))
		return 2;
	if (r.help) {
		args_help(usage, rows, row_count);
		return 0;
	}
	if (word_count > 0) {
		buf_printf(why, "%s: nothing is expected here", words[0]);
		return 2;
	}
	return ask_health(a, r.endpoint, why);
}

int cli_health(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct buf why;

	buf_init(&why, 4096);
	int status = run(a, argc, argv, &why);
	if (why.len > 0)
		fprintf(stderr, "cbsmock health: %s\n", why.data);
	buf_finish(&why);
	arena_free(a);
	return status;
}
