/* Digests, message authentication and their text forms, over Nettle, which GnuTLS stands on. */
#ifndef CBSMOCK_UTIL_HASH_H
#define CBSMOCK_UTIL_HASH_H

#include <nettle/hmac.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20, SHA256_SIZE = 32, SHA256_HEX = 64 };

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);
void sha256_hex(const void *data, size_t len, char out[SHA256_HEX + 1]); /* lower case */
void hmac_sha256(const void *secret, size_t secret_len, const void *data, size_t len, uint8_t out[SHA256_SIZE]);
/* The same in two steps, for a secret that many messages are signed with; `key` is one thread's, and good for any number of them. */
void hmac_sha256_key(struct hmac_sha256_ctx *key, const void *secret, size_t len);
void hmac_sha256_with(struct hmac_sha256_ctx *key, const void *data, size_t len, uint8_t out[SHA256_SIZE]);
void hmac_sha1(const void *secret, size_t secret_len, const void *data, size_t len, uint8_t out[SHA1_SIZE]);
void hex_encode(const uint8_t *data, size_t len, char *out); /* out takes 2*len+1 bytes, lower case */
/* Standard alphabet with padding; out takes 4*((len+2)/3)+1 bytes. */
void base64_encode(const uint8_t *data, size_t len, char *out);
/* out takes 3*(strlen(text)/4)+1 bytes and gets a NUL behind. False when it is not what base64_encode writes. */
bool base64_decode(const char *text, uint8_t *out, size_t *len);
/* For keys, from the operating system's chance. False when it has none to give. */
bool random_bytes(uint8_t *out, size_t len);
/* Takes the same time wherever the texts differ; false at once only when the lengths do. */
bool equal_constant_time(const char *a, const char *b);

#endif
