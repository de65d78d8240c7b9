/* The journal written out: that no secret is in it, and that its files and texts are what other tools take. */
#include "run.h"

#include <string.h>

#include "journal_world.h"
#include "util/str.h"

#define TEMPORARY_ID "AKIDtemporary0000000000000000000"
#define TEMPORARY_KEY "temporary-key-that-is-kept-secret"
#define TOKEN "token-that-is-kept-secret"

static const char *header(const struct journal_entry *e, const char *name)
{
	for (size_t i = 0; i < e->header_count; i++)
		if (str_case_is(e->headers[i].name, name))
			return e->headers[i].value;
	return NULL;
}

static const char *exported(enum journal_format format)
{
	struct buf text;
	struct journal_list list = all();
	buf_init(&text, 16 * 1024 * 1024);
	journal_export(&list, format, "http://127.0.0.1:9362", &text);
	journal_list_finish(&list);
	const char *copy = arena_strdup(w->arena, text.data);
	buf_finish(&text);
	return copy;
}

static const char *pasted(const struct journal_entry *e, enum paste how)
{
	struct buf text;
	const char *why;
	buf_init(&text, 1024 * 1024);
	const char *copy = journal_paste(e, how, "127.0.0.1:9362", &text, &why) ? arena_strdup(w->arena, text.data) : why;
	buf_finish(&text);
	return copy;
}

/* ---- secrets ----------------------------------------------------------------------------------------------------------- */

static void no_secret_in(const char *text)
{
	static const char *const secrets[] = { WORLD_KEY, TEMPORARY_KEY, TOKEN, "AKIDunknown-and-perhaps-real" };
	for (size_t i = 0; i < LENGTH(secrets); i++)
		ck_assert_msg(strstr(text, secrets[i]) == NULL, "%s stands in %s", secrets[i], text);
}

static void send_in_every_form(void)
{
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		struct request *r = world_request(w, "DescribeDisks", "{}");
		world_header(r, "X-Cbs-Admin-Token", TOKEN);
		world_header(r, "Cookie", TOKEN);
		world_send(w, r);
	}
	w->sender.form = SEND_TC3_JSON;
}

START_TEST(no_secret_is_kept)
{
	world_apply(w,
	            "{\"Credentials\":[{\"SecretId\":\"" TEMPORARY_ID "\",\"SecretKey\":\"" TEMPORARY_KEY "\",\"Token\":\"" TOKEN "\","
	            "\"Account\":100000000001}]}");
	send_in_every_form();
	world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"" WORLD_KEY "\"}");
	world_call(w, WORLD_KEY, "{\"Limit\":\"" WORLD_KEY "\"}");
	w->sender.secret_id = TEMPORARY_ID;
	w->sender.secret_key = TEMPORARY_KEY;
	w->sender.token = TOKEN;
	send_in_every_form();
	w->sender.secret_id = "AKIDunknown-and-perhaps-real";
	send_in_every_form();
	struct request *r = world_request(w, "DescribeDisks", "{}");
	world_header(r, "Authorization", "Bearer " TOKEN);
	world_send(w, r);

	struct journal_list list = all();
	ck_assert_uint_eq(list.count, 15);
	for (size_t i = 0; i < list.count; i++) {
		for (size_t h = 0; h < list.entries[i]->header_count; h++)
			no_secret_in(list.entries[i]->headers[h].value);
		no_secret_in(list.entries[i]->target);
		no_secret_in(list.entries[i]->body);
		no_secret_in(text_of(journal_write_whole, list.entries[i]));
		no_secret_in(text_of(journal_write_why, list.entries[i]));
		for (int how = 0; how < N_PASTES; how++)
			no_secret_in(pasted(list.entries[i], (enum paste)how));
	}
	for (int format = 0; format < N_JOURNAL_FORMATS; format++)
		no_secret_in(exported((enum journal_format)format));
	ck_assert_str_eq(header(list.entries[0], "Authorization"), "TC3-HMAC-SHA256 Credential=" WORLD_ID "/***");
	ck_assert_str_eq(list.entries[10]->secret_id, "AKIDunkn…");
	ck_assert_str_eq(header(list.entries[10], "Authorization"), "TC3-HMAC-SHA256 Credential=AKIDunkn…/***");
	ck_assert_ptr_nonnull(strstr(list.entries[2]->target, "&Signature=***"));
	ck_assert_ptr_nonnull(strstr(list.entries[9]->body, "&Token=***"));
	ck_assert_str_eq(header(list.entries[6], "X-TC-Token"), "***");
	ck_assert_str_eq(header(list.entries[14], "Authorization"), "***");
	journal_list_finish(&list);
}
END_TEST

START_TEST(encoded_names_are_masked_too)
{
	struct request *r =
		world_bare(w, "GET", "/?Action=DescribeDisks&%53ignature=" TOKEN "&Tok%65n=" TOKEN "&SignatureMethod=HmacSHA1", "");
	world_send(w, r);
	r = world_bare(w, "POST", "/", "--x\r\nContent-Disposition: form-data; name=\"Token\"\r\n\r\n" TOKEN "\r\n--x--");
	world_header(r, "Content-Type", "multipart/form-data; boundary=x");
	world_send(w, r);
	struct journal_list list = all();
	ck_assert_str_eq(list.entries[0]->target, "/?Action=DescribeDisks&%53ignature=***&Tok%65n=***&SignatureMethod=HmacSHA1");
	ck_assert_str_eq(list.entries[1]->body, "");
	ck_assert(list.entries[1]->body_cut);
	journal_list_finish(&list);
}
END_TEST

/* ---- export ------------------------------------------------------------------------------------------------------------ */

static cJSON *line(const char **text)
{
	size_t len = strcspn(*text, "\n");
	cJSON *tree = cJSON_ParseWithLength(*text, len);
	ck_assert_msg(tree != NULL, "no JSON: %.*s", (int)len, *text);
	*text += len + ((*text)[len] == '\n');
	return tree;
}

static const char *member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	ck_assert_msg(cJSON_IsNumber(item), "no number %s", name);
	return item->valueint;
}

START_TEST(exports_are_well_formed)
{
	handled("CreateSnapshot", DISK);
	w->sender.form = SEND_V1_GET;
	handled("DescribeSnapshots", "{\"Limit\":1}");
	const char *text = exported(JOURNAL_NDJSON);
	cJSON *first = line(&text), *second = line(&text);
	ck_assert_str_eq(text, "");
	ck_assert_str_eq(member(first, "action"), "CreateSnapshot");
	ck_assert_str_eq(member(second, "scheme"), "HmacSHA1");
	cJSON_Delete(first);
	cJSON_Delete(second);

	cJSON *har = cJSON_Parse(exported(JOURNAL_HAR));
	const cJSON *entries = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(har, "log"), "entries");
	ck_assert_int_eq(cJSON_GetArraySize(entries), 2);
	const cJSON *request = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(entries, 1), "request");
	ck_assert_int_eq(strncmp(member(request, "url"), "http://127.0.0.1:9362/?", 23), 0);
	ck_assert_int_gt(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(request, "queryString")), 5);
	request = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(entries, 0), "request");
	ck_assert_str_eq(member(cJSON_GetObjectItemCaseSensitive(request, "postData"), "text"), DISK);
	cJSON_Delete(har);
}
END_TEST

/* Two that overlap are two processes; the third comes when both are done. */
START_TEST(a_history_tells_what_overlapped)
{
	static const struct {
		int process;
		const char *type;
	} wanted[] = {
		{ 0, "invoke" }, { 1, "invoke" }, { 0, "info" }, { 1, "ok" }, { 0, "invoke" }, { 0, "ok" },
	};
	static const int64_t begun[] = { 100, 150, 400 }, took[] = { 100, 100, 50 };
	struct request *r = handled("DescribeDisks", "{\"Limit\":1}");
	journal_clear(journal);
	for (size_t i = 0; i < LENGTH(begun); i++) {
		r->took_us = took[i];
		r->wire.end = i == 0 ? WIRE_RESET : WIRE_SEND;
		journal_add(journal, r, begun[i]);
	}
	const char *text = exported(JOURNAL_HISTORY);
	for (size_t i = 0; i < LENGTH(wanted); i++) {
		cJSON *moment = line(&text);
		ck_assert_int_eq(number(moment, "index"), (int)i);
		ck_assert_int_eq(number(moment, "process"), wanted[i].process);
		ck_assert_str_eq(member(moment, "type"), wanted[i].type);
		ck_assert_str_eq(member(moment, "f"), "DescribeDisks");
		cJSON_Delete(moment);
	}
	ck_assert_str_eq(text, "");
}
END_TEST

static const struct paste_case {
	enum paste how;
	const char *text;
} pastes[] = {
	{ PASTE_CBSMOCK,
	  "cbsmock call 'CreateSnapshot' --json '{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"it'\\''s\"}' --region 'ap-guangzhou'" },
	{ PASTE_TCCLI, "tccli cbs 'CreateSnapshot' --endpoint http://127.0.0.1:9362 --region 'ap-guangzhou' --language 'zh-CN' "
	               "--DiskId 'disk-lzrg2pwi' --SnapshotName 'it'\\''s'\n" },
	{ PASTE_PYTHON, "request.from_json_string(\"{\\\"DiskId\\\":\\\"disk-lzrg2pwi\\\",\\\"SnapshotName\\\":\\\"it's\\\"}\")\n" },
	{ PASTE_CURL,
	  "-H 'X-TC-Action: CreateSnapshot' -H 'X-TC-Version: 2017-03-12' -H 'X-TC-Region: ap-guangzhou' -H 'X-TC-Language: zh-CN'" },
	{ PASTE_GO, "\thow.Language = \"zh-CN\"\n"
	            "\tclient, err := cbs.NewClient(key, \"ap-guangzhou\", how)\n"
	            "\tcheck(err)\n"
	            "\trequest := cbs.NewCreateSnapshotRequest()\n"
	            "\tcheck(request.FromJsonString(`{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"it's\"}`))\n" },
	{ PASTE_JAVA, "        how.setLanguage(Language.ZH_CN);\n"
	              "        CbsClient client = new CbsClient(key, \"ap-guangzhou\", how);\n"
	              "        CreateSnapshotRequest request = CreateSnapshotRequest.fromJsonString(\n"
	              "                \"{\\\"DiskId\\\":\\\"disk-lzrg2pwi\\\",\\\"SnapshotName\\\":\\\"it's\\\"}\", "
	              "CreateSnapshotRequest.class);\n" },
	{ PASTE_NODE, "client.CreateSnapshot({\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"it's\"}).then(\n" },
};

START_TEST(calls_can_be_pasted_back)
{
	w->sender.language = "zh-CN";
	handled("CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"it's\"}");
	struct journal_list list = all();
	for (size_t i = 0; i < LENGTH(pastes); i++) {
		const char *text = pasted(list.entries[0], pastes[i].how);
		ck_assert_msg(strstr(text, pastes[i].text) != NULL, "%s", text);
	}
	journal_list_finish(&list);
	handled("MakeSnapshot", "{}");
	list = all();
	ck_assert_str_eq(pasted(list.entries[1], PASTE_CURL), "it named no action that clients know");
	journal_list_finish(&list);
}
END_TEST

/* The newest call in one of the forms. */
static const char *newest(enum paste how)
{
	struct journal_list list = all();
	const char *text = pasted(list.entries[list.count - 1], how);
	journal_list_finish(&list);
	return text;
}

static void ck_has(enum paste how, const char *part)
{
	const char *text = newest(how);
	ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

START_TEST(characters_stand_as_each_language_wants_them)
{
	handled("CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"\\n\\u0001\xe5\xbf\xab\xf0\x9f\x98\x80\"}");
	ck_has(PASTE_GO, "\"SnapshotName\":\"\\n\\u0001\xe5\xbf\xab\xf0\x9f\x98\x80\"}`");
	ck_has(PASTE_JAVA, "\\\"SnapshotName\\\":\\\"\\\\n\\\\u0001\\u5feb\\ud83d\\ude00\\\"}\"");
	ck_has(PASTE_NODE, "\"SnapshotName\":\"\\n\\u0001\xe5\xbf\xab\xf0\x9f\x98\x80\"}");
	handled("CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"`\xef\xbb\xbf\xf0\x9f\x98\x80\x7f\"}");
	ck_has(PASTE_GO, "\\\"SnapshotName\\\":\\\"`\\ufeff\\U0001f600\\177\\\"}\")");
	ck_has(PASTE_JAVA, "\\\"SnapshotName\\\":\\\"`\\ufeff\\ud83d\\ude00\\177\\\"}\"");
}
END_TEST

START_TEST(programs_ask_as_the_call_did)
{
	w->sender.form = SEND_V1_GET;
	handled("DescribeSnapshots", "{\"Limit\":1}");
	ck_has(PASTE_PYTHON, "endpoint=\"127.0.0.1:9362\", reqMethod=\"GET\")\n");
	ck_has(PASTE_PYTHON, ", signMethod=\"HmacSHA1\"))\n");
	ck_has(PASTE_GO, "\thow.HttpProfile.ReqMethod = \"GET\"\n\thow.SignMethod = \"HmacSHA1\"\n");
	ck_has(PASTE_JAVA, "        http.setReqMethod(HttpProfile.REQ_GET);\n        how.setSignMethod(\"HmacSHA1\");\n");
	ck_has(PASTE_NODE, "endpoint: \"127.0.0.1:9362\", reqMethod: \"GET\" },\n    signMethod: \"HmacSHA1\",\n");
	ck_has(PASTE_GO, "NewTokenCredential(env(\"TENCENTCLOUD_SECRET_ID\", \"" WORLD_ID "\"), env(\"TENCENTCLOUD_SECRET_KEY\", \"\"), \"\")");
	w->sender.form = SEND_TC3_JSON;
	w->sender.secret_id = "AKIDunknown-and-perhaps-real";
	w->sender.token = TOKEN;
	handled("DescribeSnapshots", "{}");
	ck_has(PASTE_GO, "env(\"TENCENTCLOUD_SECRET_ID\", \"\"), env(\"TENCENTCLOUD_SECRET_KEY\", \"\"), env(\"TENCENTCLOUD_TOKEN\", \"\"))");
	ck_has(PASTE_JAVA, "env(\"TENCENTCLOUD_SECRET_KEY\", \"\"), env(\"TENCENTCLOUD_TOKEN\", \"\"));");
	ck_has(PASTE_NODE, "secretId: env(\"TENCENTCLOUD_SECRET_ID\"), secretKey: env(\"TENCENTCLOUD_SECRET_KEY\"), "
	                   "token: env(\"TENCENTCLOUD_TOKEN\") },\n");
}
END_TEST

/* An unknown member, a type that is not the parameter's, and what SDKs leave out or round. */
START_TEST(what_typed_requests_cannot_say_goes_through_the_common_client)
{
	static const char *const untyped[] = {
		"{\"Colour\":\"red\"}",
		"{\"Filters\":[{\"Name\":\"a\",\"Value\":\"b\"}]}",
		"{\"Limit\":\"5\"}",
		"{\"Limit\":-1}",
		"{\"Limit\":1.5}",
		"{\"Limit\":9007199254740994}",
		"{\"Limit\":null}",
		"{\"SnapshotIds\":[]}",
		"{\"SnapshotIds\":\"snap-00000000\"}",
		"{\"SnapshotIds\":[5]}",
		"{\"Filters\":[\"a\"]}",
	};
	for (size_t i = 0; i < LENGTH(untyped); i++) {
		handled("DescribeSnapshots", untyped[i]);
		ck_has(PASTE_PYTHON, "client.call_json(\"DescribeSnapshots\", json.loads(");
		ck_has(PASTE_GO, "request := tchttp.NewCommonRequest(\"cbs\", \"2017-03-12\", \"DescribeSnapshots\")\n");
		ck_has(PASTE_JAVA, "client.call(\"DescribeSnapshots\", \"{");
		ck_has(PASTE_NODE, "client.request(\"DescribeSnapshots\", JSON.parse(\"{");
	}
	handled("DescribeSnapshots", "{\"Filters\":[{\"Name\":\"a\",\"Values\":[\"b\"]}],\"Limit\":0,\"OrderField\":\"\"}");
	ck_has(PASTE_GO, "request := cbs.NewDescribeSnapshotsRequest()\n");
	ck_has(PASTE_JAVA, "client.DescribeSnapshots(request)");
	ck_has(PASTE_NODE, "client.DescribeSnapshots({");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_text");
	TCase *tc = tcase_create("journal_text");
	tcase_add_checked_fixture(tc, open_world, close_world);
	const TTest *const tests[] = {
		no_secret_is_kept,        encoded_names_are_masked_too, exports_are_well_formed, a_history_tells_what_overlapped,
		calls_can_be_pasted_back, characters_stand_as_each_language_wants_them, programs_ask_as_the_call_did,
		what_typed_requests_cannot_say_goes_through_the_common_client,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
