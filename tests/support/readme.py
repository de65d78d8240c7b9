"""Reads the READMEs: their sections, and the blocks of code in each."""

import re

from support.server import ROOT


class Block:
    def __init__(self, info, lines):
        self.info, self.text = info, "\n".join(lines) + "\n"

    def __eq__(self, other):
        return self.info == other.info and self.bare() == other.bare()

    def __repr__(self):
        return f"```{self.info}\n{self.bare()}```"

    def bare(self):
        """Without the comments, which are translated."""
        comment = r"/\*(?s:.*?)\*/" if self.info == "c" else r"(^|\s)#\s.*$"
        text = re.sub(comment, "", self.text, flags=re.M)
        return "".join(line.rstrip() + "\n" for line in text.splitlines() if line.strip())


def sections(name):
    """(heading, blocks) in their order. Of what a program writes into the README, between two markers, only the headings count."""
    def headings(part):
        return "\n".join(re.findall(r"^## .*", part[0], re.M))

    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"<!-- (\w+):begin .*?<!-- \1:end -->", headings, text, flags=re.S)
    found, fence, lines = [("", [])], None, []
    for line in text.splitlines():
        if fence is None and line.startswith("## "):
            found.append((line.removeprefix("## "), []))
        elif fence is None and line.startswith("```"):
            fence, lines = line.removeprefix("```"), []
        elif line == "```":
            found[-1][1].append(Block(fence, lines))
            fence = None
        elif fence is not None:
            lines.append(line)
    assert fence is None, f"{name}: the last block does not end"
    return found
