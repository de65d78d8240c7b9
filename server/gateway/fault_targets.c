/* Everything a rule may name, from the tables that rules are read by: for people, and for programs that offer a choice. */
#include "api/model.h"
#include "gateway/fault_internal.h"

static cJSON *texts(const char *const *list)
{
	cJSON *out = cJSON_CreateArray();
	for (; list && *list; list++)
		cJSON_AddItemToArray(out, cJSON_CreateString(*list));
	return out;
}

static cJSON *phases_of(const struct effect_kind *kind)
{
	cJSON *out = cJSON_CreateArray();
	for (int i = 0; i < N_PHASES; i++)
		if (kind->phases & 1u << i)
			cJSON_AddItemToArray(out, cJSON_CreateString(phase_names[i]));
	return out;
}

static cJSON *fields_of(struct arena *a, const struct field_list *list)
{
	cJSON *out = cJSON_CreateObject();
	for (size_t i = 0; i < list->count; i++) {
		const struct json_field *f = &list->fields[i];
		if (f->kind == FIELD_TOLD)
			continue;
		cJSON *one = cJSON_AddObjectToObject(out, f->name);
		cJSON_AddStringToObject(one, "accepts", field_accepts(a, f));
		cJSON_AddBoolToObject(one, "required", f->required);
	}
	return out;
}

static cJSON *effects(struct arena *a)
{
	cJSON *out = cJSON_CreateArray();
	for (size_t i = 0; i < effect_kind_count; i++) {
		const struct effect_kind *kind = &effect_kinds[i];
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "type", kind->name);
		cJSON_AddStringToObject(one, "help", kind->help);
		cJSON_AddStringToObject(one, "instruction", kind->brief ? kind->brief : kind->name);
		cJSON_AddStringToObject(one, "default_phase", phase_names[kind->usual]);
		cJSON_AddItemToObject(one, "phases", phases_of(kind));
		cJSON_AddItemToObject(one, "fields", fields_of(a, &kind->fields));
		cJSON_AddItemToArray(out, one);
	}
	return out;
}

static cJSON *actions(void)
{
	cJSON *out = cJSON_CreateArray();
	for (size_t i = 0; i < cbs_model_count; i++) {
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "action", cbs_model[i].name);
		cJSON_AddItemToObject(one, "codes", texts(cbs_model[i].errors));
		cJSON_AddItemToArray(out, one);
	}
	return out;
}

static cJSON *common_codes(void)
{
	cJSON *out = cJSON_CreateArray();
	for (int err = ERR_NONE + 1; err < N_ERRS; err++)
		if (err_kind((enum err)err) == GATEWAY)
			cJSON_AddItemToArray(out, cJSON_CreateString(err_code((enum err)err)));
	return out;
}

cJSON *faults_targets(void)
{
	static const char *const match[] = {
		"action", "region", "secret_id", "account", "language", "client", "address", "tag", "param", "resource_state", NULL,
	};
	struct arena *a = arena_new();
	cJSON *out = cJSON_CreateObject();
	cJSON_AddItemToObject(out, "match", texts(match));
	cJSON_AddItemToObject(out, "when", fields_of(a, &when_fields));
	cJSON_AddItemToObject(out, "phases", texts(phase_names));
	cJSON_AddItemToObject(out, "effects", effects(a));
	cJSON_AddItemToObject(out, "common_codes", common_codes());
	cJSON_AddItemToObject(out, "actions", actions());
	arena_free(a);
	return out;
}
