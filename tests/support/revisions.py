"""A thin client of the routes of revisions and recordings: what happened to a sandbox, the way back, and the way once more."""

import http.client
import json
import urllib.parse

from support.admin import TIMEOUT_SECONDS

BUNDLE_TYPE = "application/x-ndjson"


class Revisions:
    """Those of one sandbox. `admin` is a support.admin.Admin."""

    def __init__(self, admin, sandbox=None):
        self.admin = admin
        self.sandbox = sandbox

    def path(self, path, **query):
        pairs = {name: value for name, value in {"sandbox": self.sandbox, **query}.items() if value is not None}
        return f"{path}?{urllib.parse.urlencode(pairs)}" if pairs else path

    def ask(self, method, path, body=None, **query):
        """The JSON of an answer that must be a success."""
        return self.admin.ask(method, self.path(path, **query), body)

    def keep(self, count):
        return self.ask("PATCH", "/_cbs/settings", {"revisions": count})

    def list(self, start=None, limit=None):
        return self.ask("GET", "/_cbs/revisions", **{"from": start, "limit": limit})

    def last(self):
        return self.list(limit=1)["last"]

    def diff(self, start=None, to=None):
        return self.ask("GET", "/_cbs/revisions/diff", **{"from": start, "to": to})["changes"]

    def blame(self, resource):
        return self.ask("GET", f"/_cbs/blame/{resource}")["revisions"]

    def state(self, rev, kind=None):
        return self.ask("GET", "/_cbs/state", rev=rev, kind=kind)

    def rewind(self, rev):
        return self.ask("POST", "/_cbs/rewind", {"rev": rev})

    # ---- recordings ----------------------------------------------------------------------------------------------------

    def start(self):
        return self.ask("POST", "/_cbs/recordings/start")

    def stop(self):
        return self.ask("POST", "/_cbs/recordings/stop")

    def recording(self, number):
        """The bundle, as bytes."""
        status, data = self.exchange("GET", self.path(f"/_cbs/recordings/{number}"))
        assert status == 200, data
        return data

    def replay(self, bundle, check=None):
        """(status, report)"""
        path = "/_cbs/replay" if check is None else f"/_cbs/replay?check={check}"
        status, data = self.exchange("POST", path, bundle)
        return status, json.loads(data)

    def exchange(self, method, path, data=None):
        connection = http.client.HTTPConnection(self.admin.host, self.admin.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, data, self.admin.headers(None if data is None else BUNDLE_TYPE))
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()
