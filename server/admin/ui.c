/* The page to look on, server/share/ui.html. It holds no data, so it is open: what it shows it asks of the other routes, with the
 * token that a person gives it. Its policy lets run only its own script and style, named by their digests. */
#include <string.h>

#include "admin/admin_internal.h"
#include "util/hash.h"

extern const unsigned char ui_page[];
extern const size_t ui_page_len;

/* " 'sha256-…'" of what stands between two tags. */
static void add_digest(struct buf *policy, const char *page, const char *open, const char *close)
{
	uint8_t digest[SHA256_SIZE];
	char text[4 * ((SHA256_SIZE + 2) / 3) + 1];
	const char *start = strstr(page, open) + strlen(open);
	sha256(start, (size_t)(strstr(start, close) - start), digest);
	base64_encode(digest, sizeof digest, text);
	buf_printf(policy, " 'sha256-%s'", text);
}

/* Nothing from elsewhere, nothing sent elsewhere, no frame around it. */
static void write_policy(struct admin_call *c, const char *page)
{
	struct buf policy;
	buf_init(&policy, sizeof c->out->policy - 1);
	buf_adds(&policy, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src data:; connect-src 'self'; "
	                  "script-src");
	add_digest(&policy, page, "<script>", "</script>");
	buf_adds(&policy, "; style-src");
	add_digest(&policy, page, "<style>", "</style>");
	memcpy(c->out->policy, policy.data, policy.len + 1);
	buf_finish(&policy);
}

void ui_show(struct admin_call *c)
{
	write_policy(c, (const char *)ui_page);
	c->out->status = 200;
	c->out->content_type = "text/html; charset=utf-8";
	buf_add(&c->out->body, ui_page, ui_page_len);
}
