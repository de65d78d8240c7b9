/* What may be asked of the sockets, and changed, while they serve; and who is at their other end. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "http/http_internal.h"
#include "util/arena.h"
#include "util/str.h"

/* Formatting an address costs more than most checks of a request, so a connection does it once. */
static struct peer *peer_new(struct MHD_Connection *connection)
{
	struct peer *peer = xcalloc(1, sizeof *peer);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	peer->buffer = buffer_new();
	if (address && address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		inet_ntop(AF_INET, &v4->sin_addr, peer->address, sizeof peer->address);
	} else if (address && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], peer->address, sizeof peer->address);
		else
			inet_ntop(AF_INET6, &v6->sin6_addr, peer->address, sizeof peer->address);
	}
	return peer;
}

static void peer_free(struct buffers *all, struct peer *peer)
{
	buffer_free(all, peer->buffer);
	free(peer);
}

void on_connection(void *loop, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	struct loop *l = loop;
	struct http *h = l->listener->http;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = peer_new(connection);
		atomic_fetch_add(&h->connections, 1);
	} else {
		peer_free(&l->buffers, *socket_context);
		atomic_fetch_sub(&h->connections, 1);
	}
	l->place_free |= what == MHD_CONNECTION_NOTIFY_CLOSED;
}

struct admin_config live_admin(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct admin_config copy = h->admin;
	pthread_mutex_unlock(&h->lock);
	return copy;
}

/* Old texts stay, for those who are reading them. */
static const char *kept(struct http *h, const char *old, const char *new)
{
	if (str_is(old, new))
		return old;
	return new ? arena_strdup(h->texts, new) : NULL;
}

void http_reconfigure(struct http *h, const struct admin_config *admin)
{
	pthread_mutex_lock(&h->lock);
	h->admin.token = kept(h, h->admin.token, admin->token);
	h->admin.hosts = kept(h, h->admin.hosts, admin->hosts);
	pthread_mutex_unlock(&h->lock);
	struct files_need need = files_needed(h);
	files_allow_worlds(&need);
}
