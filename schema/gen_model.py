#!/usr/bin/env python3
"""Makes the tables of api/model.h from the published model and our rules.

    gen_model.py MODEL RULES OUTPUT.c
    gen_model.py --check MODEL RULES

The model says names and types; the rules add what it leaves open: values, ranges, lengths, hidden parameters, "one of these", and
the error that each violation yields. A rule that names an unknown action, parameter, type, enum or error, or that cannot apply to
its parameter, ends the run with one line and makes no output, and so does an error of the model that errors.def lacks."""

import json
import pathlib
import re
import sys

ERRORS_DEF = pathlib.Path(__file__).resolve().parent.parent / "server" / "api" / "errors.def"
DEFAULT_RATE = 20

PARAM_TYPES = {
    "string": "PARAM_STRING",
    "datetime": "PARAM_STRING",
    "uint64": "PARAM_UINT",
    "int64": "PARAM_INT",
    "float": "PARAM_FLOAT",
    "bool": "PARAM_BOOL",
    "datetime_iso": "PARAM_TIME",
}

# Which constraints make sense for which type; `max_items` goes with any list.
CONSTRAINTS = {
    "PARAM_STRING": {"values", "min_chars", "max_chars", "max_bytes", "prefix"},
    "PARAM_UINT": {"numbers", "min", "max"},
    "PARAM_INT": {"numbers", "min", "max"},
    "PARAM_FLOAT": set(),
    "PARAM_BOOL": set(),
    "PARAM_TIME": set(),
    "PARAM_STRUCT": set(),
}
ALL_CONSTRAINTS = {"max_items"}.union(*CONSTRAINTS.values())


class Bad(Exception):
    """A rule or a fact that does not hold together."""


def read_errors(path: pathlib.Path) -> dict[str, str]:
    """Code to enumerator, from the rows of errors.def."""
    rows = re.findall(r'^E\((\w+),\s*"([\w.]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    return {code: f"ERR_{ident}" for ident, code in rows}


def c_string(text: str) -> str:
    if not text.isascii() or '"' in text or "\\" in text:
        raise Bad(f"{text!r} cannot be a name")
    return f'"{text}"'


class Param:
    def __init__(self, where: str, field: dict, types: dict, hidden: bool = False):
        self.name = field["name"]
        self.required = field.get("required", False)
        self.hidden = hidden
        written = field["type"]
        inner = re.fullmatch(r"list<(\w+)>", written)
        self.list = inner is not None
        base = inner[1] if inner else written
        self.struct = base if base in types else None
        if self.struct is None and base not in PARAM_TYPES:
            raise Bad(f"{where}.{self.name}: unknown type {written}")
        self.type = "PARAM_STRUCT" if self.struct else PARAM_TYPES[base]


class Generator:
    """Collects definitions in the order C needs them."""

    def __init__(self, model: dict, rules: dict, errors: dict[str, str]):
        self.model = model
        self.rules = rules
        self.errors = errors
        self.lines: list[str] = []
        self.made: dict[str, str] = {}  # text of an initialiser to its symbol: equal ones are shared
        self.shapes: dict[str, str] = {}

    def error(self, where: str, code: str) -> str:
        if code not in self.errors:
            raise Bad(f"{where}: errors.def has no {code}")
        return self.errors[code]

    def define(self, kind: str, prefix: str, body: str) -> str:
        """A static constant; the symbol of an equal one if there is one."""
        key = kind + body
        if key not in self.made:
            symbol = f"{prefix}_{len(self.made)}"
            array = "[]" if kind.endswith("[]") else ""
            self.lines.append(f"static const {kind.removesuffix('[]')} {symbol}{array} = {{{body}}};")
            self.made[key] = symbol
        return self.made[key]

    def strings(self, texts: list[str], prefix: str) -> str:
        body = "".join(f"\n\t{c_string(text)}," for text in texts) + "\n\tNULL,\n"
        return self.define("char *const[]", prefix, body)

    def rule(self, where: str, param: Param, rule: dict) -> str:
        known = ALL_CONSTRAINTS | {"error", "items_error", "source"}
        if unknown := set(rule) - known:
            raise Bad(f"{where}: unknown key {sorted(unknown)[0]}")
        if not rule.get("source"):
            raise Bad(f"{where}: no source")
        constraints = set(rule) & ALL_CONSTRAINTS
        allowed = CONSTRAINTS[param.type] | ({"max_items"} if param.list else set())
        if wrong := constraints - allowed:
            raise Bad(f"{where}: {sorted(wrong)[0]} does not apply to its type")
        of_value = constraints - {"max_items"}
        if bool(of_value) != ("error" in rule) and param.type != "PARAM_TIME":
            raise Bad(f"{where}: a constraint and its error go together")
        if ("max_items" in rule) != ("items_error" in rule):
            raise Bad(f"{where}: max_items and items_error go together")

        parts = []
        if "values" in rule:
            parts.append(f".values = {self.strings(self.enum(where, rule['values'], str), 'values')}")
        if "numbers" in rule:
            numbers = ", ".join(str(number) for number in self.enum(where, rule["numbers"], int))
            parts.append(f".numbers = {self.define('int64_t[]', 'numbers', f' {numbers}, INT64_MIN ')}")
        if "min" in rule or "max" in rule:
            low, high = rule.get("min", "INT64_MIN"), rule.get("max", "INT64_MAX")
            if "min" in rule and "max" in rule and low > high:
                raise Bad(f"{where}: min is above max")
            parts.append(f".ranged = true, .min = {low}, .max = {high}")
        parts += [f".{key} = {rule[key]}" for key in ("min_chars", "max_chars", "max_bytes", "max_items") if key in rule]
        if "prefix" in rule:
            if rule["prefix"] not in self.model["id_prefixes"].values():
                raise Bad(f"{where}: no id begins with {rule['prefix']}")
            parts.append(f".prefix = {c_string(rule['prefix'])}")
        if "error" in rule:
            parts.append(f".err = {self.error(where, rule['error'])}")
        if "items_error" in rule:
            parts.append(f".items_err = {self.error(where, rule['items_error'])}")
        return "&" + self.define("struct rule", "rule", f" {', '.join(parts)} ")

    def enum(self, where: str, values: str | list, kind: type) -> list:
        """Written out, or the name of an enum of the model."""
        if isinstance(values, str):
            if values not in self.model["enums"]:
                raise Bad(f"{where}: the model has no enum {values}")
            values = self.model["enums"][values]
        if not values or not all(isinstance(value, kind) for value in values):
            raise Bad(f"{where}: not a list of {kind.__name__}")
        return values

    def params(self, where: str, fields: list[dict], rules: dict, hidden: dict) -> tuple[str, int]:
        """The array of an action's or a type's parameters, and how many there are."""
        types = self.model["types"]
        params = [Param(where, field, types) for field in fields]
        rules = dict(rules)
        for name, rule in hidden.items():
            if any(param.name == name for param in params):
                raise Bad(f"{where}.{name}: hidden, but the model has it")
            rule = dict(rule)
            if "type" not in rule:
                raise Bad(f"{where}.{name}: no type")
            params.append(Param(where, {"name": name, "type": rule.pop("type")}, types, hidden=True))
            rules[name] = rule
        names = [param.name for param in params]
        for name in rules:
            if name not in names:
                raise Bad(f"{where}: no parameter {name}")
        rows = []
        for param in params:
            shape = f"&{self.shape(param.struct)}" if param.struct else "NULL"
            rule = self.rule(f"{where}.{param.name}", param, rules[param.name]) if param.name in rules else "NULL"
            flags = ", ".join(str(flag).lower() for flag in (param.list, param.required, param.hidden))
            rows.append(f"\n\t{{ {c_string(param.name)}, {param.type}, {flags}, {shape}, {rule} }},")
        if not rows:
            return "NULL", 0
        return self.define("struct param[]", f"{where}_params", "".join(rows) + "\n"), len(rows)

    def shape(self, name: str) -> str:
        if name not in self.shapes:
            self.shapes[name] = ""
            array, count = self.params(name, self.model["types"][name]["fields"], self.rules["types"].get(name, {}), {})
            self.shapes[name] = self.define("struct shape", f"{name}_shape", f" {c_string(name)}, {array}, {count} ")
        if not self.shapes[name]:
            raise Bad(f"{name}: contains itself")
        return self.shapes[name]

    def choices(self, where: str, choices: list[dict], names: list[str]) -> tuple[str, int]:
        rows = []
        for choice in choices:
            if unknown := set(choice) - {"names", "min", "max", "error", "source"}:
                raise Bad(f"{where}: a choice has an unknown key {sorted(unknown)[0]}")
            if not choice.get("source") or not choice.get("names") or "error" not in choice:
                raise Bad(f"{where}: a choice needs names, error and source")
            for name in choice["names"]:
                if name not in names:
                    raise Bad(f"{where}: a choice names {name}, which is no parameter")
            least, most = choice.get("min", 0), choice.get("max", len(choice["names"]))
            if not 0 <= least <= most:
                raise Bad(f"{where}: a choice of {least} to {most}")
            array = self.strings(choice["names"], "names")
            rows.append(f"\n\t{{ {array}, {least}, {most}, {self.error(where, choice['error'])} }},")
        if not rows:
            return "NULL", 0
        return self.define("struct choice[]", f"{where}_choices", "".join(rows) + "\n"), len(rows)

    def action(self, name: str) -> str:
        facts = self.model["actions"][name]
        rules = self.rules["actions"].get(name, {})
        if unknown := set(rules) - {"params", "hidden", "choices"}:
            raise Bad(f"{name}: unknown key {sorted(unknown)[0]}")
        params, count = self.params(name, facts["request"], rules.get("params", {}), rules.get("hidden", {}))
        names = [field["name"] for field in facts["request"]]
        choices, choice_count = self.choices(name, rules.get("choices", []), names)
        for code in facts["errors"]:
            self.error(name, code)
        errors = self.strings(facts["errors"], "errors")
        return (
            f"\t{{ {c_string(name)}, {{ {c_string(name)}, {params}, {count} }}, {choices}, {choice_count}, "
            f"{facts.get('rate', DEFAULT_RATE)}, {str(facts.get('deprecated', False)).lower()}, {errors} }},"
        )

    def text(self) -> str:
        if unknown := set(self.rules) - {"types", "actions"}:
            raise Bad(f"the rules have an unknown key {sorted(unknown)[0]}")
        for kind in ("types", "actions"):
            for name in self.rules[kind]:
                if name not in self.model[kind]:
                    raise Bad(f"the model's {kind} have no {name}")
        rows = [self.action(name) for name in sorted(self.model["actions"])]
        for name in self.rules["types"]:
            if name not in self.shapes:
                raise Bad(f"{name}: no request contains this type")
        head = ["/* Made from cbs-model.json and cbs-rules.json. */", '#include "api/model.h"', ""]
        tail = ["", "const struct model_action cbs_model[] = {", *rows, "};"]
        tail.append("const size_t cbs_model_count = sizeof cbs_model / sizeof cbs_model[0];")
        return "\n".join(head + self.lines + tail) + "\n"


def read_json(path: pathlib.Path) -> dict:
    def unique(pairs: list[tuple]) -> dict:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise Bad(f"{path.name}: {name} is written twice")
        return dict(pairs)

    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique)
    except ValueError as why:
        raise Bad(f"{path.name}: {why}") from why


def main(args: list[str]) -> int:
    check = args[:1] == ["--check"]
    if len(args) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    inputs = args[1:] if check else args[:2]
    try:
        model, rules = (read_json(pathlib.Path(name)) for name in inputs)
        text = Generator(model, rules, read_errors(ERRORS_DEF)).text()
    except Bad as why:
        print(f"gen_model.py: {why}", file=sys.stderr)
        return 1
    if not check:
        pathlib.Path(args[2]).write_text(text, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
