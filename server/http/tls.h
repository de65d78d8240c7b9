/* A certificate authority of our own and a server certificate signed by it: made at start, kept in the data directory when there
 * is one, so that a client trusts it once. P-256; names localhost, 127.0.0.1, ::1, *.tencentcloudapi.com, *.*.tencentcloudapi.com
 * and, as most clients let `*` stand for one label only, the regions' domains one by one. */
#ifndef CBSMOCK_HTTP_TLS_H
#define CBSMOCK_HTTP_TLS_H

#include <stdbool.h>

#include "util/buf.h"

struct tls {
	char *ca_pem;   /* certificate only; freed by tls_finish */
	char *cert_pem; /* server certificate followed by the CA's */
	char *key_pem;
};

/* Can these be names in a certificate? extra_names: "," between, may be NULL. False with one sentence in `why`. */
bool tls_check_names(const char *extra_names, struct buf *why);
/* Names that fail tls_check_names are refused here too. False with one sentence in `why`. */
bool tls_init(struct tls *t, const char *data_dir, const char *extra_names, struct buf *why);
void tls_finish(struct tls *t);

#endif
