module cbsmock/sdks

go 1.19

require (
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/cbs v1.1.0
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.210
)
