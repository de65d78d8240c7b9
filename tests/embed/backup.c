/* Signs and sends with the parts of the command-line client. */
#include "backup.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/ask.h"
#include "cli/http_client.h"
#include "util/arena.h"
#include "util/clock.h"

enum { TIMEOUT_MS = 30000, WHY_MAX = 4096 };

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* The Response of a call; NULL when there was no answer. */
static const cJSON *ask(struct arena *a, const char *url, const char *action, const char *json)
{
	struct endpoint endpoint;
	struct signed_ask signed_ask;
	struct http_reply reply;
	struct buf why;
	buf_init(&why, WHY_MAX);
	bool answered = endpoint_parse(a, url, &endpoint, &why);
	if (answered) {
		const struct ask wanted = {
			.action = action,
			.version = "2017-03-12",
			.region = "ap-guangzhou",
			.secret_id = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
			.secret_key = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
			.host = endpoint.authority,
			.json = json,
			.wall_ms = clock_wall_ms(),
		};
		ask_sign(a, &wanted, &signed_ask);
		answered = http_exchange(a, &endpoint, signed_ask.message.data, signed_ask.message.len, TIMEOUT_MS, &reply, &why);
		buf_finish(&signed_ask.message);
	}
	if (!answered)
		fprintf(stderr, "%s: %s\n", action, why.data);
	buf_finish(&why);
	if (!answered)
		return NULL;
	cJSON *tree = cJSON_ParseWithLength(reply.body, reply.body_len);
	arena_defer(a, free_tree, tree);
	return cJSON_GetObjectItemCaseSensitive(tree, "Response");
}

bool backup_begin(const char *url, const char *disk, char snapshot[SNAPSHOT_ID_SIZE])
{
	struct arena *a = arena_new();
	const cJSON *answer = ask(a, url, "CreateSnapshot", arena_printf(a, "{\"DiskId\":\"%s\"}", disk));
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "SnapshotId"));
	bool ordered = id && strlen(id) < SNAPSHOT_ID_SIZE;
	if (ordered)
		memcpy(snapshot, id, strlen(id) + 1);
	arena_free(a);
	return ordered;
}

bool backup_is_complete(const char *url, const char *snapshot)
{
	struct arena *a = arena_new();
	const cJSON *answer = ask(a, url, "DescribeSnapshots", arena_printf(a, "{\"SnapshotIds\":[\"%s\"]}", snapshot));
	const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer, "SnapshotSet"), 0);
	const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(first, "SnapshotState"));
	bool complete = state && strcmp(state, "NORMAL") == 0;
	arena_free(a);
	return complete;
}

int backup_count(const char *url)
{
	struct arena *a = arena_new();
	const cJSON *total = cJSON_GetObjectItemCaseSensitive(ask(a, url, "DescribeSnapshots", "{}"), "TotalCount");
	int count = cJSON_IsNumber(total) ? total->valueint : -1;
	arena_free(a);
	return count;
}
