/* Ids and numbers, both ways. 36 is 2²·3²: a multiplier divisible by neither 2 nor 3 permutes the numbers below 36^8, and its
 * inverse leads back. The one below is near the golden ratio's share of 36^8, which spreads neighbours furthest apart. */
#include "util/ident.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { DIGITS = 8, BASE = 36 };

static const uint64_t space = UINT64_C(2821109907456); /* 36^8 */
static const uint64_t multiplier = UINT64_C(1743541808807);
static const uint64_t inverse = UINT64_C(1339982551319); /* multiplier * inverse = 1 modulo space */
static const char alphabet[BASE + 1] = "0123456789abcdefghijklmnopqrstuvwxyz";

static uint64_t multiply(uint64_t a, uint64_t b)
{
	return (uint64_t)((wide)a * b % space);
}

void ident_format(const char *prefix, int64_t no, char out[IDENT_SIZE])
{
	size_t start = strnlen(prefix, IDENT_SIZE - DIGITS - 1);
	memcpy(out, prefix, start);
	uint64_t rest = multiply((uint64_t)no % space, multiplier);
	for (size_t i = DIGITS; i-- > 0; rest /= BASE)
		out[start + i] = alphabet[rest % BASE];
	out[start + DIGITS] = '\0';
}

bool ident_parse(const char *prefix, const char *id, int64_t *no)
{
	size_t start = strlen(prefix);
	if (!id || strncmp(id, prefix, start) != 0 || strlen(id + start) != DIGITS)
		return false;
	uint64_t spelt = 0;
	for (size_t i = start; id[i]; i++) {
		const char *digit = strchr(alphabet, id[i]);
		if (!digit)
			return false;
		spelt = spelt * BASE + (uint64_t)(digit - alphabet);
	}
	*no = (int64_t)multiply(spelt, inverse);
	return true;
}
