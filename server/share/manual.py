#!/usr/bin/env python3
"""Writes the manual page: the parts of it that repeat what the program says come from its --help.

    manual.py BINARY TEMPLATE OUTPUT
"""

import pathlib
import re
import subprocess
import sys

# A line of a --help that lists something: an option, a word that is explained, or a thing and after two blanks or more what it means.
ENTRY = re.compile(r"  (?:(-\S+(?: \S+)?) +(\S.*)|([A-Z][^\s:]*): (\S.*)|(\S.*?)(?:  +(\S.*))?)")
OPENING = {"list": ".Bl -tag -width Ds", "example": ".Bd -literal -offset indent"}
CLOSING = {"list": ".El", "example": ".Ed"}


def entry_of(line):
    """(thing, meaning), the meaning None for an example; None for a line that lists nothing."""
    found = ENTRY.fullmatch(line)
    return found and (found[1] or found[3] or found[5], found[2] or found[4] or found[6])


class Program:
    def __init__(self, binary):
        self.binary = binary
        self.commands = []  # (usage, meaning), "serve" first
        self.settings = []  # (flag and what it takes, meaning)
        about = []
        for line in self.help():
            entry = entry_of(line)
            if line.startswith("  cbsmock ") and entry[1]:
                self.commands.append((entry[0].removeprefix("cbsmock "), entry[1]))
            elif line.startswith("  --"):
                self.settings.append(entry)
            elif line.startswith("Settings ") or about:
                about.append(line)
        self.about_settings = " ".join(about).strip()

    def help(self, *command):
        return subprocess.run([self.binary, *command, "--help"], capture_output=True, text=True, check=True).stdout.splitlines()

    def pages(self):
        """The --help of each client command and of each of its verbs, without the option --help."""
        for usage, _ in self.commands:
            name = usage.split()[0].strip("[]")
            if name == "serve":
                continue
            text = self.help(name)
            yield text
            for verb in re.findall(rf"^  cbsmock {name} ([a-z][\w-]*)", "\n".join(text), re.M):
                if name != "call":
                    yield self.help(name, verb)


def escape(text):
    """Text in which nothing is a request or an escape of the formatter."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    text = "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text


def as_list(pairs):
    lines = [OPENING["list"]]
    for thing, meaning in pairs:
        lines += [f".It {thing}", escape(meaning)]
    return [*lines, CLOSING["list"]]


def commands(program):
    pairs = []
    for usage, meaning in program.commands:
        name, _, rest = usage.partition(" ")
        pairs.append((f"Cm {escape(name.strip('[]'))}" + (f" No {escape(rest)}" if rest else ""), meaning))
    return as_list(pairs)


def flag(text):
    name, _, takes = text.partition(" ")
    return f"Fl {escape(name[1:])}" + (f" Ar {escape(takes)}" if takes else "")


def settings(program):
    return [escape(program.about_settings), *as_list((flag(option), meaning) for option, meaning in program.settings)]


def body(lines):
    """A page as the formatter wants it. An indented line without a meaning beside it is an example."""
    out, kind = [], None
    for line in [*lines, ""]:
        entry = entry_of(line)
        now = None if not entry else "list" if entry[1] else "example"
        if now != kind:
            out += [CLOSING[kind]] if kind else []
            out += [OPENING[now]] if now else []
            kind = now
        if now == "list":
            out += [f".It {flag(entry[0]) if entry[0].startswith('-') else escape(entry[0])}", escape(entry[1])]
        elif now == "example":
            out.append(escape(entry[0]))
        elif line:
            out += [".Pp", escape(line)]
    return out[1:] if out[:1] == [".Pp"] else out


def reference(program):
    pages = [[line for line in page if not line.startswith("  --help")] for page in program.pages()]
    with_address = [set(page) for page in pages if any(line.startswith("  --admin-token ") for line in page)]
    common = set.intersection(*with_address) if with_address else set()
    shared = [line for line in (pages[-1] if common else []) if line in common and line.startswith("  --")]
    out = []
    for page in pages:
        all_of_them = common and common <= set(page)
        out += [f".Ss {escape(page[0].removeprefix('usage: '))}", *body(line for line in page[1:] if not (all_of_them and line in shared))]
    if shared:
        out += [".Ss Options of every command that uses the admin API", *body(shared)]
    return out


PARTS = {"commands": commands, "settings": settings, "reference": reference}


def main(binary, template, output):
    program = Program(binary)
    lines = []
    for line in pathlib.Path(template).read_text(encoding="utf-8").splitlines():
        part = re.fullmatch(r"@(\w+)@", line)
        lines += PARTS[part[1]](program) if part else [line]
    pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
