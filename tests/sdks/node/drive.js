// Makes calls with the official Node.js SDK as the tests ask for them: a JSON object a line in, what came of it a line out.

const readline = require("readline");
const { cbs } = require("tencentcloud-sdk-nodejs");

const clients = new Map(); // one a way of asking

function client(way) {
  const name = JSON.stringify(way);
  if (!clients.has(name)) {
    const made = new cbs.v20170312.Client({
      credential: { secretId: way.SecretId, secretKey: way.SecretKey, token: way.Token || undefined },
      region: way.Region,
      profile: {
        signMethod: way.Signature,
        language: way.Language,
        httpProfile: { protocol: way.Scheme.toLowerCase() + "://", endpoint: way.Endpoint, reqMethod: way.Method },
      },
    });
    clients.set(name, made);
  }
  return clients.get(name);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { Action, Params, ...way } = JSON.parse(line);
    const told = await client(way)[Action](JSON.parse(Params)).then(
      (Response) => ({ Response }),
      (error) => ({ Code: error.code || "", Message: error.message, RequestId: error.requestId })
    );
    console.log(JSON.stringify(told));
  }
}

main();
