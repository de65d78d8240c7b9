"""A thin client of the journal's routes: what was asked of a server, and assertions about it."""

import urllib.parse


class Requests:
    """The journal of one sandbox. `admin` is a support.admin.Admin."""

    def __init__(self, admin, sandbox=None):
        self.admin = admin
        self.sandbox = sandbox

    def _path(self, path, query=None):
        pairs = {name: value for name, value in {**(query or {}), "sandbox": self.sandbox}.items() if value is not None}
        return path + ("?" + urllib.parse.urlencode(pairs) if pairs else "")

    def exchange(self, method, path, body=None, **query):
        """(status, text)."""
        return self.admin.exchange(method, self._path(path, query), body)

    def ask(self, method, path, body=None, **query):
        """The JSON of an answer that must be a success."""
        return self.admin.ask(method, self._path(path, query), body)

    def list(self, **query):
        """The newest last; query: action, code, region, secret_id, since, limit."""
        return self.ask("GET", "/_cbs/requests", **query)["requests"]

    def unmatched(self, **query):
        """Those that reached no action; query as above."""
        return self.ask("GET", "/_cbs/requests/unmatched", **query)["requests"]

    def find(self, **match):
        return self.ask("POST", "/_cbs/requests/find", {"match": match})["requests"]

    def count(self, **match):
        return self.ask("POST", "/_cbs/requests/count", {"match": match})["count"]

    def wait(self, count, timeout="10s", **match):
        """The answer when so many have matched; an assertion when the time is over before."""
        return self.ask("POST", "/_cbs/requests/wait", {"match": match, "count": count, "timeout": timeout})

    def remove(self, **match):
        return self.ask("POST", "/_cbs/requests/remove", {"match": match})["removed"]

    def clear(self):
        return self.ask("DELETE", "/_cbs/requests")["removed"]

    def show(self, request_id):
        return self.ask("GET", f"/_cbs/requests/{request_id}")

    def why(self, request_id):
        return self.ask("GET", f"/_cbs/requests/{request_id}/why")

    def paste(self, request_id, form):
        status, text = self.exchange("GET", f"/_cbs/requests/{request_id}/as/{form}")
        assert status == 200, text
        return text

    def export(self, form, **query):
        status, text = self.exchange("GET", "/_cbs/requests/export", format=form, **query)
        assert status == 200, text
        return text

    def tag(self, **tags):
        """Marks the requests to come; without arguments no longer."""
        return self.ask("PUT", "/_cbs/requests/tags", tags)["tags"]

    def verify(self, count=None, phase_reached=None, **match):
        """Asserts that so many requests match: a number, {"at_least": 1}, {"never": True} …; at least one when not told."""
        question = {"match": match}
        question.update({name: value for name, value in {"count": count, "phase_reached": phase_reached}.items() if value is not None})
        return self.ask("POST", "/_cbs/verify", question)

    def verify_sequence(self, *steps, strict=False):
        return self.ask("POST", "/_cbs/verify/sequence", {"sequence": list(steps), "strict": strict})

    def verify_client(self, **rules):
        return self.ask("POST", "/_cbs/verify/client", rules)

    def report(self):
        return self.ask("GET", "/_cbs/report")

    def conformance(self):
        """What is proven, by action, and the rest of the answer under "": requests, unmatched, never_called …"""
        answer = self.ask("GET", "/_cbs/conformance")
        return {"": answer, **{one["action"]: one for one in answer["actions"]}}

    def duplicates(self):
        return self.ask("GET", "/_cbs/duplicates")["duplicates"]
