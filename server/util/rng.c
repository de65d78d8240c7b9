/* SplitMix64 (Steele, Lea and Flood, 2014): one word of state, and its mixing step alone serves as a hash of numbers. */
#include "util/rng.h"

#include <stdio.h>
#include <sys/random.h>

#include "util/clock.h"

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
	unsigned first = (unsigned)(high >> 32), second = (unsigned)(high >> 16 & 0xffff);
	unsigned third = (unsigned)(high & 0x0fff) | 0x4000;       /* version 4 */
	unsigned fourth = (unsigned)(low >> 48 & 0x3fff) | 0x8000; /* RFC 4122 variant */
	unsigned long long fifth = low & UINT64_C(0xffffffffffff);
	snprintf(out, UUID_TEXT + 1, "%08x-%04x-%04x-%04x-%012llx", first, second, third, fourth, fifth);
}

uint64_t rng_entropy(void)
{
	uint64_t value;
	if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
		value = rng_mix((uint64_t)clock_wall_ms(), (uint64_t)clock_mono_us());
	return value;
}
