#!/usr/bin/env python3
"""The JSON Schema of fixtures against the table that the loader is tested with: both refuse the same, but for what a schema cannot
see, and the table says why."""

import json
import pathlib
import sys
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

TOP = pathlib.Path(__file__).resolve().parents[2]


def read(name):
    return json.loads((TOP / name).read_text(encoding="utf-8"))


SCHEMA = read("schema/fixture.schema.json")
TABLE = read("fixtures/loading.json")


def errors_of(fixture):
    return [f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(fixture)]


def is_valid(entry):
    try:
        fixture = json.loads(entry["text"]) if "text" in entry else entry["fixture"]
    except ValueError:
        return False
    return not errors_of(fixture)


@unittest.skipIf(jsonschema is None, "jsonschema is not installed")
class FixtureSchema(unittest.TestCase):
    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_the_built_in_world_is_valid(self):
        self.assertEqual(errors_of(read("fixtures/default.json")), [])

    def test_good_ones(self):
        for entry in TABLE["good"]:
            with self.subTest(entry["name"]):
                self.assertTrue(is_valid(entry))

    def test_bad_ones(self):
        for entry in TABLE["bad"]:
            with self.subTest(entry["name"]):
                self.assertEqual(is_valid(entry), "schema" in entry)


if __name__ == "__main__":
    if jsonschema is None:
        print("jsonschema is not installed")
        sys.exit(77)  # skipped, to meson
    unittest.main()
