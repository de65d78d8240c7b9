#!/usr/bin/env python3
"""fixtures/atlas -> atlas_gen.c, the table behind cbs/atlas.h.

usage: gen_atlas.py INPUT... OUTPUT

An INPUT is an entry or a folder of entries. The build fails on an entry that disagrees with atlas.schema.json, with its own place
(<Action>/<code>.json, common/<code>.json) or with the model, and on an action's folder that leaves out a code the model documents.
"""
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMON = "common"
TYPES = {"string": str, "object": dict, "array": list, "integer": int}


class Fault(Exception):
    """What is wrong, in words for the person who wrote the entry."""


def no_key_twice(pairs):
    keys = [key for key, _ in pairs]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise Fault(f"{sorted(twice)[0]} stands there twice")
    return dict(pairs)


def check_object(where, value, schema):
    """As much of JSON Schema as atlas.schema.json uses for its own members."""
    for key, member in value.items():
        rule = schema["properties"].get(key)
        if rule is None:
            raise Fault(f"{where}/{key} is not known")
        if "enum" in rule and member not in rule["enum"]:
            raise Fault(f"{where}/{key} must be one of {rule['enum']}")
        if "type" in rule and type(member) is not TYPES[rule["type"]]:
            raise Fault(f"{where}/{key} must be of type {rule['type']}")
        if "maxLength" in rule and len(member) > rule["maxLength"]:
            raise Fault(f"{where}/{key} is longer than {rule['maxLength']}")
        if "minimum" in rule and not rule["minimum"] <= member <= rule["maximum"]:
            raise Fault(f"{where}/{key} must be {rule['minimum']} to {rule['maximum']}")
        if isinstance(member, dict) and "properties" in rule:
            check_object(f"{where}/{key}", member, rule)
        if isinstance(member, list) and "properties" in rule.get("items", {}):
            for number, item in enumerate(member):
                check_object(f"{where}/{key}/{number}", item, rule["items"])
    for key in schema.get("required", []):
        if key not in value:
            raise Fault(f"{where}/{key} is missing")


class Atlas:
    def __init__(self):
        self.schema = json.loads((HERE / "atlas.schema.json").read_text(encoding="utf-8"))
        self.model = json.loads((HERE / "cbs-model.json").read_text(encoding="utf-8"))["actions"]
        errors = (HERE.parent / "server/api/errors.def").read_text(encoding="utf-8")
        self.codes = set(re.findall(r'^E\(\w+, "([^"]+)"', errors, re.M))
        self.entries = []

    def read(self, path):
        folder = path.parent.name
        entry = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_key_twice)
        check_object("", entry, self.schema)
        if ("call" in entry) == ("unreachable" in entry):
            raise Fault("either /call or /unreachable must be there")
        if entry["code"] != path.name.removesuffix(".json"):
            raise Fault(f"/code must be {path.name.removesuffix('.json')}, as the file's name says")
        if entry["code"] not in self.codes:
            raise Fault(f"{entry['code']} is not in errors.def")
        if entry["action"] not in self.model:
            raise Fault(f"the model has no action {entry['action']}")
        if folder != COMMON and entry["action"] != folder:
            raise Fault(f"/action must be {folder}, as the folder's name says")
        if folder != COMMON and entry["code"] not in self.model[folder].get("errors", []):
            raise Fault(f"the model documents no {entry['code']} for {folder}")
        for call in entry.get("calls", []):
            if call["action"] not in self.model:
                raise Fault(f"the model has no action {call['action']}")
        entry["common"] = folder == COMMON
        self.entries.append(entry)

    def check_complete(self):
        for action in {e["action"] for e in self.entries if not e["common"]}:
            have = {e["code"] for e in self.entries if e["action"] == action and not e["common"]}
            missing = set(self.model[action].get("errors", [])) - have
            if missing:
                raise Fault(f"{action} leaves out {', '.join(sorted(missing))}")

    def rows(self):
        self.entries.sort(key=lambda e: (e["action"], e["common"], e["code"]))
        for number in range(1, len(self.entries)):
            before, entry = self.entries[number - 1], self.entries[number]
            if all(before[key] == entry[key] for key in ("action", "common", "code")):
                raise Fault(f"{entry['action']} {entry['code']} stands there twice")
        for entry in self.entries:
            yield row(entry)


def c_text(text):
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127 and char != "?":
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def c_json(value):
    return "NULL" if value is None else c_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def row(entry):
    reason = entry.get("unreachable")
    return (
        "\t{\n"
        f"\t\t.action = {c_text(entry['action'])},\n"
        f"\t\t.code = {c_text(entry['code'])},\n"
        f"\t\t.dialect = {c_text(entry.get('dialect', 'both'))},\n"
        f"\t\t.summary = {c_text(entry['summary'])},\n"
        f"\t\t.reason = {'NULL' if reason is None else c_text(reason)},\n"
        f"\t\t.arrange = {c_json(entry.get('arrange'))},\n"
        f"\t\t.calls = {c_json(entry.get('calls'))},\n"
        f"\t\t.call = {c_json(entry.get('call'))},\n"
        f"\t\t.request = {c_json(entry.get('request'))},\n"
        f"\t\t.repeat = {entry.get('repeat', 1)},\n"
        f"\t\t.common = {'true' if entry['common'] else 'false'},\n"
        "\t},\n"
    )


def main(inputs, output):
    atlas = Atlas()
    paths = []
    for name in map(Path, inputs):
        paths += sorted(name.rglob("*.json")) if name.is_dir() else [name]
    for path in paths:
        try:
            atlas.read(path)
        except (Fault, ValueError, OSError) as fault:
            sys.exit(f"{path}: {fault}")
    try:
        atlas.check_complete()
        rows = "".join(atlas.rows())
    except Fault as fault:
        sys.exit(f"fixtures/atlas: {fault}")
    if not atlas.entries:
        sys.exit("gen_atlas.py: no entries")
    Path(output).write_text(
        "/* Generated by gen_atlas.py; do not edit. */\n"
        '#include "cbs/atlas.h"\n\n'
        f"const struct atlas_entry atlas_entries[] = {{\n{rows}}};\n\n"
        "const size_t atlas_entry_count = sizeof atlas_entries / sizeof atlas_entries[0];\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip().split("\n\n")[1])
    main(sys.argv[1:-1], sys.argv[-1])
