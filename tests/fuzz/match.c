/* The match object, as fault rules and as the journal take it, held against two views. A view differs from it nowhere exactly when it
 * holds. */
#include <string.h>

#include "fuzz.h"
#include "gateway/fault.h"
#include "gateway/match.h"

enum { TOLD_MAX = 8 };

static const char *const *states(void *data)
{
	static const char *const list[] = { "ATTACHED", "CREATING", NULL };
	(void)data;
	return list;
}

static struct match_view full_view(const cJSON *params)
{
	static const char *const faults[] = { "lost-answer", NULL }, *const resources[] = { "disk-lzrg2pwi", "snap-00000001", NULL };
	static const struct name_value tags[] = { { "test", "retry_17" }, { "slow", "" } };
	return (struct match_view){
		.action = "CreateSnapshot", .region = "ap-guangzhou", .secret_id = "AKIDtest", .language = "", .client = "SDK_PYTHON_3.1",
		.address = "127.0.0.1", .account = 100000000001, .tags = tags, .tag_count = 2, .params = params, .states = states,
		.code = "OK", .phase = PHASE_AFTER_COMMIT, .stage = "", .guard = "", .request_id = "id-1", .faults = faults,
		.resources = resources, .seq = 7, .wall_ms = FUZZ_WALL_MS,
	};
}

static struct match_view form_view(void)
{
	static const struct name_value pairs[] = { { "DiskId", "disk-lzrg2pwi" }, { "Filters.0.Name", "zone" }, { "DiskSize", "50" } };
	return (struct match_view){
		.action = "", .region = "", .secret_id = "", .language = "", .client = "", .address = "", .pairs = pairs, .pair_count = 3,
		.code = "InvalidDisk.Busy", .phase = NO_PHASE, .stage = "action", .guard = "disk_busy", .request_id = "",
	};
}

static void hold(const struct match *m, const struct match_view *v, struct arena *a)
{
	struct match_difference told[TOLD_MAX];
	size_t differs = match_differences(m, v, a, told, TOLD_MAX);
	FUZZ_CHECK(differs <= match_conditions(m));
	FUZZ_CHECK((differs == 0) == match_holds(m, v));
	FUZZ_CHECK(match_may_hold(m, v) || differs > 0);
	for (size_t i = 0; i < differs && i < TOLD_MAX; i++)
		FUZZ_CHECK(told[i].field && told[i].want);
}

static void parse(struct arena *a, const cJSON *object, enum match_use use, const struct match_view *views, size_t count)
{
	struct match_refusal why = { NULL, NULL };
	struct match *m = match_parse(a, object, use, "/match", &why);
	if (!m) {
		FUZZ_CHECK(why.pointer && why.why);
		return;
	}
	for (size_t i = 0; i < count; i++)
		hold(m, &views[i], a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char params[] = "{\"DiskId\":\"disk-lzrg2pwi\",\"DiskSize\":50,\"Encrypt\":false,\"DiskIds\":[\"disk-a\",\"disk-b\"],"
	                             "\"Filters\":[{\"Name\":\"zone\",\"Values\":[\"ap-guangzhou-3\"]}]}";
	struct arena *a = arena_new();
	const cJSON *object = fuzz_json(a, size ? (const char *)data : "", size);
	struct match_view views[] = { full_view(fuzz_json(a, params, strlen(params))), form_view() };
	parse(a, object, MATCH_JOURNAL, views, 2);
	parse(a, object, MATCH_FAULT, views, 2);
	arena_free(a);
	return 0;
}
