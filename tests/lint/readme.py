#!/usr/bin/env python3
"""Keeps the parts of README.md that repeat what code and data already say: settings, errors, routes, actions.

readme.py BINARY           fails when a part is out of date
readme.py BINARY --write   brings it up to date
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def settings(binary):
    help_text = help_of(binary)
    return ["## Settings", "",
            "Each is a flag, an environment variable (`CBSMOCK_NAME_OF_SETTING`) and a key of the `--config` file;"
            " a flag beats the environment, the environment beats the file.", "",
            "```", help_text.rstrip("\n"), "```"]


def verbs(binary):
    """The rows that each verb's own --help lists."""
    listed = re.findall(r"^  cbsmock (\w+) +(?:VERB|\[VERB\]|\[MATCH\]|FILE\|-|  )", help_of(binary), re.M)
    lines = ["| command | does |", "|---|---|"]
    for verb in listed:
        for usage, text in re.findall(rf"^  (cbsmock {verb}\b.*?)  +(\S.*)$", help_of(binary, verb), re.M):
            usage = usage.replace("|", "\\|")
            lines.append(f"| `{usage}` | {text} |")
    return lines


def help_of(binary, *words):
    return subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True).stdout


def routes(_binary):
    row = re.compile(r'\{ *"([A-Z]+)", *"([^"]+)", *\w+,\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
    rows = row.findall((ROOT / "server/admin/routes.c").read_text())
    if not rows:
        sys.exit("readme.py: no rows found in server/admin/routes.c")
    lines = ["| route | does |", "|---|---|"]
    for method, path, literals in rows:
        text = "".join(json.loads(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', literals)).replace("|", "\\|")
        lines.append(f"| `{method} {path}` | {text} |")
    return lines


def errors(_binary):
    lines = []
    for folder in sorted((ROOT / "fixtures/atlas").iterdir(), key=lambda p: (p.name != "CreateSnapshot", p.name == "common", p.name)):
        if not folder.is_dir():
            continue
        rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
        if folder.name == "CreateSnapshot":
            lines += ["**CreateSnapshot**", ""]
        else:
            title = "Any action" if folder.name == "common" else folder.name
            lines += [f"<details><summary>{title}: {len(rows)} codes</summary>", ""]
        lines += ["| code | dialect | how to get it |", "|---|---|---|"]
        for row in rows:
            how = row["summary"] if "unreachable" not in row else f"no state does: {row['unreachable']}"
            lines.append(f"| `{row['code']}` | {row.get('dialect', 'both')} | {how} |".replace("\n", " "))
        lines += [""] if folder.name == "CreateSnapshot" else ["", "</details>", ""]
    return lines[:-1]


def coverage(_binary):
    model = json.loads((ROOT / "schema/cbs-model.json").read_text())["actions"]
    built = re.findall(r'\.name = "(\w+)"', "".join(p.read_text() for p in (ROOT / "server/cbs").glob("*.c")))
    have = sorted(set(built) & set(model))
    lack = sorted(set(model) - set(built))
    return [f"{len(have)} of the {len(model)} actions: " + ", ".join(f"`{name}`" for name in have) + ".", "",
            "Not in this version: " + ", ".join(lack) + "."]


PARTS = {"settings": settings, "verbs": verbs, "errors": errors, "routes": routes, "coverage": coverage}


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    readme = ROOT / "README.md"
    before = text = readme.read_text()
    for name, make in PARTS.items():
        part = re.compile(rf"(<!-- {name}:begin [^>]*-->\n).*?(<!-- {name}:end -->)", re.S)
        body = "\n".join(make(sys.argv[1])) + "\n"
        text, found = part.subn(lambda m, body=body: m.group(1) + body + m.group(2), text)
        if found != 1:
            sys.exit(f"readme.py: README.md has {found} parts named {name}, not one")
    if sys.argv[2:]:
        readme.write_text(text)
    elif text != before:
        sys.exit("README.md is out of date: run tests/lint/readme.py BINARY --write")


main()
