"""A thin client of the routes of sandboxes, their clocks, settings, state and checkpoints."""

import http.client
import urllib.parse

from support import api
from support.admin import TIMEOUT_SECONDS

SECRET_KEY = "test"  # of a sandbox that is made without one
IMAGE_TYPE = "application/vnd.sqlite3"


class Sandbox:
    """One sandbox of a server. `default` exists; others are made with Sandboxes.put."""

    def __init__(self, server, name="default", secret_key=SECRET_KEY):
        self.server = server
        self.admin = server.admin
        self.name = self.secret_id = name
        self.secret_key = secret_key

    def call(self, action, params=None, **changes):
        """One signed call with the sandbox's own key."""
        return api.call(self.server, action, params, **{"secret_id": self.secret_id, "secret_key": self.secret_key, **changes})

    def path(self, path, **query):
        pairs = {name: value for name, value in {"sandbox": self.name, **query}.items() if value is not None}
        return f"{path}?{urllib.parse.urlencode(pairs)}"

    def ask(self, method, path, body=None, **query):
        """The JSON of an answer that must be a success."""
        return self.admin.ask(method, self.path(path, **query), body)

    def reset(self, keep=None):
        return self.ask("POST", "/_cbs/reset", keep=keep)

    def seed(self, fixture):
        """Merges a piece of a fixture, or a preset by its name, into the world."""
        return self.ask("POST", "/_cbs/seed", {"preset": fixture} if isinstance(fixture, str) else fixture)

    def seed_rng(self, seed):
        return self.ask("POST", "/_cbs/seed-rng", {"seed": seed})

    # ---- clock ---------------------------------------------------------------------------------------------------------

    def clock(self):
        return self.ask("GET", "/_cbs/clock")

    def freeze(self):
        return self.ask("PUT", "/_cbs/clock", {"action": "freeze"})

    def advance(self, by):
        return self.ask("POST", "/_cbs/clock/advance", {"by": by})

    def advance_to(self, to="next_event"):
        return self.ask("POST", "/_cbs/clock/advance", {"to": to})

    def run_until_idle(self, limit="30d"):
        return self.ask("POST", "/_cbs/clock/run-until-idle", {"max": limit})

    # ---- settings ------------------------------------------------------------------------------------------------------

    def settings(self):
        return self.ask("GET", "/_cbs/settings")

    def set(self, **settings):
        return self.ask("PATCH", "/_cbs/settings", settings)

    def transitions(self):
        return {rule["model"]: rule for rule in self.ask("GET", "/_cbs/transitions")["transitions"]}

    def set_transition(self, model, **rule):
        return self.ask("PUT", f"/_cbs/transitions/{model}", rule)["transitions"]

    def reset_transition(self, model):
        return self.ask("DELETE", f"/_cbs/transitions/{model}")["transitions"]

    # ---- state ---------------------------------------------------------------------------------------------------------

    def state(self, kind=None):
        return self.ask("GET", "/_cbs/state", kind=kind)

    def export_json(self):
        return self.ask("GET", "/_cbs/state/export", format="json")

    def _exchange_bytes(self, method, path, body=None, content_type=None):
        connection = http.client.HTTPConnection(self.admin.host, self.admin.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, self.admin.headers(content_type))
            reply = connection.getresponse()
            return reply.status, reply.headers["Content-Type"], reply.read()
        finally:
            connection.close()

    def export(self):
        """The world as the bytes of a SQLite file."""
        status, content_type, data = self._exchange_bytes("GET", self.path("/_cbs/state/export"))
        assert (status, content_type) == (200, IMAGE_TYPE), (status, content_type)
        return data

    def import_image(self, data, strategy=None):
        """(status, text) of putting such bytes in."""
        path = self.path("/_cbs/state/import", strategy=strategy)
        status, _, text = self._exchange_bytes("POST", path, data, IMAGE_TYPE)
        return status, text.decode()

    def import_json(self, fixture, strategy=None):
        return self.ask("POST", "/_cbs/state/import", fixture, strategy=strategy)

    # ---- checkpoints ---------------------------------------------------------------------------------------------------

    def checkpoints(self):
        return self.ask("GET", "/_cbs/snapshots")["snapshots"]

    def save(self, name):
        return self.ask("PUT", f"/_cbs/snapshots/{name}")

    def restore(self, name):
        return self.ask("POST", f"/_cbs/snapshots/{name}/restore")

    def forget(self, name):
        return self.ask("DELETE", f"/_cbs/snapshots/{name}")


class Sandboxes:
    """All sandboxes of a server."""

    def __init__(self, server):
        self.server = server
        self.admin = server.admin

    def list(self):
        return {sandbox["id"]: sandbox for sandbox in self.admin.ask("GET", "/_cbs/sandboxes")["sandboxes"]}

    def get(self, name):
        return self.admin.ask("GET", f"/_cbs/sandboxes/{name}")

    def put(self, name, **wish):
        """Makes or replaces one."""
        self.admin.ask("PUT", f"/_cbs/sandboxes/{name}", wish)
        return Sandbox(self.server, name, wish.get("secret_key", SECRET_KEY))

    def fork(self, name, as_, **wish):
        self.admin.ask("POST", f"/_cbs/sandboxes/{name}/fork", {"as": as_, **wish})
        return Sandbox(self.server, as_, wish.get("secret_key", SECRET_KEY))

    def change(self, name, **wish):
        return self.admin.ask("PATCH", f"/_cbs/sandboxes/{name}", wish)

    def delete(self, name):
        return self.admin.ask("DELETE", f"/_cbs/sandboxes/{name}")
