// Makes calls with the official Go SDK as the tests ask for them: a JSON object a line in, what came of it a line out.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"time"

	cbs "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/cbs/v20170312"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

type call struct {
	Action, Params, Endpoint, Scheme, Signature, Method, Language, Region string
	SecretId, SecretKey, Token                                            string
	Retries, Timeout                                                      int
}

type failure struct {
	Code, Message, RequestId string
}

func client(c call) (*cbs.Client, error) {
	how := profile.NewClientProfile()
	how.HttpProfile.Scheme = c.Scheme
	how.HttpProfile.Endpoint = c.Endpoint
	how.HttpProfile.ReqMethod = c.Method
	how.HttpProfile.ReqTimeout = c.Timeout
	how.SignMethod = c.Signature
	how.Language = c.Language
	how.NetworkFailureMaxRetries = c.Retries
	how.NetworkFailureRetryDuration = profile.ConstantDurationFunc(time.Millisecond)
	how.RateLimitExceededMaxRetries = c.Retries
	how.RateLimitExceededRetryDuration = profile.ConstantDurationFunc(time.Millisecond)
	return cbs.NewClient(common.NewTokenCredential(c.SecretId, c.SecretKey, c.Token), c.Region, how)
}

// Fills a request of the SDK's own type from JSON and hands it to the method that takes it.
func try[Q interface{ FromJsonString(string) error }, A any](request Q, params string, send func(Q) (A, error)) (interface{}, error) {
	if err := request.FromJsonString(params); err != nil {
		return nil, err
	}
	return send(request)
}

func ask(sdk *cbs.Client, c call) (interface{}, error) {
	switch c.Action {
	case "CreateSnapshot":
		return try(cbs.NewCreateSnapshotRequest(), c.Params, sdk.CreateSnapshot)
	case "DescribeSnapshots":
		return try(cbs.NewDescribeSnapshotsRequest(), c.Params, sdk.DescribeSnapshots)
	case "ModifySnapshotAttribute":
		return try(cbs.NewModifySnapshotAttributeRequest(), c.Params, sdk.ModifySnapshotAttribute)
	case "DeleteSnapshots":
		return try(cbs.NewDeleteSnapshotsRequest(), c.Params, sdk.DeleteSnapshots)
	case "CreateDisks":
		return try(cbs.NewCreateDisksRequest(), c.Params, sdk.CreateDisks)
	}
	panic("no such action here: " + c.Action)
}

func main() {
	clients := map[call]*cbs.Client{} // one a way of asking, so that connections are kept as in a real program
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		way := c
		way.Action, way.Params = "", ""
		if clients[way] == nil {
			sdk, err := client(c)
			if err != nil {
				panic(err)
			}
			clients[way] = sdk
		}
		answer, err := ask(clients[way], c)
		if refused, ok := err.(*errors.TencentCloudSDKError); ok {
			message := refused.Message
			if cause := refused.Unwrap(); cause != nil {
				message += ": " + cause.Error()
			}
			out.Encode(failure{refused.Code, message, refused.RequestId})
		} else if err != nil {
			panic(err)
		} else {
			out.Encode(answer)
		}
	}
}
