/* The whole world of a sandbox, out and in: as an image (everything, but no keys) or as a fixture (what a fixture can say). Each function
 * enters the sandbox, acts, and leaves; the caller holds it. */
#ifndef CBSMOCK_GATEWAY_STATE_H
#define CBSMOCK_GATEWAY_STATE_H

#include "gateway/checkpoints.h"
#include "gateway/sandbox.h"
#include "util/json_out.h"

/* As members of the open object; see cbs/export.h. */
void state_write(struct sandbox *s, const char *only, bool credentials, struct json_out *o);
/* An image without secrets. */
struct world_image *state_export(struct sandbox *s, struct buf *why);

enum import_strategy {
	IMPORT_OVERWRITE, /* nothing of the present world stays but its keys; an image brings its clock too */
	IMPORT_MERGE,     /* rows are added, or changed where the key exists */
};

/* From an image or a fixture. Nothing changes on false. */
bool state_import(struct sandbox *s, const char *data, size_t len, enum import_strategy strategy, struct buf *why);

bool state_save(struct sandbox *s, const char *checkpoint, struct buf *why);
/* Keys and clock included; settings stay. */
bool state_restore(struct sandbox *s, const char *checkpoint, struct buf *why);
size_t state_checkpoints(struct sandbox *s, struct arena *a, struct checkpoint **out);
bool state_forget(struct sandbox *s, const char *checkpoint);

/* For a list of sandboxes. */
struct sandbox_facts {
	int64_t bytes, now_ms, checkpoints;
	uint64_t seed;
	struct vclock clock;
	struct settings settings;
};
void state_facts(struct sandbox *s, struct sandbox_facts *out);

#endif
