"""The Debian package on a bare Debian, where nothing but the base system is."""

from support.engine import BASE, PROXIES, docker
from support.server import ROOT
from support.shipping import run

INSTALL_SECONDS = 300
SESSION = r"""
set -euo pipefail
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/cbsmock.deb >/dev/null
cbsmock --version
ldconfig -p | grep -q 'libcbsmock\.so\.0 '
read -r _ _ url < <(exec cbsmock --port 0)
cbsmock health --endpoint "$url"
cbsmock call CreateSnapshot DiskId=disk-lzrg2pwi --endpoint "$url"
DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq cbsmock >/dev/null
test ! -e /usr/bin/cbsmock
"""


def test_it_installs_serves_and_goes(tmp_path):
    package = run(ROOT / "server/share/deb", tmp_path).splitlines()[-1]
    environment = [part for name in PROXIES for part in ("-e", name)]
    name = docker("create", "--network", "host", *environment, BASE, "bash", "-c", SESSION)
    try:
        docker("cp", package, f"{name}:/tmp/cbsmock.deb")
        said = docker("start", "--attach", name, seconds=INSTALL_SECONDS)
    finally:
        docker("rm", "-f", "-v", name)
    assert '"status":"ok"' in said
    assert '"SnapshotId"' in said
