/* Mistakes about where a request goes: the host that was signed is not the one that was sent, nor the method, nor the path. */
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

#define DOMAIN ".tencentcloudapi.com"

static bool use_host(struct recipe *p, const char *host)
{
	return recipe_set(p, &p->host, host);
}

/* Where the port begins in "http://name:port"; the text's end when there is none. */
static const char *port_of(const char *host)
{
	const char *colon = strrchr(host, ':');
	return colon && strspn(colon + 1, "0123456789") == strlen(colon + 1) && colon[1] ? colon : host + strlen(host);
}

static const char *without_port(const struct recipe *p)
{
	const char *host = p->of->r->host;
	return arena_strndup(p->of->arena, host, (size_t)(port_of(host) - host));
}

static bool host_without_port(struct recipe *p, size_t n)
{
	(void)n;
	return use_host(p, without_port(p));
}

static bool host_with_port(struct recipe *p, size_t n)
{
	static const char *const ports[] = { "9362", "80", "443", "8080" };
	return use_host(p, arena_printf(p->of->arena, "%s:%s", without_port(p), ports[n]));
}

static bool host_with_scheme(struct recipe *p, size_t n)
{
	return use_host(p, arena_printf(p->of->arena, "%s%s", n == 0 ? "http://" : "https://", p->host));
}

static bool host_without_scheme(struct recipe *p, size_t n)
{
	const char *scheme = strstr(p->host, "://");
	(void)n;
	return scheme && use_host(p, scheme + strlen("://"));
}

static bool host_of_region(struct recipe *p, size_t n)
{
	const struct request *r = p->of->r;
	const char *region = n == 0 ? r->region : "ap-guangzhou";
	return *region && use_host(p, arena_printf(p->of->arena, "cbs.%s" DOMAIN, region));
}

/* In lower case it would be what is expected, so this shows only where the client keeps its own case. */
static bool host_upper_case(struct recipe *p, size_t n)
{
	char *host = arena_strdup(p->of->arena, p->host);
	(void)n;
	text_upper(host);
	p->values = VALUES_RAW;
	return use_host(p, host);
}

static bool host_by_other_name(struct recipe *p, size_t n)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "0.0.0.0" };
	const char *port = n % 2 == 0 ? port_of(p->of->r->host) : "";
	return use_host(p, arena_printf(p->of->arena, "%s%s", names[n / 2], port));
}

static bool host_with_product(struct recipe *p, size_t n)
{
	return use_host(p, arena_printf(p->of->arena, "cbs.%s", n == 0 ? p->of->r->host : without_port(p)));
}

static bool host_with_slash(struct recipe *p, size_t n)
{
	(void)n;
	return use_host(p, arena_printf(p->of->arena, "%s/", p->host));
}

static bool method_lower_case(struct recipe *p, size_t n)
{
	char *method = arena_strdup(p->of->arena, p->method);
	(void)n;
	str_lower(method);
	return recipe_set(p, &p->method, method);
}

static bool path_other(struct recipe *p, size_t n)
{
	const struct request *r = p->of->r;
	const char *paths[] = { r->target, "/v2/index.php", "/index.php", "/cbs", "//" };
	return recipe_set(p, &p->path, paths[n]);
}

#define SIGN_AS_SENT "You signed host:{made} but sent Host: {sent}. Sign the header exactly as sent."

static const struct hypothesis rows[] = {
	{ "host_without_port", FOR_BOTH, GROUP_HOST, 1, 1, .apply = host_without_port, .hint = SIGN_AS_SENT },
	{ "host_with_port", FOR_BOTH, GROUP_HOST, 4, 2, .apply = host_with_port, .hint = SIGN_AS_SENT },
	{ "host_of_cloud", FOR_BOTH, GROUP_HOST, 3, 1, .field = FIELD(host),
	  .texts = { "cbs" DOMAIN, "cbs.internal" DOMAIN, "cbs.intl" DOMAIN },
	  .hint = "You signed the cloud's name, host:{made}, but sent Host: {sent}. Sign the address that you really call." },
	{ "host_of_region", FOR_BOTH, GROUP_HOST, 2, 1, .apply = host_of_region,
	  .hint = "You signed the region's own name, host:{made}, but sent Host: {sent}. Sign the header exactly as sent." },
	{ "host_of_other_product", FOR_BOTH, GROUP_HOST, 4, 1, .field = FIELD(host),
	  .texts = { "cvm" DOMAIN, "sts" DOMAIN, "tag" DOMAIN, "vpc" DOMAIN },
	  .hint = "You signed another product's name, host:{made}, but sent Host: {sent}. Was an example copied with its host?" },
	{ "host_with_scheme", FOR_BOTH, GROUP_HOST, 2, 0, .apply = host_with_scheme,
	  .hint = "You signed host:{made} but sent Host: {sent}. A host has no http:// before it." },
	{ "host_without_scheme", FOR_BOTH, GROUP_HOST, 1, 0, .apply = host_without_scheme, .hint = SIGN_AS_SENT },
	{ "host_by_other_name", FOR_BOTH, GROUP_HOST, 6, 1, .apply = host_by_other_name,
	  .hint = "You signed host:{made} but sent Host: {sent}. It may be one machine, but it is not one text." },
	{ "host_with_product", FOR_BOTH, GROUP_HOST, 2, 0, .apply = host_with_product, .hint = SIGN_AS_SENT },
	{ "host_upper_case", FOR_BOTH, GROUP_HOST, 1, 0, .apply = host_upper_case,
	  .hint = "You signed the host in capitals, host:{made}, but sent Host: {sent}. It is signed in lower case." },
	{ "host_with_slash", FOR_BOTH, GROUP_HOST, 1, 0, .apply = host_with_slash,
	  .hint = "You signed host:{made} but sent Host: {sent}. The slash belongs to the path." },
	{ "host_empty", FOR_BOTH, GROUP_HOST, 1, 0, .field = FIELD(host), .texts = { "" },
	  .hint = "You signed an empty host but sent Host: {sent}." },
	{ "method_other", FOR_BOTH, GROUP_METHOD, 2, 2, .field = FIELD(method), .texts = { "GET", "POST" },
	  .hint = "You signed the method {made} but sent {sent}." },
	{ "method_lower_case", FOR_BOTH, GROUP_METHOD, 1, 0, .apply = method_lower_case,
	  .hint = "You signed the method as {made}; it is signed in capitals, {sent}." },
	{ "path_missing", FOR_BOTH, GROUP_METHOD, 1, 1, .field = FIELD(path), .texts = { "" },
	  .hint = "You signed an empty path; the path of this API is always / and is signed." },
	{ "path_other", FOR_BOTH, GROUP_METHOD, 5, 0, .apply = path_other,
	  .hint = "You signed the path {made}; the path of this API is always /." },
};

const struct hypothesis_list xray_host_rows = LIST_OF(rows);
