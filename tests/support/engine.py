"""Commands of the container engine."""

import json
import os
import subprocess

BASE = "debian:bookworm-slim"
# What a container needs of our environment to get packages.
PROXIES = [name for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy") if name in os.environ]


def docker(*args, seconds=60, **options):
    """What a docker command prints; the test fails with all it said when the command does."""
    done = subprocess.run(["docker", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, **options)
    assert done.returncode == 0, f"docker {' '.join(args)}: {done.stdout.decode(errors='replace')[-4000:]}"
    return done.stdout.decode(errors="replace").strip()


def inspect(what, name):
    return json.loads(docker(what, "inspect", name))[0]
