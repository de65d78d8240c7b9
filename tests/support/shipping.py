"""Builds the tree as those who ship it do, and runs the commands that look at the result."""

import shutil
import subprocess

SOURCES = ("fixtures", "schema", "server", "meson.build", "meson_options.txt")
BUILD_SECONDS = 600
LIBDIR = "lib/" + subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()


def run(*command, **options):
    """What a command prints; the test fails with all it said when the command does."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_SECONDS, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout[-4000:]}"
    return done.stdout


def copy_sources(source, folder):
    """All that the program is built from, and nothing that was built; answers the folder, which is made."""
    folder.mkdir(parents=True)
    for name in SOURCES:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source / name, folder / name)
    return folder


def install(source, work):
    """Builds a tree and answers the folder it is installed in, as / would be."""
    run("meson", "setup", "--buildtype=release", "--prefix=/usr", f"--libdir={LIBDIR}", "-Dtests=false", work / "build", source)
    run("meson", "install", "-C", work / "build", "--destdir", work / "root")
    return work / "root"
