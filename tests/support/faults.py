"""A thin client of the fault routes: rules, retry tests, what they did and will do."""

import urllib.parse


class Faults:
    """The rules of one sandbox, or with sandbox="*" those behind all. `admin` is a support.admin.Admin."""

    def __init__(self, admin, sandbox=None):
        self.admin = admin
        self.sandbox = sandbox

    def _path(self, path, query):
        pairs = {name: value for name, value in {**query, "sandbox": self.sandbox}.items() if value is not None}
        return path + ("?" + urllib.parse.urlencode(pairs) if pairs else "")

    def exchange(self, method, path, body=None, **query):
        """(status, text)."""
        return self.admin.exchange(method, self._path(path, query), body)

    def ask(self, method, path, body=None, **query):
        """The JSON of an answer that must be a success."""
        return self.admin.ask(method, self._path(path, query), body)

    # ---- rules ---------------------------------------------------------------------------------------------------------

    def put(self, *effects, **rule):
        """Adds a rule; effects as dicts or, without fields, by their type. `continue_` is "continue"."""
        rule = {name.rstrip("_"): value for name, value in rule.items()}
        rule["do"] = [{"type": effect} if isinstance(effect, str) else effect for effect in effects]
        return self.ask("POST", "/_cbs/faults", rule)

    def add(self, rules):
        return self.ask("POST", "/_cbs/faults", rules)

    def list(self):
        return self.ask("GET", "/_cbs/faults")["faults"]

    def replace(self, rules):
        return self.ask("PUT", "/_cbs/faults", rules)["faults"]

    def merge(self, patches):
        return self.ask("PATCH", "/_cbs/faults", patches)

    def clear(self, tag=None):
        return self.ask("DELETE", "/_cbs/faults", tag=tag)["removed"]

    def get(self, name):
        return self.ask("GET", f"/_cbs/faults/{name}")

    def patch(self, name, **patch):
        return self.ask("PATCH", f"/_cbs/faults/{name}", patch)

    def remove(self, name):
        return self.ask("DELETE", f"/_cbs/faults/{name}")["removed"]

    def targets(self):
        return self.admin.ask("GET", "/_cbs/faults/targets")

    def activity(self):
        return self.ask("GET", "/_cbs/faults/activity")["activity"]

    def plan(self, *calls, next=10):
        """What the next calls like these would meet."""
        return self.ask("POST", "/_cbs/faults/plan", list(calls), next=next)["plan"]

    def force(self, code, **how):
        """The next call answers the code: action, times, force."""
        return self.ask("POST", f"/_cbs/errors/{urllib.parse.quote(code)}/force", how)

    # ---- retry tests ---------------------------------------------------------------------------------------------------

    def retry_test(self, secret_id=None, **instructions):
        """Begins one and answers its id: CreateSnapshot=["error:RequestLimitExceeded", "reset@after_commit"]."""
        body = {"instructions": instructions} | ({"secret_id": secret_id} if secret_id else {})
        return self.ask("POST", "/_cbs/retry-tests", body)["id"]

    def retry_tests(self):
        return self.ask("GET", "/_cbs/retry-tests")["retry_tests"]

    def retry_result(self, test):
        return self.ask("GET", f"/_cbs/retry-tests/{test}")

    def remove_retry_test(self, test):
        return self.ask("DELETE", f"/_cbs/retry-tests/{test}")["removed"]
