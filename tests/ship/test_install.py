"""What meson install puts on a machine: that it is all there, works from there, and is the same wherever it was built."""

import hashlib
import os
import re
import shutil

import pytest

from support.server import ROOT, environment
from support.shipping import LIBDIR, copy_sources, install, run

LIBRARIES = ("libmicrohttpd", "libcjson", "sqlite3", "gnutls", "nettle")
PROGRAM = r"""
#include <libcbsmock.h>
#include <stdio.h>
#include <stdlib.h>

/* Names that the library has inside: ours must not meet its. */
int mock_open(void) { return 1; }
int store_open(void) { return 2; }

int main(void)
{
	char *why = NULL, *answer = NULL;
	struct cbsmock *one = cbsmock_start(NULL, &why), *two = cbsmock_start(NULL, &why);
	if (!one || !two || cbsmock_port(one) == cbsmock_port(two) || !cbsmock_reset(one, &why)) {
		puts(why);
		return 1;
	}
	if (cbsmock_admin(two, "GET", "/_cbs/health", NULL, &answer) != 200)
		return 1;
	puts(answer);
	free(answer);
	cbsmock_stop(one);
	cbsmock_stop(two);
	return mock_open() + store_open() - 3;
}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return install(ROOT, tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def installed_from_a_copy(tmp_path_factory):
    """The same from other sources, in folders as different as can be."""
    copy = copy_sources(ROOT, tmp_path_factory.mktemp("second") / "a" / "longer" / "way")
    return install(copy, copy / "out")


def files(root):
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file() or path.is_symlink()}


def digest(path):
    return os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()


def version(root):
    return run(root / "usr/bin/cbsmock", "--version").split()[1]


def test_all_is_there(installed):
    assert set(files(installed)) == {
        "usr/bin/cbsmock",
        "usr/include/libcbsmock.h",
        f"usr/{LIBDIR}/libcbsmock.a",
        f"usr/{LIBDIR}/libcbsmock.so",
        f"usr/{LIBDIR}/libcbsmock.so.0",
        f"usr/{LIBDIR}/libcbsmock.so.{version(installed)}",
        f"usr/{LIBDIR}/pkgconfig/cbsmock.pc",
        "usr/share/bash-completion/completions/cbsmock",
        "usr/share/fish/vendor_completions.d/cbsmock.fish",
        "usr/share/man/man1/cbsmock.1",
        "usr/share/zsh/vendor-completions/_cbsmock",
    }


def test_two_builds_are_the_same(installed, installed_from_a_copy):
    one, two = files(installed), files(installed_from_a_copy)
    assert set(one) == set(two)
    assert [name for name in one if digest(one[name]) != digest(two[name])] == []


def test_only_the_interface_is_visible(installed):
    for options, name in ((("-D",), "libcbsmock.so"), ((), "libcbsmock.a")):
        symbols = run("nm", *options, "-g", "--defined-only", installed / "usr" / LIBDIR / name)
        names = re.findall(r"^[0-9a-f]+ [A-Z] (\w+)$", symbols, re.M)
        assert len(names) > 5
        assert [symbol for symbol in names if not symbol.startswith("cbsmock_")] == []
    header = (installed / "usr/include/libcbsmock.h").read_text(encoding="utf-8")
    assert sorted(names) == sorted(re.findall(r"^CBSMOCK_API .*?(\w+)\(", header, re.M))


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_a_program_with_the_library_inside(installed, tmp_path, kind):
    (tmp_path / "program.c").write_text(PROGRAM, encoding="utf-8")
    libraries = installed / "usr" / LIBDIR
    env = environment() | {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"), "LD_LIBRARY_PATH": str(libraries)}
    flags = run("pkg-config", f"--define-variable=prefix={installed}/usr", "--cflags", "--libs", "cbsmock", env=env).split()
    if kind == "static":
        flags[flags.index("-lcbsmock")] = "-l:libcbsmock.a"
        flags += [*run("pkg-config", "--libs", *LIBRARIES).split(), "-lm", "-pthread"]
    run(*os.environ.get("CC", "cc").split(), "-Wall", "-Werror", "-o", tmp_path / "program", tmp_path / "program.c", *flags)
    assert '"status":"ok"' in run(tmp_path / "program", env=env)


def test_the_manual_tells_all_that_help_tells(installed):
    page = (installed / "usr/share/man/man1/cbsmock.1").read_text(encoding="utf-8").replace("\\-", "-")
    told = run(installed / "usr/bin/cbsmock", "--help")
    for setting in re.findall(r"^  --([\w-]+)", told, re.M):
        assert f".It Fl -{setting} " in page
    for command in re.findall(r"^  cbsmock \[?([a-z]+)", told, re.M):
        assert f".It Cm {command}" in page
        assert command == "serve" or re.search(rf"^\.Ss .*cbsmock {command}\b", page, re.M)


def completions(installed, shell, line):
    """What a shell offers behind a command line."""
    words, share = line.split(" "), installed / "usr/share"
    scripts = {
        "bash": f"""
            source {share}/bash-completion/completions/cbsmock
            COMP_WORDS=({" ".join(repr(word) for word in words)}) COMP_CWORD={len(words) - 1}
            _cbsmock cbsmock {words[-1]!r} {words[-2]!r}
            printf '%s\\n' "${{COMPREPLY[@]}}" """,
        # zsh completes only at a prompt, so the two functions that offer words print them.
        "zsh": f"""
            _describe() {{ print -rl -- ${{${{(P)2}}%%:*}} }}
            _files() {{ print -r -- FILES }}
            source =(sed '$d' {share}/zsh/vendor-completions/_cbsmock)
            words=({" ".join(repr(word) for word in words)}) CURRENT={len(words)}
            _cbsmock""",
        "fish": f"""
            source {share}/fish/vendor_completions.d/cbsmock.fish
            complete -C {line!r} """,
    }
    env = environment() | {"PATH": f"{installed}/usr/bin:{os.environ['PATH']}"}
    options = {"bash": ("--norc",), "zsh": ("-f",), "fish": ("--no-config",)}[shell]
    return [offer.partition("\t")[0] for offer in run(shell, *options, "-c", scripts[shell], env=env).splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(installed, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert {"serve", "call", "health"} <= set(completions(installed, shell, "cbsmock "))
    assert "health" in completions(installed, shell, "cbsmock he")
    assert "CreateSnapshot" in completions(installed, shell, "cbsmock call CreateS")
    assert "--rate-limit" in completions(installed, shell, "cbsmock --ra")
    assert "--rate-limit" in completions(installed, shell, "cbsmock serve --port 1 --ra")
    assert sorted(completions(installed, shell, "cbsmock --dialect ")) == ["classic", "current"]
    assert sorted(completions(installed, shell, "cbsmock call DescribeDisks --signature ")) == ["sha1", "sha256", "tc3"]


def test_the_debian_package(installed, tmp_path):
    package, again = (run(ROOT / "server/share/deb", tmp_path / name, installed).splitlines()[-1] for name in ("one", "two"))
    with open(package, "rb") as one, open(again, "rb") as two:
        assert one.read() == two.read()
    assert run("dpkg-deb", "--field", package, "Version").strip() == version(installed)
    depends = run("dpkg-deb", "--field", package, "Depends")
    assert all(name in depends for name in ("libc6", "libcjson1", "libgnutls30", "libnettle8", "libmicrohttpd12", "libsqlite3-0"))
    run("dpkg-deb", "--extract", package, tmp_path / "root")
    assert run(tmp_path / "root/usr/bin/cbsmock", "--version").split()[1] == version(installed)
