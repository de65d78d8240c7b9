/* An address to listen on is not always one to connect to. */
#include "address.h"

#include <string.h>

#include "util/str.h"

void address_url(struct buf *out, const char *scheme, const char *host, int port)
{
	if (str_is(host, "0.0.0.0") || str_is(host, "localhost"))
		host = "127.0.0.1";
	else if (str_is(host, "::"))
		host = "::1";
	buf_printf(out, strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", scheme, host, port);
}
