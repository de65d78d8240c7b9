"""A world of cbsmock from Python: `Cbsmock` is one sandbox of a server, with its key, clock, state, faults and journal.

    with Server("--rate-limit", "off") as server:          # or Remote("http://127.0.0.1:9362"), which is running
        cloud = Cbsmock(server).new("AKIDtest1", clock={"mode": "frozen", "now": "2026-01-01T00:00:00Z"})
        cloud.faults.put("reset_peer", match={"action": "CreateSnapshot"}, phase="after_commit", when={"times": 1})
        cloud.advance("1h")
        cloud.requests.verify(1, action="CreateSnapshot")

Needs nothing but Python and, beside this file, those that it imports.
"""

import urllib.parse

from support import sign
from support.admin import Admin
from support.faults import Faults
from support.requests import Requests
from support.revisions import Revisions
from support.sandboxes import SECRET_KEY, Sandbox, Sandboxes


class Remote:
    """A server that somebody else has started."""

    def __init__(self, url="http://127.0.0.1:9362", token=None):
        parts = urllib.parse.urlsplit(url)
        self.url = url
        self.port = parts.port
        self.address = f"{parts.hostname}:{parts.port}"
        self.admin = Admin(parts.port, parts.hostname, token)


class Cbsmock(Sandbox):
    """One sandbox; "default" unless told."""

    def __init__(self, server, name="default", secret_key=None):
        super().__init__(server, name, secret_key or SECRET_KEY)
        if name == "default":
            self.secret_id, self.secret_key = sign.SECRET_ID, secret_key or sign.SECRET_KEY
        self.address = server.address
        self.url = f"http://{server.address}"
        self.sandboxes = Sandboxes(server)
        self.faults = Faults(self.admin, name)
        self.requests = Requests(self.admin, name)
        self.history = Revisions(self.admin, name)

    def environment(self):
        """What clients and the program's own verbs take from the environment."""
        own = {} if self.name == "default" else {"CBSMOCK_SANDBOX": self.name}
        return {"TENCENTCLOUD_SECRET_ID": self.secret_id, "TENCENTCLOUD_SECRET_KEY": self.secret_key, "CBSMOCK_ENDPOINT": self.url, **own}

    # ---- others --------------------------------------------------------------------------------------------------------

    def new(self, name, **wish):
        """Makes a sandbox, or replaces one: template, seed, ttl, clock, dialect, …"""
        self.sandboxes.put(name, **wish)
        return Cbsmock(self.server, name, wish.get("secret_key"))

    def fork(self, name, **wish):
        """A copy of this one as of now."""
        self.sandboxes.fork(self.name, name, **wish)
        return Cbsmock(self.server, name, wish.get("secret_key"))

    def delete(self):
        return self.sandboxes.delete(self.name)

    # ---- errors --------------------------------------------------------------------------------------------------------

    def errors(self, **which):
        """The atlas: action, code."""
        query = "?" + urllib.parse.urlencode(which) if which else ""
        return self.admin.ask("GET", f"/_cbs/errors{query}")["errors"]

    def arrange(self, code, **which):
        """Puts the world into a state in which a call answers `code`, and answers that call."""
        return self.ask("POST", f"/_cbs/errors/{urllib.parse.quote(code)}/arrange", which)

    # ---- time and history ----------------------------------------------------------------------------------------------

    def set_time(self, to):
        return self.ask("PUT", "/_cbs/clock", {"action": "set", "to": to})

    def finish(self, resource, to=None):
        """Ends the transition that a disk or snapshot is in."""
        return self.ask("POST", f"/_cbs/resources/{resource}/transition", {"to": to} if to else None)

    def revisions(self):
        return self.ask("GET", "/_cbs/revisions")["revisions"]

    def blame(self, resource):
        return self.ask("GET", f"/_cbs/blame/{resource}")["revisions"]

    def rewind(self, rev):
        return self.ask("POST", "/_cbs/rewind", {"rev": rev})

    # ---- the server ----------------------------------------------------------------------------------------------------

    def config(self):
        """The server's settings by name."""
        return {one["name"]: one["value"] for one in self.admin.ask("GET", "/_cbs/config")["settings"]}

    def configure(self, **settings):
        return self.admin.ask("PATCH", "/_cbs/config", {name.replace("_", "-"): value for name, value in settings.items()})

    def metrics(self):
        status, text = self.admin.exchange("GET", "/_cbs/metrics")
        assert status == 200, text
        return text
