/* What the stages may know of the mock they work for. */
#ifndef CBSMOCK_GATEWAY_MOCK_INTERNAL_H
#define CBSMOCK_GATEWAY_MOCK_INTERNAL_H

#include "gateway/mock.h"
#include "gateway/registry.h"
#include "gateway/sandbox.h"

/* The built-in world, embedded by schema/embed.py. */
extern const unsigned char default_fixture[];
extern const size_t default_fixture_len;

struct mock {
	struct mock_config config;
	struct registry registry;
	struct sandbox *sandbox; /* "default" */
};

#endif
