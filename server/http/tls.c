/* Our certificate authority and the server certificate below it. Kept files are used as long as they are good; what expires soon,
 * or names other hosts than are wanted now, is made anew; what cannot be read is left alone and named. */
#include "http/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "util/arena.h"
#include "util/clock.h"

enum {
	DAY_S = 24 * 3600,
	CA_DAYS = 10 * 365,
	SERVER_DAYS = 820, /* clients refuse a server certificate above 825 */
	RENEW_DAYS = 30,   /* made anew when less is left */
	NAMES_MAX = 128,
	NAME_MAX_LEN = 253,
	FILE_MAX = 64 * 1024,
	SERIAL_SIZE = 16,
};

/* Most verifiers let one `*` stand for one label, so the regions' own domains (protocol.md §6) are written out. */
static const char *const own_names[] = {
	"localhost", "127.0.0.1", "::1", "*.tencentcloudapi.com", "*.*.tencentcloudapi.com",
	"*.intl.tencentcloudapi.com", "*.internal.tencentcloudapi.com", "*.test.tencentcloudapi.com",
	"*.ap-bangkok.tencentcloudapi.com", "*.ap-beijing.tencentcloudapi.com", "*.ap-beijing-fsi.tencentcloudapi.com",
	"*.ap-chengdu.tencentcloudapi.com", "*.ap-chongqing.tencentcloudapi.com", "*.ap-guangzhou.tencentcloudapi.com",
	"*.ap-guangzhou-open.tencentcloudapi.com", "*.ap-hongkong.tencentcloudapi.com", "*.ap-jakarta.tencentcloudapi.com",
	"*.ap-mumbai.tencentcloudapi.com", "*.ap-nanjing.tencentcloudapi.com", "*.ap-seoul.tencentcloudapi.com",
	"*.ap-shanghai.tencentcloudapi.com", "*.ap-shanghai-fsi.tencentcloudapi.com", "*.ap-shenzhen-fsi.tencentcloudapi.com",
	"*.ap-singapore.tencentcloudapi.com", "*.ap-tokyo.tencentcloudapi.com", "*.eu-frankfurt.tencentcloudapi.com",
	"*.eu-moscow.tencentcloudapi.com", "*.na-ashburn.tencentcloudapi.com", "*.na-siliconvalley.tencentcloudapi.com",
	"*.na-toronto.tencentcloudapi.com", "*.sa-saopaulo.tencentcloudapi.com",
};

struct names {
	const char *text[NAMES_MAX];
	size_t count;
};

/* A certificate and its key, as objects. */
struct pair {
	gnutls_x509_crt_t cert;
	gnutls_x509_privkey_t key;
};

struct place {
	struct arena *arena;
	const char *dir; /* NULL: nothing is kept */
	struct buf *why;
};

/* ---- names --------------------------------------------------------------------------------------------------------- */

static bool is_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*:";
	size_t len = strlen(text);
	return len > 0 && len <= NAME_MAX_LEN && strspn(text, allowed) == len;
}

static bool collect_names(struct place *p, const char *extra, struct names *out)
{
	for (size_t i = 0; i < sizeof own_names / sizeof own_names[0]; i++)
		out->text[out->count++] = own_names[i];
	while (extra && *extra) {
		size_t len = strcspn(extra, ",");
		const char *name = arena_strndup(p->arena, extra, len);
		extra += len + (extra[len] == ',');
		if (!is_name(name) || out->count == NAMES_MAX) {
			buf_printf(p->why, "tls-names: \"%s\" cannot be a name in a certificate", name);
			return false;
		}
		out->text[out->count++] = name;
	}
	return true;
}

/* The raw form of an IP address; 0 when the text is a host name. */
static size_t address_bytes(const char *text, uint8_t out[16])
{
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* Does the certificate name exactly these? */
static bool has_names(gnutls_x509_crt_t cert, const struct names *names)
{
	for (unsigned i = 0; i <= names->count; i++) {
		uint8_t found[NAME_MAX_LEN + 1], address[16];
		size_t size = sizeof found;
		int type = gnutls_x509_crt_get_subject_alt_name(cert, i, found, &size, NULL);
		if (i == names->count)
			return type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
		size_t wanted = address_bytes(names->text[i], address);
		const void *bytes = wanted ? (const void *)address : names->text[i];
		if (type != (wanted ? (int)GNUTLS_SAN_IPADDRESS : (int)GNUTLS_SAN_DNSNAME))
			return false;
		if (size != (wanted ? wanted : strlen(names->text[i])) || memcmp(found, bytes, size) != 0)
			return false;
	}
	return false;
}

static bool add_names(gnutls_x509_crt_t cert, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		uint8_t address[16];
		size_t size = address_bytes(names->text[i], address);
		gnutls_x509_subject_alt_name_t type = size ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME;
		const void *bytes = size ? (const void *)address : names->text[i];
		size = size ? size : strlen(names->text[i]);
		if (gnutls_x509_crt_set_subject_alt_name(cert, type, bytes, (unsigned)size, GNUTLS_FSAN_APPEND) < 0)
			return false;
	}
	return true;
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

static const char *path_of(struct place *p, const char *name)
{
	return arena_printf(p->arena, "%s/%s", p->dir, name);
}

enum load { LOADED, ABSENT, BROKEN };

static enum load load_file(struct place *p, const char *name, gnutls_datum_t *out)
{
	const char *path = path_of(p, name);
	FILE *f = fopen(path, "r");
	if (!f && errno == ENOENT)
		return ABSENT;
	char *data = arena_alloc(p->arena, FILE_MAX);
	size_t size = f ? fread(data, 1, FILE_MAX, f) : 0;
	bool whole = f && !ferror(f) && size < FILE_MAX;
	if (!whole)
		buf_printf(p->why, "cannot read %s: %s", path, f ? "not a certificate or key" : strerror(errno));
	if (f)
		fclose(f);
	*out = (gnutls_datum_t){ .data = (unsigned char *)data, .size = (unsigned)size };
	return whole ? LOADED : BROKEN;
}

/* Whole or not at all: the file appears under its name when it is complete. */
static bool save_file(struct place *p, const char *name, const char *text, mode_t mode)
{
	const char *path = path_of(p, name), *draft = arena_printf(p->arena, "%s.new", path);
	unlink(draft);
	int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	size_t len = strlen(text);
	bool written = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	if (fd >= 0 && close(fd) != 0)
		written = false;
	if (written && rename(draft, path) == 0)
		return true;
	buf_printf(p->why, "cannot write %s: %s", path, strerror(errno));
	unlink(draft);
	return false;
}

static void pair_finish(struct pair *pair)
{
	if (pair->cert)
		gnutls_x509_crt_deinit(pair->cert);
	if (pair->key)
		gnutls_x509_privkey_deinit(pair->key);
	*pair = (struct pair){ 0 };
}

/* Do the two belong together? */
static bool pair_fits(const struct pair *pair)
{
	uint8_t of_cert[64], of_key[64];
	size_t cert_size = sizeof of_cert, key_size = sizeof of_key;
	return gnutls_x509_crt_get_key_id(pair->cert, 0, of_cert, &cert_size) == 0 &&
	       gnutls_x509_privkey_get_key_id(pair->key, 0, of_key, &key_size) == 0 && cert_size == key_size &&
	       memcmp(of_cert, of_key, cert_size) == 0;
}

/* The certificate file is written last, so without it there is no pair. */
static enum load load_pair(struct place *p, const char *cert_name, const char *key_name, struct pair *out)
{
	gnutls_datum_t cert, key;
	enum load found = load_file(p, cert_name, &cert);
	if (found == LOADED)
		found = load_file(p, key_name, &key);
	if (found != LOADED)
		return found;
	if (gnutls_x509_crt_init(&out->cert) == 0 && gnutls_x509_privkey_init(&out->key) == 0 &&
	    gnutls_x509_crt_import(out->cert, &cert, GNUTLS_X509_FMT_PEM) == 0 &&
	    gnutls_x509_privkey_import(out->key, &key, GNUTLS_X509_FMT_PEM) == 0 && pair_fits(out))
		return LOADED;
	buf_printf(p->why, "%s and %s are not a certificate and its key: remove both to have them made anew", path_of(p, cert_name),
	           path_of(p, key_name));
	pair_finish(out);
	return BROKEN;
}

/* ---- making -------------------------------------------------------------------------------------------------------- */

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

static bool expires_soon(gnutls_x509_crt_t cert)
{
	return gnutls_x509_crt_get_expiration_time(cert) < now_s() + (int64_t)RENEW_DAYS * DAY_S;
}

/* What both kinds of certificate share: a new P-256 key, a serial number, a name, validity from yesterday (clocks differ). */
static bool start_pair(struct pair *pair, const char *name, int days)
{
	uint8_t serial[SERIAL_SIZE], key_id[64];
	size_t key_id_size = sizeof key_id;
	unsigned bits = (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	if (gnutls_x509_privkey_init(&pair->key) < 0 || gnutls_x509_crt_init(&pair->cert) < 0 ||
	    gnutls_x509_privkey_generate(pair->key, GNUTLS_PK_ECDSA, bits, 0) < 0 ||
	    gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial) < 0)
		return false;
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and as long as it looks */
	return gnutls_x509_crt_set_version(pair->cert, 3) == 0 && gnutls_x509_crt_set_serial(pair->cert, serial, sizeof serial) == 0 &&
	       gnutls_x509_crt_set_dn_by_oid(pair->cert, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)) == 0 &&
	       gnutls_x509_crt_set_activation_time(pair->cert, now_s() - DAY_S) == 0 &&
	       gnutls_x509_crt_set_expiration_time(pair->cert, now_s() + (int64_t)days * DAY_S) == 0 &&
	       gnutls_x509_crt_set_key(pair->cert, pair->key) == 0 &&
	       gnutls_x509_crt_get_key_id(pair->cert, 0, key_id, &key_id_size) == 0 &&
	       gnutls_x509_crt_set_subject_key_id(pair->cert, key_id, key_id_size) == 0;
}

static bool make_ca(struct pair *ca)
{
	return start_pair(ca, "cbsmock local CA", CA_DAYS) && gnutls_x509_crt_set_basic_constraints(ca->cert, 1, 0) == 0 &&
	       gnutls_x509_crt_set_key_usage(ca->cert, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) == 0 &&
	       gnutls_x509_crt_sign2(ca->cert, ca->cert, ca->key, GNUTLS_DIG_SHA256, 0) == 0;
}

static bool make_server(struct pair *server, const struct pair *ca, const struct names *names)
{
	uint8_t issuer_id[64];
	size_t issuer_id_size = sizeof issuer_id;
	return start_pair(server, "cbsmock", SERVER_DAYS) && gnutls_x509_crt_set_basic_constraints(server->cert, 0, -1) == 0 &&
	       gnutls_x509_crt_set_key_usage(server->cert, GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 &&
	       gnutls_x509_crt_set_key_purpose_oid(server->cert, GNUTLS_KP_TLS_WWW_SERVER, 0) == 0 && add_names(server->cert, names) &&
	       gnutls_x509_crt_get_subject_key_id(ca->cert, issuer_id, &issuer_id_size, NULL) == 0 &&
	       gnutls_x509_crt_set_authority_key_id(server->cert, issuer_id, issuer_id_size) == 0 &&
	       gnutls_x509_crt_sign2(server->cert, ca->cert, ca->key, GNUTLS_DIG_SHA256, 0) == 0;
}

/* PEM text on the heap; NULL when GnuTLS cannot. */
static char *take_text(int rc, gnutls_datum_t *pem)
{
	if (rc != 0)
		return NULL;
	char *text = xcalloc(1, (size_t)pem->size + 1);
	memcpy(text, pem->data, pem->size);
	gnutls_free(pem->data);
	return text;
}

static char *cert_text(gnutls_x509_crt_t cert)
{
	gnutls_datum_t pem = { 0 };
	return take_text(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem), &pem);
}

static char *key_text(gnutls_x509_privkey_t key)
{
	gnutls_datum_t pem = { 0 };
	return take_text(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem), &pem);
}

static bool save_pair(struct place *p, const char *cert_name, const char *key_name, const struct pair *pair)
{
	if (!p->dir)
		return true;
	char *cert = cert_text(pair->cert), *key = key_text(pair->key);
	bool saved = cert && key && save_file(p, key_name, key, 0600) && save_file(p, cert_name, cert, 0644);
	if (!cert || !key)
		buf_adds(p->why, "GnuTLS cannot write down a certificate");
	free(cert);
	free(key);
	return saved;
}

/* ---- together ------------------------------------------------------------------------------------------------------ */

static bool get_ca(struct place *p, struct pair *ca)
{
	enum load found = p->dir ? load_pair(p, "ca.pem", "ca.key", ca) : ABSENT;
	if (found == BROKEN)
		return false;
	if (found == LOADED && !expires_soon(ca->cert))
		return true;
	pair_finish(ca);
	if (!make_ca(ca)) {
		buf_adds(p->why, "GnuTLS cannot make a certificate authority");
		return false;
	}
	return save_pair(p, "ca.pem", "ca.key", ca);
}

static bool still_serves(const struct pair *server, const struct pair *ca, const struct names *names)
{
	unsigned problems = 0;
	return !expires_soon(server->cert) && has_names(server->cert, names) &&
	       gnutls_x509_crt_verify(server->cert, &ca->cert, 1, 0, &problems) == 0 && problems == 0;
}

static bool get_server(struct place *p, const struct pair *ca, const struct names *names, struct pair *server)
{
	enum load found = p->dir ? load_pair(p, "server.pem", "server.key", server) : ABSENT;
	if (found == BROKEN)
		return false;
	if (found == LOADED && still_serves(server, ca, names))
		return true;
	pair_finish(server);
	if (!make_server(server, ca, names)) {
		buf_adds(p->why, "GnuTLS cannot make a server certificate");
		return false;
	}
	return save_pair(p, "server.pem", "server.key", server);
}

static bool write_texts(struct tls *t, const struct pair *ca, const struct pair *server)
{
	char *own = cert_text(server->cert);
	t->ca_pem = cert_text(ca->cert);
	t->key_pem = key_text(server->key);
	if (own && t->ca_pem) {
		struct buf chain;
		buf_init(&chain, FILE_MAX);
		buf_printf(&chain, "%s%s", own, t->ca_pem);
		t->cert_pem = buf_take(&chain, NULL);
	}
	free(own);
	return t->ca_pem && t->cert_pem && t->key_pem;
}

bool tls_check_names(const char *extra_names, struct buf *why)
{
	struct place p = { .arena = arena_new(), .why = why };
	struct names names = { .count = 0 };
	bool fit = collect_names(&p, extra_names, &names);
	arena_free(p.arena);
	return fit;
}

bool tls_init(struct tls *t, const char *data_dir, const char *extra_names, struct buf *why)
{
	*t = (struct tls){ 0 };
	struct place p = { .arena = arena_new(), .why = why };
	struct pair ca = { 0 }, server = { 0 };
	struct names names = { .count = 0 };
	bool ready = true;
	if (data_dir) {
		p.dir = arena_printf(p.arena, "%s/tls", data_dir);
		ready = mkdir(p.dir, 0700) == 0 || errno == EEXIST;
		if (!ready)
			buf_printf(why, "cannot make %s: %s", p.dir, strerror(errno));
	}
	ready = ready && collect_names(&p, extra_names, &names) && get_ca(&p, &ca) && get_server(&p, &ca, &names, &server);
	if (ready && !write_texts(t, &ca, &server)) {
		buf_adds(why, "GnuTLS cannot write down a certificate");
		ready = false;
	}
	pair_finish(&server);
	pair_finish(&ca);
	arena_free(p.arena);
	if (!ready)
		tls_finish(t);
	return ready;
}

void tls_finish(struct tls *t)
{
	free(t->ca_pem);
	free(t->cert_pem);
	if (t->key_pem)
		gnutls_memset(t->key_pem, 0, strlen(t->key_pem));
	free(t->key_pem);
	*t = (struct tls){ 0 };
}
