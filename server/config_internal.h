/* Between config.c, which knows each setting, and config_sources.c, which knows where they come from. */
#ifndef CBSMOCK_CONFIG_INTERNAL_H
#define CBSMOCK_CONFIG_INTERNAL_H

#include <stdint.h>

#include "config.h"

struct setting {
	const char *name, *takes, *fallback; /* fallback NULL: stays as it is without the setting */
	const char *help;
	/* Puts the value into the config; NULL when it is fine, else what the setting takes. */
	const char *(*read)(struct config *c, const struct setting *s, const char *text);
	size_t offset;
	bool list;                           /* several may be given, "," between them */
	bool live;                           /* a running server can change it: reload.c */
	bool secret;
	int64_t min, max;
};

extern const struct setting config_settings[];
extern const size_t config_setting_count;
/* `config` names the file that holds the others, so it is none of them. */
extern const struct setting config_setting;

/* Takes "config" too; NULL when there is none of the name. */
const struct setting *find_setting(const char *name);
/* Taken as it is, whatever it looks like. */
bool setting_is_text(const struct setting *s);

#endif
