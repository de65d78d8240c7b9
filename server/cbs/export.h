/* A world written as the fixture that makes it. */
#ifndef CBSMOCK_CBS_EXPORT_H
#define CBSMOCK_CBS_EXPORT_H

#include "store/entity.h"
#include "store/store.h"
#include "util/json_out.h"

/* Its entities as members of the open object, in the order of loading: all that a fixture can say, so no jobs, answers to client
 * tokens or clock. Secret keys and tokens are left out, and "Credentials" altogether unless asked for: without its key a credential
 * cannot be loaded. `only` names one entity; NULL: every one. */
void world_write(struct store *s, struct arena *a, struct json_out *o, const char *only, bool credentials);
/* The entity that a person means: "Snapshots", "snapshot", "disks"; NULL when there is none. */
const char *world_entity(const char *name);
/* One value of a row. Tags have rows of their own: not for them. */
void field_write(struct arena *a, struct json_out *o, const struct field *f, const struct value *v);
/* Do all times of a fixture count from the moment of its loading? Then a world made from it can be moved (store_shift). */
bool fixture_moves(const char *text, size_t len);

#endif
