/* SplitMix64 (Steele, Lea and Flood, 2014): one word of state, and its mixing step alone serves as a hash of numbers. */
#include "util/rng.h"

#include <string.h>
#include <sys/random.h>

#include "util/clock.h"
#include "util/hash.h"

enum { UUID_BYTES = 16 };

static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void rng_init(struct rng *r, uint64_t seed)
{
	r->state = seed;
}

uint64_t rng_next(struct rng *r)
{
	r->state += golden;
	return scramble(r->state);
}

uint64_t rng_mix(uint64_t a, uint64_t b)
{
	return scramble(scramble(a + golden) + b + golden);
}

void uuid_format(uint64_t high, uint64_t low, char out[UUID_TEXT + 1])
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };
	const uint64_t version_4 = UINT64_C(0x4000), variant = UINT64_C(1) << 63; /* RFC 4122 */
	uint64_t half[] = { (high & ~UINT64_C(0xf000)) | version_4, (low & ~(UINT64_C(3) << 62)) | variant };
	uint8_t bytes[UUID_BYTES];
	char digits[2 * UUID_BYTES + 1], *at = out;
	for (size_t i = 0; i < UUID_BYTES; i++)
		bytes[i] = (uint8_t)(half[i / 8] >> (56 - 8 * (i % 8)));
	hex_encode(bytes, UUID_BYTES, digits);
	const char *from = digits;
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		memcpy(at, from, groups[i]);
		from += groups[i];
		at += groups[i];
		*at++ = '-';
	}
	out[UUID_TEXT] = '\0'; /* in the place of the last dash */
}

uint64_t rng_entropy(void)
{
	uint64_t value;
	if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
		value = rng_mix((uint64_t)clock_wall_ms(), (uint64_t)clock_mono_us());
	return value;
}
