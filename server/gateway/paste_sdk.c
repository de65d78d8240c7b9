/* A call of the journal as a program with the vendor's SDK, in each language one text with ${slots} to fill. */
#include "gateway/paste.h"

#include <math.h>
#include <string.h>

#include "api/model.h"
#include "util/str.h"

/* ---- quoting ----------------------------------------------------------------------------------------------------------- */

/* A JSON string is a literal of Python and of JavaScript too. */
static void quote_json(struct buf *out, const char *text)
{
	struct json_out o;
	json_out_init(&o, out);
	out_str(&o, NULL, text);
}

static unsigned code_point(const char *text, size_t step)
{
	unsigned code = step < 2 ? (unsigned char)*text : (unsigned char)*text & (0xffu >> (step + 1));
	for (size_t i = 1; i < step; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3fu);
	return code;
}

/* Java knows characters by UTF-16, Go has escapes for all. */
static void add_escape(struct buf *out, unsigned code, bool utf16)
{
	if (code < 0x80)
		buf_printf(out, "\\%03o", code);
	else if (code <= 0xffff)
		buf_printf(out, "\\u%04x", code);
	else if (utf16)
		buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
	else
		buf_printf(out, "\\U%08x", code);
}

/* In ASCII, whatever encoding the compiler expects. */
static void quote_ascii(struct buf *out, const char *text, bool utf16)
{
	buf_addc(out, '"');
	for (size_t len = strlen(text), step; len > 0; text += step, len -= step) {
		step = str_utf8_step(text, len);
		unsigned code = step ? code_point(text, step) : 0xfffd;
		step = step ? step : 1;
		if (code == '"' || code == '\\')
			buf_addc(out, '\\');
		if (code < ' ' || code >= 0x7f)
			add_escape(out, code, utf16);
		else
			buf_addc(out, (char)code);
	}
	buf_addc(out, '"');
}

static void quote_java(struct buf *out, const char *text)
{
	quote_ascii(out, text, true);
}

/* Between backquotes all stands for itself but that quote, control characters, and the mark that Go allows only where a file begins. */
static bool go_takes_raw(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c == '`' || ((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return false;
	return str_is_utf8(text, strlen(text)) && !strstr(text, "\xef\xbb\xbf");
}

static void quote_go(struct buf *out, const char *text)
{
	bool raw = strpbrk(text, "\"\\") && go_takes_raw(text);
	if (raw)
		buf_printf(out, "`%s`", text);
	else
		quote_ascii(out, text, false);
}

/* ---- programs ---------------------------------------------------------------------------------------------------------- */

struct tongue {
	void (*quote)(struct buf *out, const char *text);
	const char *typed, *untyped;   /* the program, where the SDK's request can say all that was sent, and where it cannot */
	const char *known_id, *new_id; /* reads the SecretId, where the recorded one is known and where it is not */
	const char *token;             /* goes with the key, where the call had one */
	const char *no_token;          /* where it had none; NULL: nothing */
	const char *get, *v1;          /* asks for GET, for a signature of the first version */
};

#define PYTHON_BEGIN \
	"from tencentcloud.common.credential import Credential\n" \
	"from tencentcloud.common.profile.client_profile import ClientProfile\n" \
	"from tencentcloud.common.profile.http_profile import HttpProfile\n" \
	"\n" \
	"key = Credential(${key}, os.environ[\"TENCENTCLOUD_SECRET_KEY\"]${token})\n"

static const struct tongue python = {
	.quote = quote_json,
	.typed =
		"import os\n"
		"\n"
		"from tencentcloud.cbs.v20170312 import cbs_client, models\n"
		PYTHON_BEGIN
		"http = HttpProfile(protocol=\"http\", endpoint=${endpoint}${method})\n"
		"client = cbs_client.CbsClient(key, ${region}, ClientProfile(httpProfile=http, language=${language}${signature}))\n"
		"request = models.${action}Request()\n"
		"request.from_json_string(${params})\n"
		"print(client.${action}(request).to_json_string())\n",
	.untyped =
		"import json\n"
		"import os\n"
		"\n"
		"from tencentcloud.common.common_client import CommonClient\n"
		PYTHON_BEGIN
		"http = HttpProfile(protocol=\"http\", endpoint=${endpoint})\n"
		"profile = ClientProfile(httpProfile=http, language=${language})\n"
		"client = CommonClient(\"cbs\", ${version}, key, ${region}, profile)\n"
		"# models.${action}Request cannot say all that was sent.\n"
		"print(json.dumps(client.call_json(${name}, json.loads(${params}))[\"Response\"]))\n",
	.known_id = "os.environ.get(\"TENCENTCLOUD_SECRET_ID\", ${id})",
	.new_id = "os.environ[\"TENCENTCLOUD_SECRET_ID\"]",
	.token = ", os.environ[\"TENCENTCLOUD_TOKEN\"]",
	.get = ", reqMethod=\"GET\"",
	.v1 = ", signMethod=${scheme}",
};

#define GO_IMPORT "\t\"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
#define GO_RUN \
	"// go mod init again && go mod tidy && go run .\n" \
	"package main\n" \
	"\n" \
	"import (\n" \
	"\t\"fmt\"\n" \
	"\t\"os\"\n" \
	"\n"
#define GO_BEGIN \
	GO_IMPORT "/profile\"\n" \
	")\n" \
	"\n" \
	"func env(name, recorded string) string {\n" \
	"\tif value := os.Getenv(name); value != \"\" {\n" \
	"\t\treturn value\n" \
	"\t}\n" \
	"\tif recorded == \"\" {\n" \
	"\t\tfmt.Fprintln(os.Stderr, \"set\", name)\n" \
	"\t\tos.Exit(2)\n" \
	"\t}\n" \
	"\treturn recorded\n" \
	"}\n" \
	"\n" \
	"func check(err error) {\n" \
	"\tif err != nil {\n" \
	"\t\tfmt.Fprintln(os.Stderr, err)\n" \
	"\t\tos.Exit(1)\n" \
	"\t}\n" \
	"}\n" \
	"\n" \
	"func main() {\n" \
	"\tkey := common.NewTokenCredential(${key}, env(\"TENCENTCLOUD_SECRET_KEY\", \"\"), ${token})\n" \
	"\thow := profile.NewClientProfile()\n" \
	"\thow.HttpProfile.Scheme = \"HTTP\"\n" \
	"\thow.HttpProfile.Endpoint = ${endpoint}\n" \
	"\thow.Language = ${language}\n"

static const struct tongue go = {
	.quote = quote_go,
	.typed =
		GO_RUN
		"\tcbs \"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/cbs/v20170312\"\n"
		GO_IMPORT "\"\n"
		GO_BEGIN
		"${method}${signature}"
		"\tclient, err := cbs.NewClient(key, ${region}, how)\n"
		"\tcheck(err)\n"
		"\trequest := cbs.New${action}Request()\n"
		"\tcheck(request.FromJsonString(${params}))\n"
		"\tanswer, err := client.${action}(request)\n"
		"\tcheck(err)\n"
		"\tfmt.Println(answer.ToJsonString())\n"
		"}\n",
	.untyped =
		GO_RUN
		GO_IMPORT "\"\n"
		"\ttchttp \"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http\"\n"
		GO_BEGIN
		"\tclient := common.NewCommonClient(key, ${region}, how)\n"
		"\t// cbs.${action}Request cannot say all that was sent.\n"
		"\trequest := tchttp.NewCommonRequest(\"cbs\", ${version}, ${name})\n"
		"\tcheck(request.SetActionParameters(${params}))\n"
		"\tanswer := tchttp.NewCommonResponse()\n"
		"\tcheck(client.Send(request, answer))\n"
		"\tfmt.Println(string(answer.GetBody()))\n"
		"}\n",
	.known_id = "env(\"TENCENTCLOUD_SECRET_ID\", ${id})",
	.new_id = "env(\"TENCENTCLOUD_SECRET_ID\", \"\")",
	.token = "env(\"TENCENTCLOUD_TOKEN\", \"\")",
	.no_token = "\"\"",
	.get = "\thow.HttpProfile.ReqMethod = \"GET\"\n",
	.v1 = "\thow.SignMethod = ${scheme}\n",
};

#define JAVA_RUN "// java -cp 'jars/*' Again.java, with tencentcloud-sdk-java-cbs and what it needs in jars/\n"
#define JAVA_IMPORT \
	"import com.tencentcloudapi.common.Credential;\n" \
	"import com.tencentcloudapi.common.profile.ClientProfile;\n" \
	"import com.tencentcloudapi.common.profile.HttpProfile;\n" \
	"import com.tencentcloudapi.common.profile.Language;\n" \
	"\n"
#define JAVA_BEGIN \
	"    static String env(String name, String recorded) {\n" \
	"        String value = System.getenv(name);\n" \
	"        if (value != null && !value.isEmpty()) {\n" \
	"            return value;\n" \
	"        }\n" \
	"        if (recorded.isEmpty()) {\n" \
	"            throw new IllegalStateException(\"set \" + name);\n" \
	"        }\n" \
	"        return recorded;\n" \
	"    }\n" \
	"\n" \
	"    public static void main(String[] args) throws Exception {\n" \
	"        Credential key = new Credential(${key}, env(\"TENCENTCLOUD_SECRET_KEY\", \"\")${token});\n" \
	"        HttpProfile http = new HttpProfile();\n" \
	"        http.setProtocol(HttpProfile.REQ_HTTP);\n" \
	"        http.setEndpoint(${endpoint});\n" \
	"        ClientProfile how = new ClientProfile();\n" \
	"        how.setHttpProfile(http);\n" \
	"        how.setLanguage(Language.${constant});\n"

static const struct tongue java = {
	.quote = quote_java,
	.typed =
		JAVA_RUN
		"import com.tencentcloudapi.cbs.v20170312.CbsClient;\n"
		"import com.tencentcloudapi.cbs.v20170312.models.${action}Request;\n"
		"import com.tencentcloudapi.cbs.v20170312.models.${action}Response;\n"
		JAVA_IMPORT
		"class Again {\n"
		JAVA_BEGIN
		"${method}${signature}"
		"        CbsClient client = new CbsClient(key, ${region}, how);\n"
		"        ${action}Request request = ${action}Request.fromJsonString(\n"
		"                ${params}, ${action}Request.class);\n"
		"        System.out.println(${action}Response.toJsonString(client.${action}(request)));\n"
		"    }\n"
		"}\n",
	.untyped =
		JAVA_RUN
		"import com.tencentcloudapi.common.CommonClient;\n"
		JAVA_IMPORT
		"class Again {\n"
		JAVA_BEGIN
		"        CommonClient client = new CommonClient(\"cbs\", ${version}, key, ${region}, how);\n"
		"        // ${action}Request cannot say all that was sent.\n"
		"        System.out.println(client.call(${name}, ${params}));\n"
		"    }\n"
		"}\n",
	.known_id = "env(\"TENCENTCLOUD_SECRET_ID\", ${id})",
	.new_id = "env(\"TENCENTCLOUD_SECRET_ID\", \"\")",
	.token = ", env(\"TENCENTCLOUD_TOKEN\", \"\")",
	.get = "        http.setReqMethod(HttpProfile.REQ_GET);\n",
	.v1 = "        how.setSignMethod(${scheme});\n",
};

#define NODE_RUN "// npm install tencentcloud-sdk-nodejs\n"
#define NODE_BEGIN \
	"\n" \
	"function env(name, recorded) {\n" \
	"  const value = process.env[name] || recorded;\n" \
	"  if (!value) throw new Error(\"set \" + name);\n" \
	"  return value;\n" \
	"}\n" \
	"\n" \
	"const how = {\n" \
	"  credential: { secretId: ${key}, secretKey: env(\"TENCENTCLOUD_SECRET_KEY\")${token} },\n" \
	"  region: ${region},\n"
#define NODE_END \
	"  (answer) => console.log(JSON.stringify(answer)),\n" \
	"  (error) => {\n" \
	"    console.error(error.code + \": \" + error.message);\n" \
	"    process.exitCode = 1;\n" \
	"  }\n" \
	");\n"

static const struct tongue node = {
	.quote = quote_json,
	.typed =
		NODE_RUN
		"const { cbs } = require(\"tencentcloud-sdk-nodejs\");\n"
		NODE_BEGIN
		"  profile: {\n"
		"    language: ${choice},\n"
		"    httpProfile: { protocol: \"http://\", endpoint: ${endpoint}${method} },\n"
		"${signature}"
		"  },\n"
		"};\n"
		"const client = new cbs.v20170312.Client(how);\n"
		"client.${action}(${object}).then(\n"
		NODE_END,
	.untyped =
		NODE_RUN
		"const { CommonClient } = require(\"tencentcloud-sdk-nodejs/tencentcloud/common\");\n"
		NODE_BEGIN
		"  profile: {\n"
		"    language: ${choice},\n"
		"    httpProfile: { protocol: \"http://\", endpoint: ${endpoint} },\n"
		"  },\n"
		"};\n"
		"const client = new CommonClient(${endpoint}, ${version}, how);\n"
		"// ${action}Request cannot say all that was sent.\n"
		"client.request(${name}, JSON.parse(${params})).then(\n"
		NODE_END,
	.known_id = "env(\"TENCENTCLOUD_SECRET_ID\", ${id})",
	.new_id = "env(\"TENCENTCLOUD_SECRET_ID\")",
	.token = ", token: env(\"TENCENTCLOUD_TOKEN\")",
	.get = ", reqMethod: \"GET\"",
	.v1 = "    signMethod: ${scheme},\n",
};

/* ---- what a typed request can say --------------------------------------------------------------------------------------- */

static bool fits_members(const struct shape *shape, const cJSON *object);

/* A whole number that a double holds exactly. */
static bool is_whole(const cJSON *value, double min)
{
	const double exact = 9007199254740992.0;
	return cJSON_IsNumber(value) && value->valuedouble >= min && value->valuedouble <= exact &&
	       value->valuedouble == floor(value->valuedouble);
}

static bool fits_value(const struct param *p, const cJSON *value)
{
	switch (p->type) {
	case PARAM_STRING:
	case PARAM_TIME:
		return cJSON_IsString(value);
	case PARAM_UINT:
		return is_whole(value, 0);
	case PARAM_INT:
		return is_whole(value, -9007199254740992.0);
	case PARAM_FLOAT:
		return cJSON_IsNumber(value);
	case PARAM_BOOL:
		return cJSON_IsBool(value);
	case PARAM_STRUCT:
		return cJSON_IsObject(value) && fits_members(p->shape, value);
	}
	return false;
}

/* Some SDKs leave an empty list out. */
static bool fits_list(const struct param *p, const cJSON *list)
{
	const cJSON *value;
	if (!cJSON_IsArray(list) || !list->child)
		return false;
	cJSON_ArrayForEach(value, list)
		if (!fits_value(p, value))
			return false;
	return true;
}

static bool fits_members(const struct shape *shape, const cJSON *object)
{
	const cJSON *value;
	cJSON_ArrayForEach(value, object) {
		const struct param *p = shape_find(shape, value->string);
		if (!p || p->hidden || !(p->list ? fits_list(p, value) : fits_value(p, value)))
			return false;
	}
	return true;
}

/* ---- together ---------------------------------------------------------------------------------------------------------- */

struct slot {
	const char *name, *value;
	enum { AS_IT_IS, QUOTED, FILLED } how; /* FILLED: it has slots itself */
};

static void fill(struct buf *out, const struct tongue *tongue, const struct slot *slots, const char *text)
{
	for (const char *open; (open = strstr(text, "${")); text = strchr(open, '}') + 1) {
		const struct slot *slot = slots;
		size_t len = strcspn(open + 2, "}");
		buf_add(out, text, (size_t)(open - text));
		while (strncmp(slot->name, open + 2, len) != 0 || slot->name[len])
			slot++;
		if (slot->how == QUOTED)
			tongue->quote(out, slot->value);
		else if (slot->how == FILLED)
			fill(out, tongue, slots, slot->value);
		else
			buf_adds(out, slot->value);
	}
	buf_adds(out, text);
}

void paste_program(const struct paste_job *job, enum paste how)
{
	static const struct tongue *const tongues[N_PASTES] = {
		[PASTE_PYTHON] = &python,
		[PASTE_GO] = &go,
		[PASTE_JAVA] = &java,
		[PASTE_NODE] = &node,
	};
	const struct tongue *tongue = tongues[how];
	const struct journal_entry *e = job->entry;
	bool chinese = str_case_is(e->language, "zh-CN");
	bool v1 = str_is(e->scheme, "HmacSHA1") || str_is(e->scheme, "HmacSHA256");
	bool typed = str_is(e->version, "2017-03-12") && fits_members(job->shape, job->params);
	const struct slot slots[] = {
		{ "action", e->action, AS_IT_IS },
		{ "name", e->action, QUOTED },
		{ "version", e->version, QUOTED },
		{ "region", e->region, QUOTED },
		{ "language", job->language, QUOTED },
		{ "choice", chinese ? "zh-CN" : "en-US", QUOTED },
		{ "constant", chinese ? "ZH_CN" : "EN_US", AS_IT_IS },
		{ "endpoint", job->endpoint, QUOTED },
		{ "params", job->json, QUOTED },
		{ "object", job->json, AS_IT_IS },
		{ "id", job->secret_id ? job->secret_id : "", QUOTED },
		{ "key", job->secret_id ? tongue->known_id : tongue->new_id, FILLED },
		{ "token", job->token ? tongue->token : tongue->no_token ? tongue->no_token : "", FILLED },
		{ "method", e->form == FORM_GET ? tongue->get : "", FILLED },
		{ "signature", v1 ? tongue->v1 : "", FILLED },
		{ "scheme", e->scheme, QUOTED },
	};
	fill(job->out, tongue, slots, typed ? tongue->typed : tongue->untyped);
}
