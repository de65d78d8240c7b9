/* What a ClientToken was used for, and whether this is it again. */
#include "cbs/client_token.h"

#include <string.h>

#include "util/hash.h"
#include "util/str.h"

enum {
	TOKEN_MAX = 64,                  /* ASCII characters */
	DIGESTED_MAX = 16 * 1024 * 1024, /* bytes; a request holds no more */
};

static const char *digest_of(struct call *c, const char *const *params)
{
	struct buf text;
	buf_init(&text, DIGESTED_MAX);
	for (; *params != NULL; params++) {
		/* Not through arg_json: to be covered by the digest is not to be looked at. */
		const cJSON *value = json_member(c->params, *params);
		char *printed = value != NULL && !cJSON_IsNull(value) ? cJSON_PrintUnformatted(value) : NULL;
		buf_printf(&text, "%s=%s\n", *params, printed != NULL ? printed : "");
		cJSON_free(printed);
	}
	char *digest = arena_alloc(c->arena, SHA256_HEX + 1);
	sha256_hex(text.data, text.len, digest);
	buf_finish(&text);
	return digest;
}

void client_token_read(struct call *c, const char *const *params, struct client_token *t)
{
	*t = (struct client_token){ .text = arg_str(c, "ClientToken", "") };
	if (str_is(t->text, ""))
		return;
	t->digest = digest_of(c, params);
	if (!store_token(c->store, c->arena, c->who->uin, c->region, c->action, t->text, &t->earlier_digest, &t->earlier_answer))
		t->earlier_digest = NULL;
}

bool client_token_repeats(const struct client_token *t)
{
	return t->earlier_digest != NULL && str_is(t->earlier_digest, t->digest);
}

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

bool client_token_refused(struct call *c, const struct client_token *t)
{
	if (!is_ascii(t->text))
		call_because(c, "the ClientToken is not ASCII");
	else if (strlen(t->text) > TOKEN_MAX)
		call_because(c, "the ClientToken is longer than %d", TOKEN_MAX);
	else if (t->earlier_digest != NULL && !client_token_repeats(t))
		call_because(c, "the ClientToken was used with other parameters");
	else
		return false;
	return true;
}

void client_token_keep(struct call *c, const struct client_token *t, const char *answer)
{
	if (!str_is(t->text, ""))
		store_token_add(c->store, c->who->uin, c->region, c->action, t->text, t->digest, answer, c->now_ms);
}
