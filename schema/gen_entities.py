#!/usr/bin/env python3
"""Makes the tables of store/entity.h from the JSON Schema of fixtures.

    gen_entities.py FIXTURE_SCHEMA OUTPUT.c

schema.sql beside this script is read too: every column must be either a field of a fixture or in x-kept, types and enums must
agree, and a column that SQL gives no default must be a key or x-required. Anything else ends the run with one line."""

import json
import pathlib
import re
import sqlite3
import sys

SCHEMA_SQL = pathlib.Path(__file__).resolve().parent / "schema.sql"
# By "may be empty", which stands for none.
ID_PATTERNS = {False: "^{}[0-9a-z]{{8}}$", True: "^({}[0-9a-z]{{8}})?$"}
SQL_TYPE = {"FIELD_TEXT": "TEXT", "FIELD_LIST": "TEXT", "FIELD_JSON": "TEXT"}
X_TYPES = {
    "choice": "FIELD_CHOICE",
    "id": "FIELD_ID",
    "json": "FIELD_JSON",
    "list": "FIELD_LIST",
    "tags": "FIELD_TAGS",
    "time": "FIELD_TIME",
}
JSON_TYPES = {"string": "FIELD_TEXT", "integer": "FIELD_INT", "boolean": "FIELD_BOOL"}


class Bad(Exception):
    """The schema of fixtures contradicts itself or the tables."""


def c_string(text: str) -> str:
    return json.dumps(text)


def c_strings(texts: list[str]) -> str:
    return f"(const char *const[]){{ {', '.join([*map(c_string, texts), 'NULL'])} }}"


def read_tables(sql: str) -> dict[str, dict[str, tuple]]:
    """For each table its columns: (type, is a key, needs a value, values of a CHECK)."""
    db = sqlite3.connect(":memory:")
    db.executescript(sql)
    tables = {}
    for name, text in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        checks = {
            column: set(re.findall(r"'([^']*)'", values))
            for column, values in re.findall(r"CHECK \((\w+) IN\s+\(([^)]*)\)", text)
            if "'" in values
        }
        for column, values in re.findall(r"CHECK \((\w+) IN\s+\(([\d, ]*)\)", text):
            checks[column] = {int(value) for value in values.split(",")}
        for column, value in re.findall(r"\b(\w+) = '([^']*)'", text):  # a CHECK spelled with OR
            checks.setdefault(column, set()).add(value)
        for check in re.finditer(r"CHECK \((\w+) = \d+(?: OR \1 = \d+)+\)", text):
            checks[check[1]] = {int(value) for value in re.findall(r"= (\d+)", check[0])}
        tables[name] = {
            column: (kind, key > 0, bool(not_null) and default is None and key == 0, checks.get(column))
            for _, column, kind, not_null, default, key in db.execute(f"PRAGMA table_info({name})")
        }
    return tables


class Field:
    def __init__(self, where: str, name: str, fact: dict, defs: dict):
        self.where = f"{where}.{name}"
        self.name = name
        if "$ref" in fact:
            base = fact["$ref"].removeprefix("#/$defs/")
            if base not in defs:
                raise Bad(f"{self.where}: no {fact['$ref']}")
            fact = {**defs[base], **fact}
        self.column = fact.get("x-column")
        self.job = fact.get("x-job")
        self.key = fact.get("x-key", False)
        self.required = fact.get("x-required", False)
        self.prefix = fact.get("x-prefix")
        self.values = fact.get("enum")
        self.default = fact.get("default")
        self.low = self.high = 0
        if "x-type" in fact:
            self.type = X_TYPES[fact["x-type"]]
        elif self.values:
            self.type = "FIELD_TEXT"
        else:
            self.type = JSON_TYPES[fact["type"]]
        self.check(fact)

    def check(self, fact: dict) -> None:
        if (self.column is None) != (self.type == "FIELD_TAGS" or self.job is not None):
            raise Bad(f"{self.where}: x-column is for everything but tags and what a job keeps")
        if self.job is not None and (self.type not in ("FIELD_INT", "FIELD_BOOL") or self.key or self.required):
            raise Bad(f"{self.where}: a job keeps an optional number or boolean")
        if (self.prefix is not None) != (self.type in ("FIELD_ID", "FIELD_TAGS")):
            raise Bad(f"{self.where}: x-prefix is for ids and tags")
        optional = not self.key and not self.required
        if self.type == "FIELD_ID" and fact["pattern"] != ID_PATTERNS[optional].format(self.prefix):
            raise Bad(f"{self.where}: its pattern is not that of {'an optional' if optional else 'a'} {self.prefix}")
        if self.type == "FIELD_TIME" and (re.fullmatch(fact["pattern"], "") is not None) != optional:
            raise Bad(f"{self.where}: only an optional time may be empty")
        if self.type == "FIELD_CHOICE" and (not self.values or self.default is not None):
            raise Bad(f"{self.where}: a choice is of an enum, and without a default")
        if self.type == "FIELD_INT":
            self.low, self.high = self.bounds(fact, "minimum", "maximum")
        if self.type == "FIELD_TEXT" and not self.values:
            self.low, self.high = self.bounds({"minLength": 0, **fact}, "minLength", "maxLength")
        if self.type in ("FIELD_LIST", "FIELD_TAGS", "FIELD_JSON"):
            self.low, self.high = self.bounds({"minItems": 0, **fact}, "minItems", "maxItems")
        if self.default is not None and not self.key and not self.required:
            raise Bad(f"{self.where}: the default of an optional field belongs into schema.sql")

    def bounds(self, fact: dict, low: str, high: str) -> tuple[int, int]:
        if low not in fact or high not in fact or fact[low] > fact[high] or fact[high] > 2**53 - 1:
            raise Bad(f"{self.where}: needs {low} and {high}")
        return fact[low], fact[high]

    def check_column(self, columns: dict) -> None:
        if self.column not in columns:
            raise Bad(f"{self.where}: no column {self.column}")
        kind, key, needed, values = columns[self.column]
        if kind != SQL_TYPE.get(self.type, "INTEGER"):
            raise Bad(f"{self.where}: column {self.column} is {kind}")
        if key != self.key:
            raise Bad(f"{self.where}: x-key disagrees with the primary key")
        if needed and not self.required:
            raise Bad(f"{self.where}: column {self.column} has no default, so it is x-required")
        words = range(len(self.values)) if self.type == "FIELD_CHOICE" else self.values or ()
        if values and (self.values or kind == "TEXT") and set(words) != values:
            raise Bad(f"{self.where}: its enum is not that of column {self.column}")

    def c_row(self) -> str:
        flags = ", ".join(str(flag).lower() for flag in (self.key, self.required))
        column, prefix, job = (c_string(text) if text else "NULL" for text in (self.column, self.prefix, self.job))
        values = c_strings(self.values) if self.values else "NULL"
        default = "NULL" if self.default is None else c_string(str(self.default))
        return (
            f"\t{{ {c_string(self.name)}, {column}, {self.type}, {flags}, {values}, "
            f"{self.low}, {self.high}, {prefix}, {default}, {job} }},"
        )


def entity(name: str, fact: dict, defs: dict, tables: dict) -> tuple[list[str], str]:
    """The array of its fields, and its row in the table of entities."""
    table = fact["x-table"]
    if table not in tables:
        raise Bad(f"{name}: no table {table}")
    columns = tables[table]
    single = fact["type"] == "object"
    row = fact if single else fact["items"]
    if row.get("additionalProperties") is not False:
        raise Bad(f"{name}: must not take unknown fields")
    fields = [Field(name, key, value, defs) for key, value in row["properties"].items()]
    for field in fields:
        if field.column:
            field.check_column(columns)
        if field.job and field.job not in {"state", *tables["job"]["kind"][3]}:
            raise Bad(f"{field.where}: there is no job {field.job}")
    used = [field.column for field in fields if field.column]
    seen = [*used, *fact["x-kept"]]
    if len(set(seen)) != len(seen):
        raise Bad(f"{name}: a column is named twice")
    if missing := set(columns) ^ set(seen):
        raise Bad(f"{name}: column {sorted(missing)[0]} is only in schema.sql or only here")
    always = {field.name for field in fields if field.key and field.default is None}
    if set(row.get("required", [])) != always:
        raise Bad(f"{name}: required must list the keys without a default")
    symbol = f"{table}_fields"
    lines = [f"static const struct field {symbol}[] = {{", *(field.c_row() for field in fields), "};"]
    has_id = "id" in columns and "no" in columns
    flags = ", ".join(str(flag).lower() for flag in (single, has_id))
    return lines, f"\t{{ {c_string(name)}, {c_string(table)}, {flags}, {symbol}, {len(fields)} }},"


def generate(schema: dict, sql: str) -> str:
    tables = read_tables(sql)
    head = ["/* Made from fixture.schema.json. */", '#include "store/entity.h"', ""]
    rows = []
    for name, fact in schema["properties"].items():
        if name == "$schema":
            continue
        lines, row = entity(name, fact, schema["$defs"], tables)
        head += lines
        rows.append(row)
    tail = ["", "const struct entity entities[] = {", *rows, "};"]
    tail.append("const size_t entity_count = sizeof entities / sizeof entities[0];")
    return "\n".join(head + tail) + "\n"


def main(args: list[str]) -> int:
    if len(args) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    schema = json.loads(pathlib.Path(args[0]).read_text(encoding="utf-8"))
    try:
        text = generate(schema, SCHEMA_SQL.read_text(encoding="utf-8"))
    except Bad as why:
        print(f"gen_entities.py: {why}", file=sys.stderr)
        return 1
    pathlib.Path(args[1]).write_text(text, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
