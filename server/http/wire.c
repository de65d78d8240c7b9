/* Obeys struct wire. Delays suspend the connection; a body that leaves in pieces, or is followed by more than the next request,
 * comes from a reader which suspends between pieces and, after the last, does to the connection what is to be done. */
#include "http/wire.h"

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "http/http_internal.h"
#include "util/clock.h"

enum {
	BLOCK = 16 * 1024,       /* bytes of a body that are handed over at a time */
	PIECES_A_SECOND = 100,   /* that a bandwidth is cut into, at most */
	ARRIVE_US = 5 * 1000000, /* that bytes get to arrive in before an RST overtakes them */
	ARRIVE_STEP_US = 2000,
};

/* Taken once in an exchange. */
enum { STEP_DELAY = 1, STEP_BODY_LEFT = 2, STEP_LINGER = 4, STEP_SILENCE = 8 };

static bool once(struct exchange *x, unsigned step)
{
	bool first = !(x->spoil.done & step);
	x->spoil.done |= step;
	return first;
}

static bool pause_for_us(struct exchange *x, int64_t us)
{
	return pause_until(x->listener->http->pauses, &x->pause, x->connection, clock_mono_us() + us);
}

static bool pause_for_ms(struct exchange *x, int64_t ms)
{
	int64_t now_us = clock_mono_us();
	int64_t due_us = ms < (PAUSE_FOREVER - now_us) / 1000 ? now_us + ms * 1000 : PAUSE_FOREVER;
	return pause_until(x->listener->http->pauses, &x->pause, x->connection, due_us);
}

/* Says nothing (more) for as long as it is told; false when that is over. */
static bool stay_silent(struct exchange *x, const struct wire *w)
{
	return once(x, STEP_SILENCE) && pause_for_ms(x, w->silence_ms ? w->silence_ms : INT64_MAX);
}

/* ---- the socket ---------------------------------------------------------------------------------------------------- */

/* Nothing that was handed over stays behind for want of more. */
static void push(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Bytes handed over that the client's machine has not got. */
static int on_the_way(int fd)
{
	int bytes = 0;
	return ioctl(fd, TIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/* Libmicrohttpd shuts a connection down before it closes it, so closing would send a FIN first. Dissolving the association sends
 * the RST at once and leaves the descriptor to be closed; should a system not do that, the linger makes an RST of the close. */
static void send_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	connect(fd, &nobody, sizeof nobody);
}

/* A few bytes past libmicrohttpd, which has handed over all of its own. */
static void send_raw(struct MHD_Connection *connection, const char *text)
{
	const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	ssize_t sent = tls ? gnutls_record_send(tls->tls_session, text, strlen(text))
	                   : send(connection_fd(connection), text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent; /* a client that does not read gets a body without an end, which is as broken */
}

/* ---- the body ------------------------------------------------------------------------------------------------------ */

/* After the last byte; 0 until all is done. */
static ssize_t end_body(struct exchange *x)
{
	const struct wire *w = &x->request->wire;
	int fd = connection_fd(x->connection);
	if (once(x, STEP_BODY_LEFT)) {
		if (w->bad_chunk)
			send_raw(x->connection, "no size\r\n");
		push(fd);
		x->spoil.due_us = clock_mono_us() + ARRIVE_US;
	}
	if (w->close_delay_ms && once(x, STEP_LINGER) && pause_for_ms(x, w->close_delay_ms))
		return 0;
	if (w->end == WIRE_SILENCE && stay_silent(x, w))
		return 0;
	if (w->end == WIRE_RESET && on_the_way(fd) && clock_mono_us() < x->spoil.due_us && pause_for_us(x, ARRIVE_STEP_US))
		return 0;
	return w->bad_chunk ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
}

/* False when its time has not come and a pause has begun. When the server ends, all that is left is one piece. */
static bool next_piece(struct exchange *x)
{
	struct spoil *s = &x->spoil;
	int64_t now_us = clock_mono_us();
	if (now_us < s->due_us) {
		if (pause_until(x->listener->http->pauses, &x->pause, x->connection, s->due_us))
			return false;
		s->piece = SIZE_MAX;
	}
	/* One that was held up by its client does not make the next ones hurry. */
	s->due_us = (now_us - s->due_us > s->pause_us ? now_us : s->due_us) + s->pause_us;
	s->left = s->piece;
	return true;
}

/* The reader: the next bytes of the body, 0 after a pause has begun. */
static ssize_t read_body(void *exchange, uint64_t position, char *out, size_t max)
{
	struct exchange *x = exchange;
	struct spoil *s = &x->spoil;
	if (x->pause.gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (position >= s->size)
		return end_body(x);
	if (!s->left && !next_piece(x))
		return 0;
	size_t count = s->size - (size_t)position;
	if (count > s->left)
		count = s->left;
	if (count > max)
		count = max;
	memcpy(out, s->data + position, count);
	s->left -= count;
	return (ssize_t)count;
}

/* How large the pieces are and how far apart; of slices and a bandwidth, whichever is slower. */
static void plan_pieces(struct spoil *s, const struct wire *w)
{
	s->piece = w->slice_bytes ? w->slice_bytes : SIZE_MAX;
	s->pause_us = w->slice_bytes ? w->slice_delay_us : 0;
	if (w->bytes_per_second > 0) {
		int64_t most = w->bytes_per_second / PIECES_A_SECOND + 1;
		if ((uint64_t)most < s->piece)
			s->piece = (size_t)most;
		int64_t share_us = (int64_t)((double)s->piece * 1e6 / (double)w->bytes_per_second);
		if (s->pause_us < share_us)
			s->pause_us = share_us;
	}
	s->due_us = clock_mono_us();
}

/* Is the connection of no use after this answer? */
static bool closes(const struct wire *w)
{
	return w->end != WIRE_SEND || w->close_delay_ms || (w->cut && w->lie_about_length);
}

/* The reader's response. One that closes has a length of its own telling and no end but the reader's, so that the reader is asked
 * once more after the last byte; libmicrohttpd ends a body of known length by itself. */
static struct MHD_Response *make_response(struct exchange *x, const struct wire *w, size_t told)
{
	bool own_end = w->bad_chunk || closes(w);
	size_t block = x->spoil.size < BLOCK ? x->spoil.size : BLOCK;
	struct MHD_Response *response =
		MHD_create_response_from_callback(own_end ? MHD_SIZE_UNKNOWN : x->spoil.size, block ? block : 1, read_body, x, NULL);
	if (!response)
		return NULL;
	if (own_end && !w->bad_chunk) {
		char length[32];
		snprintf(length, sizeof length, "%zu", told);
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT | MHD_RF_INSANITY_HEADER_CONTENT_LENGTH, MHD_RO_END);
		MHD_add_response_header(response, "Content-Length", length);
	} else if (!own_end) {
		MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
	}
	return response;
}

static enum MHD_Result answer_in_pieces(struct exchange *x, const struct answer *a, const struct wire *w)
{
	struct spoil *s = &x->spoil;
	s->data = a->data;
	s->size = w->cut && w->cut_at < a->len ? w->cut_at : a->len;
	plan_pieces(s, w);
	struct MHD_Response *response = make_response(x, w, w->lie_about_length ? a->len : s->size);
	return response ? send_response(x, a, response) : MHD_NO;
}

/* ---- together ------------------------------------------------------------------------------------------------------ */

/* Does the connection end before a byte is sent? */
static bool is_mute(const struct wire *w)
{
	return w->end != WIRE_SEND && !w->cut && !w->end_after_body && !w->bad_chunk;
}

/* Does the whole answer leave at once, and nothing after it? */
static bool is_whole(const struct wire *w)
{
	return !w->cut && w->end == WIRE_SEND && !w->slice_bytes && !w->bytes_per_second && !w->close_delay_ms && !w->bad_chunk;
}

bool wire_is_usual(const struct wire *w)
{
	return !w->delay_ms && is_whole(w);
}

enum MHD_Result wire_answer(struct exchange *x, const struct answer *a)
{
	const struct wire *w = &x->request->wire;
	if (x->pause.gone)
		return MHD_NO;
	if (w->delay_ms > 0 && once(x, STEP_DELAY) && pause_for_ms(x, w->delay_ms))
		return MHD_YES;
	if (is_whole(w))
		return send_answer(x, a);
	if (!is_mute(w))
		return answer_in_pieces(x, a, w);
	return w->end == WIRE_SILENCE && stay_silent(x, w) ? MHD_YES : MHD_NO;
}

void wire_end(struct exchange *x)
{
	if (x->request->wire.end == WIRE_RESET)
		send_reset(connection_fd(x->connection));
}
