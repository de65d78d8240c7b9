// Makes calls with the official Java SDK as the tests ask for them: a JSON object a line in, what came of it a line out.

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.tencentcloudapi.cbs.v20170312.CbsClient;
import com.tencentcloudapi.common.AbstractModel;
import com.tencentcloudapi.common.Credential;
import com.tencentcloudapi.common.exception.TencentCloudSDKException;
import com.tencentcloudapi.common.profile.ClientProfile;
import com.tencentcloudapi.common.profile.HttpProfile;
import com.tencentcloudapi.common.profile.Language;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.HashMap;
import java.util.Map;

class Drive {
    private static final String MODELS = "com.tencentcloudapi.cbs.v20170312.models.";

    static String text(JsonObject call, String name) {
        return call.get(name).getAsString();
    }

    static CbsClient client(JsonObject call) {
        HttpProfile http = new HttpProfile();
        http.setProtocol(text(call, "Scheme").equals("HTTPS") ? HttpProfile.REQ_HTTPS : HttpProfile.REQ_HTTP);
        http.setEndpoint(text(call, "Endpoint"));
        http.setReqMethod(text(call, "Method"));
        ClientProfile how = new ClientProfile(text(call, "Signature"), http);
        how.setLanguage(text(call, "Language").equals("zh-CN") ? Language.ZH_CN : Language.EN_US);
        String token = text(call, "Token");
        Credential key = new Credential(text(call, "SecretId"), text(call, "SecretKey"), token.isEmpty() ? null : token);
        return new CbsClient(key, text(call, "Region"), how);
    }

    /** The SDK's own method, with its own type of request, found by their names. */
    static Object ask(CbsClient sdk, String action, String params) throws Throwable {
        Class<?> type = Class.forName(MODELS + action + "Request");
        Object request = AbstractModel.fromJsonString(params, type);
        try {
            return CbsClient.class.getMethod(action, type).invoke(sdk, request);
        } catch (InvocationTargetException failed) {
            throw failed.getCause();
        }
    }

    public static void main(String[] args) throws Throwable {
        Map<String, CbsClient> clients = new HashMap<>();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        Gson gson = new Gson();
        for (String line; (line = lines.readLine()) != null; ) {
            JsonObject call = gson.fromJson(line, JsonObject.class);
            String action = call.remove("Action").getAsString();
            String params = call.remove("Params").getAsString();
            CbsClient sdk = clients.computeIfAbsent(call.toString(), way -> client(call));
            JsonObject told = new JsonObject();
            try {
                told.add("Response", gson.toJsonTree(ask(sdk, action, params)));
            } catch (TencentCloudSDKException refused) {
                told.addProperty("Code", refused.getErrorCode());
                told.addProperty("Message", refused.getMessage());
                told.addProperty("RequestId", refused.getRequestId());
            }
            out.println(told);
        }
    }
}
