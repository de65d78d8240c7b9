"""Builds the tree as those who ship it do, and runs the commands that look at the result."""

import subprocess

BUILD_SECONDS = 600
LIBDIR = "lib/" + subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()


def run(*command, **options):
    """What a command prints; the test fails with all it said when the command does."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_SECONDS, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout[-4000:]}"
    return done.stdout


def install(source, work):
    """Builds a tree and answers the folder it is installed in, as / would be."""
    run("meson", "setup", "--buildtype=release", "--prefix=/usr", f"--libdir={LIBDIR}", "-Dtests=false", work / "build", source)
    run("meson", "install", "-C", work / "build", "--destdir", work / "root")
    return work / "root"
