/* The atlas of errors: for each documented code, how to arrange the world so that the next call is answered with it. The entries
 * are the files of fixtures/atlas, embedded at build time; schema/atlas.schema.json says what each member means. */
#ifndef CBSMOCK_CBS_ATLAS_H
#define CBSMOCK_CBS_ATLAS_H

#include <stdbool.h>
#include <stddef.h>

struct atlas_entry {
	const char *action;  /* for a common code: the action that carries it */
	const char *code;
	const char *dialect; /* "classic", "current" or "both" */
	const char *summary;
	const char *reason;  /* why nothing gives this code; NULL when something does */
	const char *arrange; /* JSON object: fixture fragment; NULL: nothing to arrange */
	const char *calls;   /* JSON array of {action, params}; NULL: none */
	const char *call;    /* JSON object: parameters; NULL when there is a reason */
	const char *request; /* JSON object; NULL: an ordinary request */
	int repeat;          /* times the call is made; the last one is answered with the code */
	bool common;         /* a code of the gateway, of any action */
};

/* Sorted by action, then code, a common entry after the others of its action. */
extern const struct atlas_entry atlas_entries[];
extern const size_t atlas_entry_count;

/* NULL when there is none; `action` NULL finds a common code. */
const struct atlas_entry *atlas_find(const char *action, const char *code);

#endif
