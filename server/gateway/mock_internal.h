/* What the stages may know of the mock they work for. */
#ifndef CBSMOCK_GATEWAY_MOCK_INTERNAL_H
#define CBSMOCK_GATEWAY_MOCK_INTERNAL_H

#include "gateway/metrics.h"
#include "gateway/mock.h"
#include "gateway/presets.h"
#include "gateway/registry.h"
#include "gateway/sandbox.h"
#include "gateway/sandboxes.h"

/* Worlds inside the program, embedded by schema/embed.py. */
extern const unsigned char default_fixture[], empty_preset[], quota_preset[];
extern const size_t default_fixture_len, empty_preset_len, quota_preset_len;

struct mock {
	_Atomic(const struct mock_config *) config; /* the one in force; never changed, but another may take its place: reconfigure.c */
	struct arena *configs;   /* holds all that there were */
	struct metrics *metrics;
	struct seal *seal;       /* of secrets in files; NULL in memory */
	struct presets presets;
	struct registry registry;
	struct sandboxes sandboxes;
	struct sandbox *sandbox; /* "default" */
	struct faults *faults;   /* rules behind those of each sandbox */
};

/* Makes a copy of it the one in force. The copy's texts are the caller's, but those of settings that a running server can change. */
void mock_adopt(struct mock *m, const struct mock_config *config);

#endif
