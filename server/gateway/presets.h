/* Worlds a sandbox can begin as: fixtures inside the program, and the one of --fixture in place of "default". Each is loaded once and
 * kept as an image, so that the next sandbox costs a copy. */
#ifndef CBSMOCK_GATEWAY_PRESETS_H
#define CBSMOCK_GATEWAY_PRESETS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/image.h"
#include "util/buf.h"

struct mock_config;

enum preset { PRESET_DEFAULT, PRESET_EMPTY, PRESET_QUOTA, N_PRESETS };

enum { PRESET_TEXT_MAX = 64 * 1024 * 1024 };

extern const char *const preset_names[N_PRESETS];

struct presets {
	const struct mock_config *config;
	const struct seal *seal;       /* the mock's */
	pthread_mutex_t lock;
	struct preset_kept {
		struct buf text;           /* the fixture that was loaded */
		struct world_image *image; /* NULL: not yet */
		int64_t loaded_ms;         /* what its relative times count from */
		bool moves;                /* all of them are relative */
	} kept[N_PRESETS];
};

void presets_init(struct presets *p, const struct mock_config *config);
void presets_finish(struct presets *p);
/* -1 when there is none of the name. */
int preset_find(const char *name);
/* Its fixture without keys, to be merged into a world that has its own, into the buffer. False with a sentence when a file of the user's
 * is none. */
bool preset_rows(struct presets *p, enum preset which, struct buf *text, struct buf *why);
/* The preset as an image, held for the caller, to be moved from *as_of_ms to now_ms. NULL with a sentence, which for a fixture of the
 * user's names file, pointer and rule. */
struct world_image *preset_image(struct presets *p, enum preset which, int64_t now_ms, int64_t *as_of_ms, struct buf *why);

#endif
