"""The client's side of /_cbs/auth/diagnose: requests written out as text, and the question what is wrong with their signature."""

import http.client
import json

from support import pace

TIMEOUT_SECONDS = pace.seconds(30)
PATH = "/_cbs/auth/diagnose"


def as_text(request, address, line_end="\n"):
    """A request as a person would paste it, signed for HOST:PORT `address`."""
    method, target, headers, body = request.sign(address)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", body.decode()]
    return line_end.join(lines)


def post(server, body, content_type="application/json"):
    """(status, answer) of a body that is text or, for JSON, anything that can be one."""
    data = body if isinstance(body, str) else json.dumps(body)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", PATH, data.encode(), {"Content-Type": content_type})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def diagnose(server, body, content_type="application/json"):
    """The X-ray in an answer that must be a success."""
    status, answer = post(server, body, content_type)
    assert status == 200, answer
    return answer["auth"]
