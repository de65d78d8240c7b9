/* cbsmock inside a process: a server on a free port of 127.0.0.1, for a test that wants one of its own.
 *
 *     struct cbsmock *cloud = cbsmock_start(NULL, NULL);
 *     client_connect(cbsmock_url(cloud));
 *     …
 *     cbsmock_stop(cloud);
 *
 * Any number of them live side by side and share nothing but what is said here: log lines go to standard error, and the level the
 * last one was started with counts for all. Servers run on threads of their own, which take no signals. A fork leaves them behind,
 * so start them in the process that uses them. Any thread may call any function, but nobody after cbsmock_stop. Running out of memory
 * ends the process.
 *
 * Where a function takes `why`, it may be NULL. On failure *why becomes a sentence for people, to be freed with free(); on success,
 * NULL. */
#ifndef LIBCBSMOCK_H
#define LIBCBSMOCK_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CBSMOCK_API __attribute__((visibility("default")))

struct cbsmock;

/* `settings` are those of `cbsmock --help`, "name=value" each, a NULL after the last: { "rate-limit=off", "transitions=immediate", NULL }.
 * NULL for none. Here port=0 and log-level=warn unless they say otherwise; neither the environment nor a file counts. NULL on
 * failure. */
CBSMOCK_API struct cbsmock *cbsmock_start(const char *const settings[], char **why);
/* Answers what is in flight and frees everything; under a second. NULL is fine. */
CBSMOCK_API void cbsmock_stop(struct cbsmock *c);

/* "http://127.0.0.1:40123"; lives as long as the server. */
CBSMOCK_API const char *cbsmock_url(const struct cbsmock *c);
CBSMOCK_API int cbsmock_port(const struct cbsmock *c);
CBSMOCK_API int cbsmock_tls_port(const struct cbsmock *c); /* -1 without tls-port */

/* The world, the clock and all counters as at the start. */
CBSMOCK_API bool cbsmock_reset(struct cbsmock *c, char **why);
/* Merges a piece of a fixture, as JSON text, into the world. */
CBSMOCK_API bool cbsmock_seed(struct cbsmock *c, const char *fixture, char **why);
/* Lets time pass in the world: "5s", "1h30m", "7d". */
CBSMOCK_API bool cbsmock_clock_advance(struct cbsmock *c, const char *by, char **why);
/* Everything else: a request to the admin API, as ("POST", "/_cbs/reset", NULL, …). `json` NULL: no body. Returns the HTTP status; 0 when
 * there was no answer. *answer (may be NULL) becomes what was answered, or why nothing was, to be freed with free(). POST /_cbs/shutdown is
 * refused with 409: cbsmock_stop ends it. */
CBSMOCK_API int cbsmock_admin(struct cbsmock *c, const char *method, const char *path, const char *json, char **answer);

/* "0.1.0" */
CBSMOCK_API const char *cbsmock_version(void);

#ifdef __cplusplus
}
#endif

#endif
