/* What may be asked of the sockets, and changed, while they serve. */
#include "http/http_internal.h"
#include "util/arena.h"
#include "util/str.h"

void on_connection(void *loop, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	(void)connection;
	struct loop *l = loop;
	struct http *h = l->listener->http;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = buffer_new();
		atomic_fetch_add(&h->connections, 1);
	} else {
		buffer_free(&l->buffers, *socket_context);
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
}
