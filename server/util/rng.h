/* Deterministic chance: the same seed gives the same numbers on every machine. Not for secrets. */
#ifndef CBSMOCK_UTIL_RNG_H
#define CBSMOCK_UTIL_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Mixes numbers into one: a pure function, for values that depend on a position and not on how many came before. */
uint64_t rng_mix(uint64_t a, uint64_t b);

enum { UUID_TEXT = 36 };
/* Lower-case version 4 UUID made from 128 bits. */
void uuid_format(uint64_t high, uint64_t low, char out[UUID_TEXT + 1]);
/* 64 bits from the operating system, for a seed nobody chose. */
uint64_t rng_entropy(void);

#endif
