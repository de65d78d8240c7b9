"""The script of the page to look on is one for the Node.js that the SDK's suite has anyway."""

import re
import subprocess

from support.server import ROOT


def test_its_script_parses(toolchain_of, tmp_path):
    toolchain_of("node")
    script, = re.findall("<script>(.*?)</script>", (ROOT / "server/share/ui.html").read_text(encoding="utf-8"), re.S)
    (tmp_path / "ui.js").write_text(script, encoding="utf-8")
    done = subprocess.run(["node", "--check", tmp_path / "ui.js"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
