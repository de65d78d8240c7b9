/* What a sandbox's file says of the sandbox itself, so that the next start finds it as it was. */
#ifndef CBSMOCK_GATEWAY_ABOUT_H
#define CBSMOCK_GATEWAY_ABOUT_H

#include "gateway/sandbox.h"
#include "util/buf.h"

/* Appends the JSON. */
void about_write(const struct sandbox *s, struct buf *out);
/* Fills in what the text says; what it does not say stays. */
void about_read(struct sandbox *s, const char *text);

#endif
