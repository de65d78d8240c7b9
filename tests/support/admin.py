"""A thin client of the admin API: a method a route, a connection a request."""

import http.client
import json
import urllib.parse

from support import pace

TIMEOUT_SECONDS = pace.seconds(30)


class Admin:
    def __init__(self, port, host="127.0.0.1", token=None):
        self.port = port
        self.host = host
        self.token = token

    def headers(self, content_type=None):
        wanted = {"Content-Type": content_type, "X-Cbs-Admin-Token": self.token}
        return {name: value for name, value in wanted.items() if value is not None}

    def exchange(self, method, path, body=None):
        """(status, text) of any request."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, self.headers(None if body is None else "application/json"))
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def ask(self, method, path, body=None):
        """The JSON of an answer that must be a success."""
        status, text = self.exchange(method, path, body)
        assert status == 200, f"{method} {path}: {status} {text}"
        return json.loads(text)

    def health(self):
        return self.ask("GET", "/_cbs/health")

    def ca_pem(self):
        status, text = self.exchange("GET", "/_cbs/ca.pem")
        assert status == 200, text
        return text

    def reset(self):
        """The world, the clock and all counters as at the start."""
        return self.ask("POST", "/_cbs/reset")

    def shutdown(self):
        """Ends the server, which answers before it goes."""
        return self.ask("POST", "/_cbs/shutdown")

    def seed(self, fixture):
        """Merges a piece of a fixture, or a preset by its name, into the world."""
        return self.ask("POST", "/_cbs/seed", {"preset": fixture} if isinstance(fixture, str) else fixture)

    def freeze(self):
        return self.ask("PUT", "/_cbs/clock", {"action": "freeze"})

    def advance(self, by):
        """Moves sandbox time, "5s" or "1d", and answers what happened meanwhile."""
        return self.ask("POST", "/_cbs/clock/advance", {"by": by})

    def errors(self):
        """The atlas: every documented code and how to get it."""
        return self.ask("GET", "/_cbs/errors")

    def arrange(self, code, **which):
        """Puts the world into a state in which a call answers `code`, and answers that call."""
        return self.ask("POST", f"/_cbs/errors/{urllib.parse.quote(code)}/arrange", which)
