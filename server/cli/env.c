/* cbsmock env: what clients want in their environment, for eval "$(cbsmock env)". */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/ask.h"
#include "cli/http_client.h"
#include "cli/remote.h"
#include "util/arena.h"
#include "util/json_out.h"
#include "util/str.h"

static const char usage[] =
	"usage: eval \"$(cbsmock env [options])\"\n"
	"\n"
	"Prints the key, the region and the address for clients, as lines that a shell can take up. Asks no server.\n"
	"\n";

enum { TEXT_MAX = 1 << 20 };

struct variable {
	const char *name, *value;
};

/* What a shell takes as one word whatever is in it. */
static void print_export(const char *name, const char *value)
{
	printf("export %s='", name);
	for (; *value; value++) {
		if (*value == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*value);
	}
	puts("'");
}

static void print_json(const struct variable *variables, size_t count)
{
	struct buf text;
	struct json_out o;
	buf_init(&text, TEXT_MAX);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	for (size_t i = 0; i < count; i++)
		out_str(&o, variables[i].name, variables[i].value);
	out_end_object(&o);
	puts(text.data);
	buf_finish(&text);
}

static int run(struct arena *a, int argc, char **argv, struct buf *why)
{
	const char *region = EXAMPLE_REGION, *secret_id = NULL, *secret_key = NULL;
	struct remote r;
	struct endpoint endpoint;
	remote_defaults(&r);
	const struct option_row rows[] = {
		{ "--sandbox", "ID", &r.sandbox, NULL, "its own key; without it, the documentation's example key" },
		{ "--secret-id", "ID", &secret_id, NULL, "another key that opens it" },
		{ "--secret-key", "KEY", &secret_key, NULL, "default: what a sandbox has that was made without one" },
		{ "--region", "NAME", &region, NULL, "default " EXAMPLE_REGION },
		{ "--endpoint", "URL", &r.endpoint, NULL, "the server; default $CBSMOCK_ENDPOINT, else " DEFAULT_ENDPOINT },
		{ "--json", NULL, NULL, &r.json, "print them as JSON" },
		{ "--help", NULL, NULL, &r.help, "print this" },
	};
	const char **words = arena_alloc(a, (size_t)argc * sizeof *words);
	size_t word_count;
	if (!args_read(rows, sizeof rows / sizeof rows[0], argc, argv, words, &word_count, why))
		return STATUS_FAILED;
	if (r.help) {
		args_help(usage, rows, sizeof rows / sizeof rows[0]);
		return STATUS_OK;
	}
	if (word_count > 0) {
		buf_printf(why, "%s: nothing is expected here", words[0]);
		return STATUS_FAILED;
	}
	if (!endpoint_parse(a, r.endpoint, &endpoint, why))
		return STATUS_FAILED;
	bool own = r.sandbox && !str_is(r.sandbox, "default");
	const struct variable variables[] = {
		{ "TENCENTCLOUD_SECRET_ID", secret_id ? secret_id : own ? r.sandbox : EXAMPLE_SECRET_ID },
		{ "TENCENTCLOUD_SECRET_KEY", secret_key ? secret_key : own ? "test" : EXAMPLE_SECRET_KEY },
		{ "TENCENTCLOUD_REGION", region },
		{ "TENCENTCLOUD_ENDPOINT", endpoint.authority },
		{ "CBSMOCK_ENDPOINT", arena_printf(a, "http://%s", endpoint.authority) },
		{ "CBSMOCK_SANDBOX", r.sandbox },
	};
	size_t count = sizeof variables / sizeof variables[0] - !own;
	if (r.json)
		print_json(variables, count);
	for (size_t i = 0; !r.json && i < count; i++)
		print_export(variables[i].name, variables[i].value);
	return STATUS_OK;
}

int cli_env(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct buf why;
	buf_init(&why, 4096);
	int status = run(a, argc, argv, &why);
	if (why.len > 0)
		fprintf(stderr, "cbsmock env: %s\n", why.data);
	buf_finish(&why);
	arena_free(a);
	return status;
}
