/* Structured log lines on stderr: one event a line, `key=value` text or JSON. Only http/, admin/ and main call it; libraries
 * below return what happened instead. Values are escaped, so nothing a client sends can forge a line. */
#ifndef CBSMOCK_UTIL_LOG_H
#define CBSMOCK_UTIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
	const char *key;
	const char *text; /* NULL: `number` is the value */
	int64_t number;
};

void log_setup(enum log_level level, enum log_format format);
bool log_wants(enum log_level level);
/* A field with a NULL key ends the list. Lines of one call are written whole. */
void log_event(enum log_level level, const char *event, const struct log_field *fields);
/* A plain sentence, as the field `text` of an event `note`: log_say(LOG_WARN, "cannot …: %s", why). */
void log_say(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
