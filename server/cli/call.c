/* cbsmock call: any action, signed, for a person without an SDK. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cli/answer.h"
#include "cli/args.h"
#include "cli/ask.h"
#include "cli/http_client.h"
#include "cli/params.h"
#include "cli/remote.h"
#include "util/clock.h"
#include "util/json_check.h"
#include "util/rng.h"
#include "util/str.h"

enum { JSON_MAX = 12 * 1024 * 1024, TIMEOUT_MAX_MS = 3600 * 1000 };

static const char usage[] =
	"usage: cbsmock call ACTION [NAME=VALUE …] [options]\n"
	"\n"
	"Signs a request as the cloud's clients do, sends it to a running server and prints the answer.\n"
	"\n"
	"  cbsmock call CreateSnapshot DiskId=disk-lzrg2pwi SnapshotName=first\n"
	"  cbsmock call DescribeDisks Filters.0.Name=zone Filters.0.Values.0=ap-guangzhou-3 Limit=5\n"
	"  cbsmock call CreateDisks --json @disks.json --signature sha256\n"
	"\n"
	"Exit status: 0 the call succeeded, 1 the answer is an error, 2 bad usage or no answer.\n"
	"\n";

static const char *const signature_names[] = { [ASK_TC3] = "tc3", [ASK_SHA1] = "sha1", [ASK_SHA256] = "sha256" };
static const char *const method_names[] = { "post", "get" };
static const char *const output_names[] = { "json", "pretty" };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct call_options {
	const char *json, *endpoint, *region, *version, *secret_id, *secret_key, *token, *language, *signature, *method, *host, *output,
		*timeout;
	bool verbose, help;
};

static const struct call_options defaults = {
	.region = EXAMPLE_REGION,
	.version = "2017-03-12",
	.signature = "tc3",
	.method = "post",
	.timeout = "60",
};

/* What the command line comes to. */
struct call_plan {
	struct ask ask;
	struct endpoint endpoint;
	int timeout_ms;
	bool pretty, verbose;
};

/* An index of `names`; false with a sentence in `why`. */
static bool choose(const char *option, const char *value, const char *const *names, size_t count, size_t *out, struct buf *why)
{
	for (size_t i = 0; i < count; i++) {
		if (str_is(value, names[i])) {
			*out = i;
			return true;
		}
	}
	buf_printf(why, "%s takes", option);
	for (size_t i = 0; i < count; i++)
		buf_printf(why, "%s %s", i == 0 ? "" : " or", names[i]);
	buf_printf(why, ", not %s", value);
	return false;
}

/* The key pair comes whole from one place: half a pair and half of another can only end in a wrong signature. */
static bool choose_key(const struct call_options *o, struct ask *ask, struct buf *why)
{
	if (o->secret_id || o->secret_key) {
		ask->secret_id = o->secret_id;
		ask->secret_key = o->secret_key;
	} else {
		ask->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
		ask->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
	}
	if (!ask->secret_id && !ask->secret_key) {
		ask->secret_id = EXAMPLE_SECRET_ID;
		ask->secret_key = EXAMPLE_SECRET_KEY;
	}
	if (ask->secret_id && ask->secret_key)
		return true;
	buf_adds(why, "a secret id and a secret key go together: give both or neither");
	return false;
}

/* The text of --json: itself, @FILE or - for standard input. NULL with a sentence in `why`. */
static const char *read_json(struct arena *a, const char *value, struct buf *why)
{
	bool from_stdin = str_is(value, "-");

	if (!from_stdin && value[0] != '@')
		return value;
	FILE *file = from_stdin ? stdin : fopen(value + 1, "rb");
	if (!file) {
		buf_printf(why, "--json: cannot open %s", value + 1);
		return NULL;
	}
	char *text = arena_alloc(a, JSON_MAX + 1);
	size_t len = fread(text, 1, JSON_MAX, file);
	bool whole = len < JSON_MAX && !ferror(file);
	if (!from_stdin)
		fclose(file);
	if (whole && strlen(text) == len)
		return text;
	buf_printf(why, "--json: %s", whole ? "the text holds a NUL byte" : "cannot read it, or it is too long");
	return NULL;
}

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* The object of --json (empty without it); NULL with a sentence in `why`. */
static cJSON *parse_json(struct arena *a, const char *text, struct buf *why)
{
	struct json_report report;

	if (text && !json_check(text, strlen(text), &report)) {
		buf_printf(why, "--json: %s at byte %zu", json_fault_text(report.fault), report.offset);
		return NULL;
	}
	cJSON *tree = text ? cJSON_Parse(text) : cJSON_CreateObject();
	arena_defer(a, free_tree, tree);
	if (cJSON_IsObject(tree))
		return tree;
	buf_adds(why, "--json: the parameters of a call are a JSON object");
	return NULL;
}

/* Fills the ask's `json` or `pairs`, whichever its form sends. What needs no merging is sent as it was given, mistakes included:
 * the server is there to explain them. */
static bool plan_parameters(struct arena *a, const char *json_option, struct pair_list *pairs, struct ask *ask, struct buf *why)
{
	bool as_json = ask->signature == ASK_TC3 && !ask->get;
	const char *json = NULL;

	if (json_option) {
		json = read_json(a, json_option, why);
		if (!json)
			return false;
	}
	ask->pairs = pairs;
	ask->json = json;
	if (as_json ? (json && pairs->count == 0) : !json)
		return true;

	cJSON *tree = parse_json(a, json, why);
	if (!tree)
		return false;
	if (!as_json) {
		params_flatten(a, tree, pairs);
		return true;
	}
	if (!params_to_tree(a, model_find(cbs_model, cbs_model_count, ask->action), pairs, tree, why))
		return false;
	char *text = cJSON_PrintUnformatted(tree);
	ask->json = arena_strdup(a, text);
	cJSON_free(text);
	return true;
}

static bool plan_call(struct arena *a, const struct call_options *o, const char *const *words, size_t word_count,
                      struct call_plan *plan, struct buf *why)
{
	struct pair_list *pairs = arena_alloc(a, sizeof(*pairs));
	struct ask *ask = &plan->ask;
	size_t signature, method, output = isatty(STDOUT_FILENO);
	int64_t timeout_ms;

	if (word_count == 0 || strchr(words[0], '=')) {
		buf_adds(why, "name the action first, as in: cbsmock call CreateSnapshot DiskId=disk-lzrg2pwi");
		return false;
	}
	for (size_t i = 1; i < word_count; i++) {
		if (!pair_parse(a, words[i], pairs, why))
			return false;
	}
	if (!choose("--signature", o->signature, signature_names, COUNT(signature_names), &signature, why) ||
	    !choose("--method", o->method, method_names, COUNT(method_names), &method, why) ||
	    (o->output && !choose("--output", o->output, output_names, COUNT(output_names), &output, why)))
		return false;
	if (!seconds_parse(o->timeout, &timeout_ms) || timeout_ms == 0 || timeout_ms > TIMEOUT_MAX_MS) {
		buf_printf(why, "--timeout takes a duration or seconds, as in 500ms, 2s or 2, at most an hour, not %s", o->timeout);
		return false;
	}
	if (!endpoint_parse(a, o->endpoint, &plan->endpoint, why) || !choose_key(o, ask, why))
		return false;

	plan->timeout_ms = (int)timeout_ms;
	plan->pretty = output == 1;
	plan->verbose = o->verbose;
	ask->action = words[0];
	ask->version = o->version;
	ask->region = o->region;
	ask->language = o->language;
	ask->token = o->token;
	ask->host = o->host ? o->host : plan->endpoint.authority;
	ask->signature = (enum ask_signature)signature;
	ask->get = method == 1;
	ask->wall_ms = clock_wall_ms();
	ask->nonce = rng_entropy() % INT32_MAX + 1;
	return plan_parameters(a, o->json, pairs, ask, why);
}

/* STATUS_OK or STATUS_REFUSED for an answer of the API; STATUS_FAILED with a sentence in `why` for anything else. */
static int judge(const struct http_reply *reply, struct buf *why)
{
	if (reply->status != 200) {
		buf_printf(why, "HTTP %d, while the API answers 200 even to refuse", reply->status);
		return STATUS_FAILED;
	}
	cJSON *tree = cJSON_ParseWithLength(reply->body, reply->body_len);
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(tree, "Response");
	int status = cJSON_HasObjectItem(response, "Error") ? STATUS_REFUSED : STATUS_OK;
	if (!cJSON_IsObject(response)) {
		buf_adds(why, "this is not an answer of the API");
		status = STATUS_FAILED;
	}
	cJSON_Delete(tree);
	return status;
}

static int carry_out(struct arena *a, const struct call_plan *plan, struct buf *why)
{
	struct signed_ask request;
	struct http_reply reply;

	ask_sign(a, &plan->ask, &request);
	if (plan->verbose) {
		if (request.canonical_request)
			fprintf(stderr, "canonical request:\n%s\n\n", request.canonical_request);
		fprintf(stderr, "string to sign:\n%s\n\n", request.string_to_sign);
	}
	bool answered = !request.message.overflow &&
	                http_exchange(a, &plan->endpoint, request.message.data, request.message.len, plan->timeout_ms, &reply, why);
	if (request.message.overflow)
		buf_adds(why, "the request is too long to send");
	buf_finish(&request.message);
	if (!answered)
		return STATUS_FAILED;
	answer_print(reply.body, reply.body_len, plan->pretty);
	return judge(&reply, why);
}

static int run(struct arena *a, int argc, char **argv, struct buf *why)
{
	struct call_options o = defaults;
	struct remote remote;
	struct call_plan plan = { 0 };
	const struct option_row rows[] = {
		{ "--json", "JSON|@FILE|-", &o.json, NULL, "parameters as a JSON object, read from FILE or standard input" },
		{ "--endpoint", "URL", &o.endpoint, NULL, "the server; default $CBSMOCK_ENDPOINT, else " DEFAULT_ENDPOINT },
		{ "--region", "NAME", &o.region, NULL, "default ap-guangzhou; '' sends none" },
		{ "--version", "DATE", &o.version, NULL, "of the API; default 2017-03-12" },
		{ "--secret-id", "ID", &o.secret_id, NULL, "default $TENCENTCLOUD_SECRET_ID, else the documentation's example key" },
		{ "--secret-key", "KEY", &o.secret_key, NULL, "default $TENCENTCLOUD_SECRET_KEY, else that of the example key" },
		{ "--token", "TOKEN", &o.token, NULL, "of a temporary key" },
		{ "--language", "zh-CN|en-US", &o.language, NULL, "of messages and default names" },
		{ "--signature", "tc3|sha1|sha256", &o.signature, NULL, "default tc3; the others are HmacSHA1 and HmacSHA256" },
		{ "--method", "post|get", &o.method, NULL, "default post" },
		{ "--host", "NAME", &o.host, NULL, "Host header to send and sign; default the endpoint's" },
		{ "--output", "json|pretty", &o.output, NULL, "default pretty on a terminal, json elsewhere" },
		{ "--timeout", "DURATION", &o.timeout, NULL, "500ms, 2s or 2; default 60s" },
		{ "-v", NULL, NULL, &o.verbose, "print the canonical request and the string to sign on standard error" },
		{ "--help", NULL, NULL, &o.help, "print this" },
	};
	const char **words = arena_alloc(a, (size_t)argc * sizeof(*words));
	size_t word_count;

	remote_defaults(&remote);
	o.endpoint = remote.endpoint;
	if (!args_read(rows, COUNT(rows), argc, argv, words, &word_count, why))
		return STATUS_FAILED;
	if (o.help) {
		args_help(usage, rows, COUNT(rows));
		return STATUS_OK;
	}
	if (!plan_call(a, &o, words, word_count, &plan, why))
		return STATUS_FAILED;
	return carry_out(a, &plan, why);
}

int cli_call(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct buf why;

	buf_init(&why, 4096);
	int status = run(a, argc, argv, &why);
	if (why.len > 0)
		fprintf(stderr, "cbsmock call: %s\n", why.data);
	buf_finish(&why);
	arena_free(a);
	return status;
}
