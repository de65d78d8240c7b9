/* Between sandbox.c and worlds.c. From inside, or before anyone else knows the sandbox. */
#ifndef CBSMOCK_GATEWAY_SANDBOX_INTERNAL_H
#define CBSMOCK_GATEWAY_SANDBOX_INTERNAL_H

#include "gateway/sandbox.h"

/* Without a world yet. */
struct sandbox *sandbox_new(struct mock *m, const char *name);
void sandbox_use_settings(struct sandbox *s, const struct settings *settings);
/* Reads what of the world is kept beside it. */
void sandbox_take_conditions(struct sandbox *s);
/* A world is in place and committed; everything around it starts anew. */
void sandbox_begin(struct sandbox *s, int64_t epoch);
/* Writes into the world what its file is to say of the sandbox, where there is a file. Inside a transaction. */
void sandbox_note_about(const struct sandbox *s, struct store *store);

/* Each opening has RequestIds of its own, so the next one counts on. Inside a transaction. */
int64_t world_use_epoch(struct store *store);
/* False with a sentence; then it is rolled back. */
bool world_commit(struct store *store, struct buf *why);

#endif
