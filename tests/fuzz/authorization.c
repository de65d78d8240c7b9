/* The Authorization header of TC3: taken apart, and what it says signed with. */
#include <string.h>

#include "fuzz.h"

static void sign(struct arena *a, const struct tc3_authorization *said)
{
	static const struct name_value headers[] = { { "content-type", "application/json" }, { "host", "127.0.0.1:9362" } };
	struct tc3_input in = {
		.method = "POST", .query = "", .headers = headers, .header_count = 2, .signed_headers = said->signed_headers,
		.payload_hash = said->signature, .timestamp = "1767225600", .date = said->date, .service = said->service,
	};
	struct tc3_signature first, second;
	tc3_sign(a, &in, "a key", &first);
	tc3_sign(a, &in, "a key", &second);
	FUZZ_CHECK(strlen(first.hex) == SHA256_HEX && strcmp(first.hex, second.hex) == 0);
	FUZZ_CHECK(strstr(first.string_to_sign, said->date) && strstr(first.canonical_request, said->signed_headers));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct tc3_authorization said;
	const char *header = arena_strndup(a, size ? (const char *)data : "", size);
	if (!tc3_parse(a, header, &said)) {
		FUZZ_CHECK(said.secret_id && said.date && said.service && said.signed_headers && said.signature);
		FUZZ_CHECK(strstr(header, said.secret_id) && strstr(header, said.signed_headers) && strstr(header, said.signature));
		FUZZ_CHECK(said.two_blanks == (strstr(header, "  ") != NULL));
		sign(a, &said);
	}
	arena_free(a);
	return 0;
}
