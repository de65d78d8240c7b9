/* Requests pasted from anywhere: the reading of the text, and the X-ray of what is wrong with its signature under either policy. */
#include "fuzz.h"
#include "gateway/diagnose.h"

enum { WHY_MAX = 4096, REPORT_MAX = 1024 * 1024 };

static void examine(struct mock *m, const uint8_t *data, size_t size, enum signature_policy policy)
{
	struct arena *a = arena_new();
	struct diagnose_input in = { .arena = a, .policy_given = true, .policy = policy };
	struct xray found = { .diagnosis = NULL };
	struct buf why;
	buf_init(&why, WHY_MAX);
	if (diagnose_read(&in, size ? (const char *)data : "", size, &why)) {
		mock_diagnose(m, &in, &found);
		FUZZ_CHECK(found.diagnosis && found.hint);
	} else {
		FUZZ_CHECK(why.len > 0);
	}
	buf_finish(&why);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_still_mock();
	examine(m, data, size, SIGNATURE_EXACT);
	examine(m, data, size, SIGNATURE_LOCAL);
	return 0;
}
