"""The page to look on: what it may do, what it asks for, and that it holds nothing."""

import base64
import hashlib
import re

from support.server import ROOT, Server
from test_admin import ask

PAGE = (ROOT / "server/share/ui.html").read_text(encoding="utf-8")
SIZE_MAX = 25_000


def inside(tag):
    """What stands in the only element of this kind."""
    one, = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGE, re.S)
    return one


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_it_is_served_as_it_is(server):
    reply = ask(server, "GET", "/_cbs/ui")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert reply.body.decode() == PAGE and len(reply.body) < SIZE_MAX
    assert reply.headers["X-Content-Type-Options"] == "nosniff" and reply.headers["Cache-Control"] == "no-store"


def test_its_policy_lets_run_its_own_script_alone(server):
    policy = dict(part.strip().split(" ", 1) for part in ask(server, "GET", "/_cbs/ui").headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'", "img-src": "data:",
        "connect-src": "'self'", "script-src": digest(inside("script")), "style-src": digest(inside("style"))}
    assert ask(server, "GET", "/_cbs/health").headers["Content-Security-Policy"] is None


def test_nothing_of_it_comes_from_elsewhere():
    assert not re.search(r"https?:|wss?:|@import|url\(", PAGE)
    assert set(re.findall(r"(?:src|href|action)=(\S+?)[ >]", PAGE)) == {'"data:,"'}


def test_what_routes_answer_becomes_text():
    markup_makers = r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|DOMParser|eval\(|Function\("
    assert not re.search(markup_makers, PAGE)
    markup = PAGE.replace(inside("script"), "").replace(inside("style"), "")
    assert not re.search(r"\s(?:on\w+|style)=", markup)


def test_it_asks_routes_that_exist_and_only_looks(server):
    asked = {re.sub(r"\$\{\w+\}", "{}", path) for path in re.findall(r"['`](/_cbs/[^'`?]*)['`]", inside("script"))}
    routes = ask(server, "GET", "/_cbs/").json["routes"]
    there = {re.sub(r"\{\w+\}", "{}", route["path"]) for route in routes if route["method"] == "GET"}
    assert len(asked) >= 7 and asked <= there
    assert "method:" not in inside("script") and inside("script").count("fetch(") == 1


def test_both_languages_say_the_same():
    english, chinese = (re.search(rf"\t{name}: \{{\n(.*?)\n\t\}},", PAGE, re.S)[1] for name in ("en", "zh"))
    keys = [re.findall(r"(?:^|, |\t)(\w+): (?=['`\w(])", text, re.M) for text in (english, chinese)]
    assert keys[0] == keys[1] and len(keys[0]) > 40
    used = set(re.findall(r"say\.(\w+)", PAGE))
    assert used <= set(keys[0])


def test_who_may_have_it(server):
    assert ask(server, "GET", "/_cbs/ui", Host="evil.test").error == (403, "ForeignHost")
    assert ask(server, "GET", "/_cbs/ui", Origin="http://evil.test").error == (403, "ForeignOrigin")
    assert ask(server, "POST", "/_cbs/ui").error == (405, "MethodNotAllowed")


def test_the_token_opens_what_it_asks_for_and_not_the_page():
    with Server("--admin-token", "sesame") as server:
        assert ask(server, "GET", "/_cbs/ui").body.decode() == PAGE
        assert ask(server, "GET", "/_cbs/sandboxes", X_Cbs_Watch="ui").error == (401, "TokenRequired")
        assert ask(server, "GET", "/_cbs/sandboxes", X_Cbs_Watch="ui", X_Cbs_Admin_Token="sesame").status == 200


def test_its_looks_do_not_fill_the_log():
    with Server() as server:
        ask(server, "GET", "/_cbs/clock", X_Cbs_Watch="ui")
        ask(server, "GET", "/_cbs/sandboxes")
        ask(server, "POST", "/_cbs/reset", X_Cbs_Watch="ui")
        assert re.findall(r"path=(\S+)", server.log()) == ["/_cbs/sandboxes", "/_cbs/reset"]
