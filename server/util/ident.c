/* Ids and numbers, both ways. 36 is 2²·3²: a multiplier divisible by neither 2 nor 3 permutes the numbers below 36^8, and its
 * inverse leads back. The one below is near the golden ratio's share of 36^8, which spreads neighbours furthest apart. */
#include "util/ident.h"

#include <string.h>

enum { DIGITS = 8, BASE = 36, FOUR = BASE * BASE * BASE * BASE };

static const uint64_t space = IDENT_NUMBERS;
static const uint64_t multiplier = UINT64_C(1743541808807);
static const uint64_t inverse = UINT64_C(1339982551319); /* multiplier * inverse = 1 modulo space */
static const char alphabet[BASE + 1] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* Both are below 2^42, so their product is taken in two steps that fit: a division of 128 bits would cost more than all the rest. */
static uint64_t multiply(uint64_t a, uint64_t b)
{
	enum { HALF = 21 };
	uint64_t high = a * (b >> HALF) % space, low = a * (b & ((UINT64_C(1) << HALF) - 1));
	return ((high << HALF) + low) % space;
}

/* Four digits; independent of the other four, so that the processor has both in hand at once. */
static void write_four(uint32_t rest, char *out)
{
	for (size_t i = DIGITS / 2; i-- > 0; rest /= BASE)
		out[i] = alphabet[rest % BASE];
}

void ident_format(const char *prefix, int64_t no, char out[IDENT_SIZE])
{
	size_t start = strnlen(prefix, IDENT_SIZE - DIGITS - 1);
	memcpy(out, prefix, start);
	uint64_t number = multiply((uint64_t)no % space, multiplier);
	write_four((uint32_t)(number / FOUR), out + start);
	write_four((uint32_t)(number % FOUR), out + start + DIGITS / 2);
	out[start + DIGITS] = '\0';
}

/* BASE for a character that is none. */
static uint64_t digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (uint64_t)(c - '0');
	return c >= 'a' && c <= 'z' ? (uint64_t)(c - 'a') + 10 : BASE;
}

bool ident_parse(const char *prefix, const char *id, int64_t *no)
{
	size_t start = strlen(prefix);
	if (!id || strncmp(id, prefix, start) != 0 || strlen(id + start) != DIGITS)
		return false;
	uint64_t spelt = 0;
	for (size_t i = start; id[i]; i++) {
		uint64_t digit = digit_of(id[i]);
		if (digit == BASE)
			return false;
		spelt = spelt * BASE + digit;
	}
	*no = (int64_t)multiply(spelt, inverse);
	return true;
}
