/* Secrets at rest: sealed in every file and image of a sealed store, opened for those who have the key, useless to others. */
#include "store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/image.h"
#include "store/seal.h"

#define SECRET "NobodyMayEverReadThisSecretKey00"
#define TOKEN "NorThisTokenOfATemporaryKey00000"

static struct buf why;
static struct arena *arena;
static char dir[64], key[128], world[128];

static void set_up(void)
{
	buf_init(&why, 1024);
	arena = arena_new();
	snprintf(dir, sizeof dir, "/tmp/cbsmock-seal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(key, sizeof key, "%s/seal.key", dir);
	snprintf(world, sizeof world, "%s/world.db", dir);
}

static void tear_down(void)
{
	unlink(key);
	unlink(world);
	ck_assert_int_eq(rmdir(dir), 0);
	arena_free(arena);
	buf_finish(&why);
}

static struct seal *open_seal(void)
{
	struct seal *s = seal_open(key, &why);
	ck_assert_msg(s != NULL, "%s", why.data);
	return s;
}

static void write_key(size_t len)
{
	FILE *f = fopen(key, "w");
	ck_assert_ptr_nonnull(f);
	for (size_t i = 0; i < len; i++)
		fputc('k', f);
	fclose(f);
}

static bool holds(const void *data, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	for (size_t i = 0; i + word_len <= len; i++)
		if (memcmp((const char *)data + i, word, word_len) == 0)
			return true;
	return false;
}

static bool file_holds(const char *path, const char *word)
{
	static char data[4 * 1024 * 1024];
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(data, 1, sizeof data, f) : 0;
	if (f)
		fclose(f);
	return holds(data, len, word);
}

/* ---- texts -------------------------------------------------------------------------------------------------------------- */

START_TEST(what_was_sealed_can_be_opened)
{
	static const size_t lengths[] = { 1, 31, 32, 33, 64, 4096, 20000 };
	struct seal *s = open_seal();
	for (size_t i = 0; i < LENGTH(lengths); i++) {
		char *text = arena_alloc(arena, lengths[i] + 1);
		memset(text, 'x', lengths[i]);
		const char *sealed = seal_text(s, arena, text);
		ck_assert(!holds(sealed, strlen(sealed), "xxxxxxxx"));
		ck_assert_str_eq(seal_read(s, arena, sealed), text);
		ck_assert_str_eq(seal_text(s, arena, text), sealed);
	}
	ck_assert_str_ne(seal_text(s, arena, "one"), seal_text(s, arena, "two"));
	seal_close(s);
}
END_TEST

START_TEST(nothing_and_what_was_never_sealed_stay)
{
	struct seal *s = open_seal();
	ck_assert_str_eq(seal_text(s, arena, ""), "");
	ck_assert_str_eq(seal_read(s, arena, ""), "");
	ck_assert_str_eq(seal_read(s, arena, "plain"), "plain");
	ck_assert_str_eq(seal_text(NULL, arena, "plain"), "plain");
	ck_assert_str_eq(seal_read(NULL, arena, "plain"), "plain");
	seal_close(s);
}
END_TEST

START_TEST(a_changed_seal_is_noticed)
{
	struct seal *s = open_seal();
	const char *sealed = seal_text(s, arena, SECRET);
	for (size_t i = strlen("sealed:"); sealed[i]; i++) {
		char *changed = arena_strdup(arena, sealed);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		const char *read = seal_read(s, arena, changed);
		ck_assert(!read || strcmp(changed, sealed) == 0);
	}
	ck_assert_ptr_null(seal_read(s, arena, "sealed:"));
	ck_assert_ptr_null(seal_read(s, arena, "sealed:AAAA"));
	seal_close(s);
}
END_TEST

/* ---- the key ------------------------------------------------------------------------------------------------------------ */

START_TEST(the_key_is_its_owners_and_stays)
{
	struct stat st;
	struct seal *s = open_seal();
	const char *sealed = seal_text(s, arena, SECRET);
	seal_close(s);
	ck_assert_int_eq(stat(key, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	s = open_seal();
	ck_assert_str_eq(seal_read(s, arena, sealed), SECRET);
	seal_undo(s); /* it was there before */
	seal_close(s);
	ck_assert_int_eq(access(key, F_OK), 0);
}
END_TEST

START_TEST(a_key_made_for_nothing_can_go)
{
	struct seal *s = open_seal();
	seal_undo(s);
	seal_close(s);
	ck_assert_int_ne(access(key, F_OK), 0);
}
END_TEST

START_TEST(keys_that_are_none)
{
	static const size_t lengths[] = { 0, 31, 33 };
	for (size_t i = 0; i < LENGTH(lengths); i++) {
		write_key(lengths[i]);
		buf_clear(&why);
		ck_assert_ptr_null(seal_open(key, &why));
		ck_assert_ptr_nonnull(strstr(why.data, "seal.key is damaged"));
	}
}
END_TEST

/* ---- stores ------------------------------------------------------------------------------------------------------------- */

static struct store *sealed_store(const struct seal *seal)
{
	struct store *s = open_memory();
	ck_assert(store_use_seal(s, seal));
	store_begin(s);
	put_places(s);
	PUT(s, "Credentials", TEXT("SecretId", "AKIDone"), TEXT("SecretKey", SECRET), INT("Account", OWNER), TEXT("Token", TOKEN));
	ck_assert(store_commit(s));
	return s;
}

static void check_credentials(struct store *s)
{
	struct credential *list;
	ck_assert_uint_eq(store_credentials(s, arena, &list), 1);
	ck_assert_str_eq(list[0].secret_key, SECRET);
	ck_assert_str_eq(list[0].token, TOKEN);
}

START_TEST(a_world_goes_round_sealed)
{
	struct seal *seal = open_seal();
	struct store *s = sealed_store(seal);
	check_credentials(s);
	struct world_image *image = image_of(s, &why);
	ck_assert(!holds(image_data(image), image_size(image), SECRET) && !holds(image_data(image), image_size(image), TOKEN));
	ck_assert(image_write(image, world, DURABLE_OS, &why));
	image_release(image);
	store_close(s);

	image = image_use_seal(image_read(world, &why), seal);
	s = store_open_image(image, &why);
	check_credentials(s);
	image_release(image);
	store_close(s);

	s = store_open(world, DURABLE_OS, &why);
	ck_assert(store_use_seal(s, seal));
	check_credentials(s);
	struct credential *list;
	size_t count = store_credentials(s, arena, &list);
	store_begin(s);
	store_set_credentials(s, list, count);
	ck_assert(store_commit(s));
	check_credentials(s);
	store_close(s);
	ck_assert(!file_holds(world, SECRET) && !file_holds(world, TOKEN));
	seal_close(seal);
}
END_TEST

START_TEST(another_key_does_not_open_it)
{
	struct seal *seal = open_seal();
	struct store *s = sealed_store(seal);
	seal_close(seal);
	write_key(32);
	seal = open_seal();
	ck_assert(!store_use_seal(s, seal));
	ck_assert_ptr_nonnull(strstr(store_failed(s), "another seal.key"));
	store_close(s);
	seal_close(seal);
}
END_TEST

START_TEST(secrets_of_before_are_read_too)
{
	struct store *s = sealed_store(NULL);
	struct seal *seal = open_seal();
	ck_assert(store_use_seal(s, seal));
	check_credentials(s);
	store_close(s);
	seal_close(seal);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_was_sealed_can_be_opened, nothing_and_what_was_never_sealed_stay, a_changed_seal_is_noticed,
		the_key_is_its_owners_and_stays, a_key_made_for_nothing_can_go, keys_that_are_none,
		a_world_goes_round_sealed, another_key_does_not_open_it, secrets_of_before_are_read_too,
	};
	Suite *suite = suite_create("seal");
	TCase *tc = tcase_create("seal");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
