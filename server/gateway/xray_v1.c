/* Signs along a recipe of HmacSHA1 or HmacSHA256, every step of which can be taken differently. Tests pin the documented recipe to
 * v1_sign. */
#include <stdlib.h>
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

void v1_recipe(struct subject *s, struct recipe *p)
{
	const struct request *r = s->r;
	*p = (struct recipe){
		.of = s, .made = "", .sent = "", .method = r->method, .host = r->host, .path = "/", .secret = r->credential.secret_key,
		.secret_len = strlen(r->credential.secret_key), .prefix = "", .end = "", .mark = "?", .between = "&",
		.v1_method = str_is(r->signature_method, "HmacSHA256") ? V1_SHA256 : V1_SHA1,
	};
}

/* The pairs undecoded, in the order of r->pairs. */
static const struct name_value *pairs_as_sent(struct subject *s)
{
	const struct request *r = s->r;
	const char *text = r->form == FORM_GET ? r->query : r->body;
	if (s->pairs_as_sent)
		return s->pairs_as_sent;
	struct name_value *list = arena_alloc(s->arena, (r->pair_count + 1) * sizeof *list);
	for (size_t i = 0; *text && i < r->pair_count;) {
		size_t len = strcspn(text, "&"), name_len = strcspn(text, "=&");
		if (len > name_len)
			list[i++] = (struct name_value){
				arena_strndup(s->arena, text, name_len), arena_strndup(s->arena, text + name_len + 1, len - name_len - 1),
			};
		text += len;
		text += *text == '&';
	}
	s->pairs_as_sent = list;
	return list;
}

static int by_bytes(const void *a, const void *b)
{
	const struct name_value *left = a, *right = b;
	return strcmp(left->name, right->name);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int by_letters(const void *a, const void *b)
{
	const char *left = ((const struct name_value *)a)->name, *right = ((const struct name_value *)b)->name;
	while (*left && lower(*left) == lower(*right)) {
		left++;
		right++;
	}
	return (unsigned char)lower(*left) - (unsigned char)lower(*right);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Runs of digits by their value: Ids.2 before Ids.12. */
static int by_numbers(const void *a, const void *b)
{
	const char *left = ((const struct name_value *)a)->name, *right = ((const struct name_value *)b)->name;
	for (; *left && *right; left++, right++) {
		size_t l = strspn(left, "0123456789"), r = strspn(right, "0123456789");
		if (is_digit(*left) && is_digit(*right) && l != r)
			return l < r ? -1 : 1;
		if (*left != *right)
			break;
	}
	return (unsigned char)*left - (unsigned char)*right;
}

static size_t signed_pairs(struct subject *s, const struct recipe *p, struct name_value *list)
{
	static int (*const orders[])(const void *, const void *) = {
		[ORDER_BYTES] = by_bytes, [ORDER_SENT] = NULL, [ORDER_NO_CASE] = by_letters, [ORDER_NUMBERS] = by_numbers,
	};
	const struct name_value *pairs = s->r->pairs, *sent = p->encoding == ENCODE_AS_SENT ? pairs_as_sent(s) : pairs;
	size_t count = 0;
	for (size_t i = 0; i < s->r->pair_count; i++) {
		const char *name = p->encode_names ? sent[i].name : pairs[i].name;
		if (str_is(pairs[i].name, p->left_out) || (p->drop_empty && !*pairs[i].value))
			continue;
		if (!str_is(pairs[i].name, "Signature"))
			list[count++] = (struct name_value){ name, sent[i].value };
		else if (p->with_signature)
			list[count++] = (struct name_value){ name, "" };
	}
	if (orders[p->order])
		qsort(list, count, sizeof *list, orders[p->order]);
	return count;
}

static void write_pairs(struct subject *s, const struct recipe *p, struct buf *b)
{
	if (!s->list)
		s->list = arena_alloc(s->arena, (s->r->pair_count + 1) * sizeof *s->list);
	struct name_value *list = s->list;
	size_t count = signed_pairs(s, p, list);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_adds(b, p->between);
		size_t start = b->len;
		encode_text(b, list[i].name, p->encode_names ? p->encoding : ENCODE_NONE);
		if (p->dots)
			text_replace(b->data + start, '_', '.');
		if (p->underscores)
			text_replace(b->data + start, '.', '_');
		buf_addc(b, '=');
		encode_text(b, list[i].value, p->encoding);
	}
}

void v1_follow(struct subject *s, const struct recipe *p, char out[SIGNATURE_SIZE])
{
	struct buf *b = &s->string;
	buf_clear(b);
	buf_printf(b, "%s%s%s%s", p->method, p->host, p->path, p->mark);
	if (p->encode_whole) {
		buf_clear(&s->canonical);
		write_pairs(s, p, &s->canonical);
		encode_text(b, s->canonical.data, ENCODE_PERCENT);
		buf_clear(&s->canonical);
	} else {
		write_pairs(s, p, b);
	}
	buf_adds(b, p->end);

	size_t prefix_len = strlen(p->prefix);
	char *key = arena_alloc(s->arena, prefix_len + p->secret_len + 1);
	memcpy(key, p->prefix, prefix_len);
	memcpy(key + prefix_len, p->secret, p->secret_len);
	signature_make(s, p, key, prefix_len + p->secret_len, p->v1_method == V1_SHA1, out);
}
