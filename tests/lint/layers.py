#!/usr/bin/env python3
"""The rules of the house that a machine can check. Prints one TAP line a rule, the places that break it above, and fails on any.

    layers.py [TREE]

CC names the compiler that headers are tried with (default: cc)."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

# What a folder of server/ may include beside itself. A path allows that one header.
MAY_INCLUDE = {
    "util": (),
    "store": ("util",),
    "api": ("store", "util"),
    "cbs": ("api", "store", "util"),
    "gateway": ("cbs", "api", "store", "util"),
    "admin": ("gateway", "cbs", "api", "store", "util"),
    "http": ("admin", "gateway", "util"),
    "cli": ("gateway/sign.h", "api", "util"),
    "": ("http", "cli", "admin", "gateway", "cbs", "api", "store", "util"),
}
# Which folders may know a library.
LIBRARIES = {
    "microhttpd.h": ("http",),
    "sqlite3.h": ("store",),
    "gnutls/": ("util", "http"),
    "nettle/": ("util",),
    "cjson/": ("api", "cbs", "gateway", "admin", "cli", ""),
}
PACKAGES = ("libmicrohttpd", "libcjson", "sqlite3", "gnutls", "nettle", "check")
BANNED_CALLS = (
    "sprintf vsprintf strcpy strcat stpcpy atoi atol atof strtok gets sleep usleep nanosleep time gettimeofday clock_gettime"
).split()
CLOCK_CALLS = {"time", "gettimeofday", "clock_gettime"}
CLOCK_FILE = "server/util/clock.c"

CODE = (".c", ".h", ".py")
TEXT = (*CODE, ".def", ".sql", ".build", ".sh", ".txt")
LINES_MAX = 600
COLUMNS_MAX = 140
TAB = 4
ROOTS = ("server", "schema", "tests", "fixtures", "docker")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
CALL = re.compile(rf"(?<![\w.>])({'|'.join(BANNED_CALLS)})[ \t]*\(")
ACTION = re.compile(r"^const struct action (\w+)\b", re.M)
# A path below a home or working directory of some machine, not part of a longer path or an address.
MACHINE_PATH = re.compile(r"(?<![\w./~$}-])/(?:home|root|work|Users)/[A-Za-z.]")
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b")
OPENING = {".c": ("/*",), ".h": ("/*",), ".def": ("/*",), ".py": ('"""', "#"), ".sql": ("--",), ".build": ("#",), ".sh": ("#",)}


class Tree:
    """The files of the project, read once. Names are relative, with slashes."""

    def __init__(self, top):
        self.top = pathlib.Path(top)
        self.texts = {}
        paths = [p for p in self.top.iterdir() if p.is_file()]
        for root in ROOTS:
            paths += (p for p in (self.top / root).rglob("*") if p.is_file())
        for path in sorted(paths):
            name = path.relative_to(self.top).as_posix()
            if "__pycache__" in name:
                continue
            try:
                self.texts[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue

    def files(self, under="", ends=("",)):
        return [(n, t) for n, t in self.texts.items() if n.startswith(under) and n.endswith(tuple(ends))]

    def text(self, name):
        return self.texts.get(name, "")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def only_code(text):
    """The text with comments and literals blanked, line for line."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def folder_of(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else ""


def includes(text):
    for found in INCLUDE.finditer(text):
        yield line_of(text, found.start()), found[1] == '"', found[2]


def check_arrows(tree):
    """includes go down, written from server/"""
    for name, text in tree.files("server/", (".c", ".h")):
        folder = folder_of(name)
        allowed = (*MAY_INCLUDE.get(folder, ()), folder)
        for line, quoted, target in includes(text):
            target_folder = target.rpartition("/")[0]
            if not quoted:
                continue
            if f"server/{target}" not in tree.texts:
                yield f"{name}:{line}: {target} is no file of server/"
            elif target_folder not in allowed and target not in allowed:
                yield f"{name}:{line}: {folder or 'the top'} may not include {target}"
            elif "_internal." in target and target_folder != folder:
                yield f"{name}:{line}: {target} is for its own folder only"


def check_libraries(tree):
    """libraries are known only where they belong"""
    for name, text in tree.files("server/", (".c", ".h")):
        for line, _, target in includes(text):
            for library, folders in LIBRARIES.items():
                if target.startswith(library) and folder_of(name) not in folders:
                    yield f"{name}:{line}: {target} belongs to {', '.join(f for f in folders if f)}"
            if target in ("cJSON.h", "gnutls.h"):
                yield f"{name}:{line}: written with its folder: <cjson/cJSON.h>, <gnutls/gnutls.h>"


def check_cycles(tree):
    """headers include each other in no circle"""
    graph = {}
    for name, text in tree.files("server/", (".h",)):
        graph[name] = [f"server/{target}" for _, quoted, target in includes(text) if quoted]
    done = set()

    def walk(name, path):
        if name in path:
            yield " -> ".join([*path[path.index(name):], name])
        elif name not in done:
            for target in graph.get(name, ()):
                yield from walk(target, [*path, name])
            done.add(name)

    for name in graph:
        yield from walk(name, [])


def check_headers_alone(tree):
    """every header compiles by itself"""
    found = subprocess.run(["pkg-config", "--cflags", *PACKAGES], capture_output=True, text=True)
    if found.returncode:
        yield f"pkg-config: {found.stderr.strip()}"
        return
    command = [*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror"]
    command += ["-fsyntax-only", "-x", "c", f"-I{tree.top / 'server'}", *found.stdout.split(), "-"]
    for name, _ in tree.files("server/", (".h",)):
        # An empty declaration list is not C: the typedef makes a unit of headers that only define macros.
        unit = f'#include "{name.removeprefix("server/")}"\ntypedef int unit;\n'
        tried = subprocess.run(command, input=unit, capture_output=True, text=True)
        if tried.returncode:
            yield f"{name}: does not compile alone\n{tried.stderr.strip()}"


def check_size(tree):
    """no file is too long"""
    for name, text in tree.files(ends=CODE):
        lines = len(text.splitlines())
        if lines > LINES_MAX:
            yield f"{name}: {lines} lines, the most is {LINES_MAX}"


def check_calls(tree):
    """banned calls are absent, clocks are read in one place"""
    for name, text in tree.files(ends=(".c", ".h")):
        code = only_code(text)
        for found in CALL.finditer(code):
            if not (name == CLOCK_FILE and found[1] in CLOCK_CALLS):
                yield f"{name}:{line_of(code, found.start())}: {found[1]}()"


def check_opening(tree):
    """every file opens by saying why it exists"""
    for name, text in tree.files(ends=tuple(OPENING)):
        lines = text.split("\n")
        if lines[0].startswith("#!"):
            lines = lines[1:]
        if name.endswith("__init__.py") and not text:
            continue
        if not lines or not lines[0].startswith(OPENING[pathlib.Path(name).suffix]):
            yield f"{name}:1: no opening comment"


def check_text(tree):
    """lines are clean and not too wide"""
    for name, text in tree.files(ends=(*TEXT, ".json", "/run")):
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end"
        if "\r" in text:
            yield f"{name}: carriage returns"
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{name}:{number}: trailing blanks"
            if name.endswith(TEXT) and len(line.expandtabs(TAB)) > COLUMNS_MAX:
                yield f"{name}:{number}: {len(line.expandtabs(TAB))} columns, the most is {COLUMNS_MAX}"


def nearest_build(tree, name):
    """The meson.build that may name a file: in its folder or, failing that, the next one above."""
    folder = name.rpartition("/")[0]
    while "/" in folder and f"{folder}/meson.build" not in tree.texts:
        folder = folder.rpartition("/")[0]
    return f"{folder}/meson.build"


def check_lists(tree):
    """every file that is built is named in its meson.build"""
    for under, ending in (("server/", ".c"), ("tests/", ".c"), ("fixtures/atlas/", ".json")):
        for name, _ in tree.files(under, (ending,)):
            build = nearest_build(tree, name)
            named = set(re.findall(r"'([^']+)'", re.sub("#.*", "", tree.text(build))))
            if name.removeprefix(build.removesuffix("meson.build")) not in named and pathlib.Path(name).stem not in named:
                yield f"{name}: not named in {build}"


def check_actions(tree):
    """every action stands in the table"""
    table = only_code(tree.text("server/cbs/actions.c"))
    for name, text in tree.files("server/cbs/", (".c",)):
        for found in ACTION.finditer(only_code(text)):
            if not re.search(rf"&{found[1]}\b", table):
                yield f"{name}:{line_of(text, found.start())}: {found[1]} has no row in server/cbs/actions.c"


def check_words(tree):
    """nothing tells of one machine, nothing is left for later"""
    for name, text in tree.files():
        for number, line in enumerate(text.split("\n"), 1):
            if MACHINE_PATH.search(line):
                yield f"{name}:{number}: a path of some machine: {line.strip()[:80]}"
            if name.endswith(CODE) and UNFINISHED.search(line):
                yield f"{name}:{number}: left for later: {line.strip()[:80]}"


RULES = (
    check_arrows, check_libraries, check_cycles, check_headers_alone, check_size, check_calls, check_opening, check_text,
    check_lists, check_actions, check_words,
)


def main(args):
    tree = Tree(args[0] if args else pathlib.Path(__file__).resolve().parents[2])
    if not tree.files("server/", (".c",)):
        sys.exit(f"{tree.top}: no sources there")
    print(f"1..{len(RULES)}")
    failed = 0
    for number, rule in enumerate(RULES, 1):
        places = list(rule(tree))
        for place in places:
            print("# " + place.replace("\n", "\n# "))
        print(f"{'not ok' if places else 'ok'} {number} - {rule.__doc__}")
        failed += bool(places)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
