/* A call of the journal as text that makes it again: for a shell here, as programs in paste_sdk.c. It is signed when it runs, with a key
 * from the environment: none is in the text. */
#include "gateway/paste.h"

#include <string.h>

#include "api/model.h"
#include "util/str.h"

const char *const paste_names[N_PASTES] = {
	[PASTE_CBSMOCK] = "cbsmock",
	[PASTE_TCCLI] = "tccli",
	[PASTE_PYTHON] = "python",
	[PASTE_CURL] = "curl",
	[PASTE_GO] = "go",
	[PASTE_JAVA] = "java",
	[PASTE_NODE] = "node",
};

/* ---- quoting ----------------------------------------------------------------------------------------------------------- */

static void add_shell(struct buf *out, const char *text)
{
	buf_addc(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *text);
	buf_addc(out, '\'');
}

/* ---- shell ------------------------------------------------------------------------------------------------------------- */

/* The name of a parameter is the client's choice, as its value is. */
static void add_option(struct buf *out, const char *name, const char *value)
{
	bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(name);
	buf_adds(out, " --");
	if (plain)
		buf_adds(out, name);
	else
		add_shell(out, name);
	buf_addc(out, ' ');
	add_shell(out, value);
}

static void paste_cbsmock(const struct paste_job *job)
{
	const struct journal_entry *e = job->entry;
	bool v1 = !str_is(e->scheme, "TC3-HMAC-SHA256");
	if (job->secret_id && !strpbrk(job->secret_id, "\r\n")) /* a comment ends with its line */
		buf_printf(job->out,
		           "# the key was %s; without TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY it is the example pair\n",
		           job->secret_id);
	buf_adds(job->out, "cbsmock call ");
	add_shell(job->out, e->action);
	add_option(job->out, "json", job->json);
	add_option(job->out, "region", e->region);
	add_option(job->out, "version", e->version);
	buf_printf(job->out, " --endpoint http://%s", job->endpoint);
	if (*e->language)
		add_option(job->out, "language", e->language);
	if (v1)
		add_option(job->out, "signature", str_is(e->scheme, "HmacSHA256") ? "sha256" : "sha1");
	if (e->form == FORM_GET)
		add_option(job->out, "method", "get");
	if (job->token)
		buf_adds(job->out, " --token \"$TENCENTCLOUD_TOKEN\"");
	buf_addc(job->out, '\n');
}

/* The program takes the key from these variables itself; one that was not set is the recorded one. */
static void shell_key(const struct paste_job *job)
{
	if (job->secret_id) {
		buf_adds(job->out, "[ -n \"$TENCENTCLOUD_SECRET_ID\" ] || TENCENTCLOUD_SECRET_ID=");
		add_shell(job->out, job->secret_id);
		buf_adds(job->out, "\nexport TENCENTCLOUD_SECRET_ID\n");
	} else {
		buf_adds(job->out, ": \"${TENCENTCLOUD_SECRET_ID:?set it to the key's id}\"\n");
	}
	buf_adds(job->out, ": \"${TENCENTCLOUD_SECRET_KEY:?set it to the secret key}\"\n");
	if (job->token)
		buf_adds(job->out, ": \"${TENCENTCLOUD_TOKEN:?set it to the token of the temporary key}\"\n");
}

static void paste_tccli(const struct paste_job *job)
{
	const struct journal_entry *e = job->entry;
	const cJSON *value;
	shell_key(job);
	buf_adds(job->out, "tccli cbs ");
	add_shell(job->out, e->action);
	buf_printf(job->out, " --endpoint http://%s", job->endpoint);
	add_option(job->out, "region", e->region);
	add_option(job->out, "language", job->language);
	if (job->token)
		buf_adds(job->out, " --token \"$TENCENTCLOUD_TOKEN\"");
	cJSON_ArrayForEach(value, job->params) {
		char *text = cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);
		add_option(job->out, value->string, text ? text : value->valuestring);
		cJSON_free(text);
	}
	buf_addc(job->out, '\n');
}

/* The signing of TC3 with openssl, as the vendor's documents describe it. */
static void paste_curl(const struct paste_job *job)
{
	static const char signing[] =
		"set -- $(date -u '+%s %Y-%m-%d')\n"
		"now=$1 day=$2\n"
		"sha() { printf %s \"$1\" | openssl dgst -sha256 -r | cut -d' ' -f1; }\n"
		"mac() { printf %s \"$2\" | openssl dgst -sha256 -mac HMAC -macopt \"$1\" -r | cut -d' ' -f1; }\n"
		"request=\"POST\n/\n\ncontent-type:application/json\nhost:$host\n\ncontent-type;host\n$(sha \"$body\")\"\n"
		"derived=$(mac \"key:TC3$TENCENTCLOUD_SECRET_KEY\" \"$day\")\n"
		"derived=$(mac \"hexkey:$derived\" cbs)\n"
		"derived=$(mac \"hexkey:$derived\" tc3_request)\n"
		"signature=$(mac \"hexkey:$derived\" \"TC3-HMAC-SHA256\n$now\n$day/cbs/tc3_request\n$(sha \"$request\")\")\n"
		"scope=\"Credential=$TENCENTCLOUD_SECRET_ID/$day/cbs/tc3_request\"\n"
		"curl -sS \"http://$host/\" -H \"Host: $host\" -H 'Content-Type: application/json' \\\n"
		"\t-H \"Authorization: TC3-HMAC-SHA256 $scope, SignedHeaders=content-type;host, Signature=$signature\" \\\n"
		"\t-H \"X-TC-Timestamp: $now\"";
	const struct journal_entry *e = job->entry;
	const struct name_value headers[] = {
		{ "X-TC-Action", e->action },
		{ "X-TC-Version", e->version },
		{ "X-TC-Region", e->region },
		{ "X-TC-Language", e->language },
	};
	buf_adds(job->out, "#!/bin/sh\n# Signs the call anew and sends it; needs curl and openssl.\n");
	shell_key(job);
	buf_printf(job->out, "host='%s'\nbody=", job->endpoint);
	add_shell(job->out, job->json);
	buf_printf(job->out, "\n%s", signing);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		if (!*headers[i].value)
			continue;
		struct arena *a = arena_new();
		buf_adds(job->out, " -H ");
		add_shell(job->out, arena_printf(a, "%s: %s", headers[i].name, headers[i].value));
		arena_free(a);
	}
	if (job->token)
		buf_adds(job->out, " -H \"X-TC-Token: $TENCENTCLOUD_TOKEN\"");
	buf_adds(job->out, " \\\n\t--data-binary \"$body\"\n");
}

/* ---- together ---------------------------------------------------------------------------------------------------------- */

static bool had_token(const struct journal_entry *e)
{
	for (size_t i = 0; i < e->header_count; i++)
		if (str_case_is(e->headers[i].name, "X-TC-Token"))
			return true;
	const char *form = e->form == FORM_GET ? strchr(e->target, '?') : e->form == FORM_POST ? e->body : NULL;
	return form && (str_prefix(form, "Token=") || strstr(form, "&Token=") || strstr(form, "?Token="));
}

/* It goes between quotes and into URLs as it is. */
static bool plain_endpoint(const char *endpoint)
{
	return *endpoint &&
	       strspn(endpoint, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") == strlen(endpoint);
}

static void free_text(void *text)
{
	cJSON_free(text);
}

bool journal_paste(const struct journal_entry *e, enum paste how, const char *endpoint, struct buf *out, const char **why)
{
	static void (*const shells[N_PASTES])(const struct paste_job *job) = {
		[PASTE_CBSMOCK] = paste_cbsmock,
		[PASTE_TCCLI] = paste_tccli,
		[PASTE_CURL] = paste_curl,
	};
	const struct model_action *model = model_find(cbs_model, cbs_model_count, e->action);
	struct arena *a = arena_new();
	struct paste_job job = { .entry = e, .endpoint = endpoint, .params = journal_params(e, a), .token = had_token(e), .out = out };
	*why = NULL;
	if (!job.params)
		*why = "its parameters could not be read, or were not kept whole";
	else if (!model)
		*why = "it named no action that clients know";
	else if (!plain_endpoint(endpoint))
		*why = "the address to send it to is not plain text";
	if (!*why) {
		char *text = cJSON_PrintUnformatted(job.params);
		arena_defer(a, free_text, text);
		job.json = text;
		job.secret_id = e->account ? e->secret_id : NULL;
		job.shape = &model->input;
		job.language = *e->language ? e->language : "en-US";
		if (shells[how])
			shells[how](&job);
		else
			paste_program(&job, how);
	}
	arena_free(a);
	return !*why;
}
