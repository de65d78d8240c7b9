/* How a client on this machine writes the address of a server. */
#ifndef CBSMOCK_ADDRESS_H
#define CBSMOCK_ADDRESS_H

#include "util/buf.h"

/* Adds "http://127.0.0.1:9362" for what listens on `host`, which may be any address ("0.0.0.0", "::"). */
void address_url(struct buf *out, const char *scheme, const char *host, int port);

#endif
