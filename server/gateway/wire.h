/* What the connection is made to suffer in place of just carrying the answer. The gateway fills it from fault rules; http/ obeys.
 * Zeroed it means: send the answer. */
#ifndef CBSMOCK_GATEWAY_WIRE_H
#define CBSMOCK_GATEWAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_end {
	WIRE_SEND,    /* as usual */
	WIRE_RESET,   /* a TCP RST */
	WIRE_CLOSE,   /* an orderly close */
	WIRE_SILENCE, /* nothing, until the client gives up or `silence_ms` have passed, then a close */
};

struct wire {
	int64_t delay_ms;         /* before anything is sent */
	int64_t silence_ms;       /* WIRE_SILENCE: 0 is until the client goes */
	bool cut;                 /* only `cut_at` bytes of the body leave, then `end` */
	size_t cut_at;
	bool lie_about_length;    /* Content-Length tells the whole body though it is cut */
	enum wire_end end;        /* without `cut`: before a byte is sent; with it: after the cut */
	bool end_after_body;      /* `end` comes after the whole body instead */
	size_t slice_bytes;       /* 0: whole; else pieces of this size, */
	int64_t slice_delay_us;   /* this far apart */
	int64_t bytes_per_second; /* 0: as fast as it goes */
	int64_t close_delay_ms;   /* between the last byte and the close; also forces a close */
	bool bad_chunk;           /* chunked encoding whose framing is broken */
};

#endif
