#!/usr/bin/env python3
"""The generator of the model's tables: it takes the real files, and names what is wrong with spoilt ones."""

import copy
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCHEMA))

import gen_model  # noqa: E402

MODEL = gen_model.read_json(SCHEMA / "cbs-model.json")
RULES = gen_model.read_json(SCHEMA / "cbs-rules.json")
ERRORS = gen_model.read_errors(gen_model.ERRORS_DEF)

DISK_ID = {"prefix": "disk-", "error": "InvalidParameter", "source": "s"}

# What is put into CreateSnapshot's rules, and what the generator says.
SPOILT_PARAMS = [
    ({"DiskID": DISK_ID}, "CreateSnapshot: no parameter DiskID"),
    ({"DiskId": DISK_ID | {"error": "InvalidDisk.Bysy"}}, "CreateSnapshot.DiskId: errors.def has no InvalidDisk.Bysy"),
    ({"DiskId": DISK_ID | {"prefix": "dsk-"}}, "CreateSnapshot.DiskId: no id begins with dsk-"),
    ({"DiskId": DISK_ID | {"maximum": 7}}, "CreateSnapshot.DiskId: unknown key maximum"),
    ({"DiskId": DISK_ID | {"max": 7}}, "CreateSnapshot.DiskId: max does not apply to its type"),
    ({"DiskId": DISK_ID | {"max_items": 7}}, "CreateSnapshot.DiskId: max_items does not apply to its type"),
    ({"DiskId": {"prefix": "disk-", "error": "InvalidParameter"}}, "CreateSnapshot.DiskId: no source"),
    ({"DiskId": {"prefix": "disk-", "source": "s"}}, "CreateSnapshot.DiskId: a constraint and its error go together"),
    ({"DiskId": {"error": "InvalidParameter", "source": "s"}}, "CreateSnapshot.DiskId: a constraint and its error go together"),
    ({"Tags": {"max_items": 7, "source": "s"}}, "CreateSnapshot.Tags: max_items and items_error go together"),
    (
        {"Tags": {"max_chars": 7, "error": "InvalidParameter", "source": "s"}},
        "CreateSnapshot.Tags: max_chars does not apply to its type",
    ),
    (
        {"DiskUsage": {"values": "DiskUse", "error": "InvalidParameter", "source": "s"}},
        "CreateSnapshot.DiskUsage: the model has no enum DiskUse",
    ),
    ({"DiskUsage": {"values": [], "error": "InvalidParameter", "source": "s"}}, "CreateSnapshot.DiskUsage: not a list of str"),
    ({"DiskUsage": {"values": [1], "error": "InvalidParameter", "source": "s"}}, "CreateSnapshot.DiskUsage: not a list of str"),
]
SPOILT_HIDDEN = [
    ({"DiskId": DISK_ID | {"type": "string"}}, "CreateSnapshot.DiskId: hidden, but the model has it"),
    ({"Secret": DISK_ID}, "CreateSnapshot.Secret: no type"),
    ({"Secret": DISK_ID | {"type": "text"}}, "CreateSnapshot.Secret: unknown type text"),
]
SPOILT_CHOICES = [
    (
        {"names": ["DiskID"], "min": 1, "error": "MissingParameter", "source": "s"},
        "CreateSnapshot: a choice names DiskID, which is no parameter",
    ),
    ({"names": ["DiskId"], "min": 2, "error": "MissingParameter", "source": "s"}, "CreateSnapshot: a choice of 2 to 1"),
    ({"names": ["DiskId"], "min": 1, "error": "MissingParam", "source": "s"}, "CreateSnapshot: errors.def has no MissingParam"),
    ({"names": ["DiskId"], "min": 1, "error": "MissingParameter"}, "CreateSnapshot: a choice needs names, error and source"),
]


def text_of(model=MODEL, rules=RULES, errors=ERRORS):
    return gen_model.Generator(model, rules, errors).text()


class GenModel(unittest.TestCase):
    def refuse(self, why, **changed):
        with self.assertRaises(gen_model.Bad) as caught:
            text_of(**changed)
        self.assertEqual(str(caught.exception), why)

    def spoil(self, part, value):
        rules = copy.deepcopy(RULES)
        rules["actions"]["CreateSnapshot"][part] = value
        return rules

    def test_real_files_are_taken(self):
        text = text_of()
        self.assertIn('{ "CreateSnapshot", {', text)
        self.assertNotIn("{}", text)
        self.assertTrue(text.isascii())

    def test_same_input_same_output(self):
        self.assertEqual(text_of(), text_of())

    def test_spoilt_parameters(self):
        for value, why in SPOILT_PARAMS:
            with self.subTest(why):
                self.refuse(why, rules=self.spoil("params", value))

    def test_spoilt_hidden_parameters(self):
        for value, why in SPOILT_HIDDEN:
            with self.subTest(why):
                self.refuse(why, rules=self.spoil("hidden", value))

    def test_spoilt_choices(self):
        for value, why in SPOILT_CHOICES:
            with self.subTest(why):
                self.refuse(why, rules=self.spoil("choices", [value]))

    def test_unknown_action(self):
        rules = copy.deepcopy(RULES)
        rules["actions"]["CreateSnapshots"] = {}
        self.refuse("the model's actions have no CreateSnapshots", rules=rules)

    def test_unknown_part_of_an_action(self):
        rules = copy.deepcopy(RULES)
        rules["actions"]["CreateSnapshot"]["parms"] = {}
        self.refuse("CreateSnapshot: unknown key parms", rules=rules)

    def test_unknown_type(self):
        rules = copy.deepcopy(RULES)
        rules["types"]["Filters"] = {}
        self.refuse("the model's types have no Filters", rules=rules)

    def test_type_that_no_request_contains(self):
        rules = copy.deepcopy(RULES)
        rules["types"]["Disk"] = {}
        self.refuse("Disk: no request contains this type", rules=rules)

    def test_unknown_field_of_a_type(self):
        rules = copy.deepcopy(RULES)
        rules["types"]["Tag"]["Kay"] = rules["types"]["Tag"]["Key"]
        self.refuse("Tag: no parameter Kay", rules=rules)

    def test_range_upside_down(self):
        rules = copy.deepcopy(RULES)
        rules["actions"]["DescribeDisks"]["params"]["Limit"]["min"] = 101
        self.refuse("DescribeDisks.Limit: min is above max", rules=rules)

    def test_error_of_the_model_without_a_row(self):
        errors = {code: ident for code, ident in ERRORS.items() if code != "InvalidDisk.Busy"}
        self.refuse("ApplyDiskBackup: errors.def has no InvalidDisk.Busy", errors=errors)

    def test_unknown_type_in_the_model(self):
        model = copy.deepcopy(MODEL)
        model["actions"]["CreateSnapshot"]["request"][0]["type"] = "list<Nothing>"
        self.refuse("CreateSnapshot.DiskId: unknown type list<Nothing>", model=model)

    def test_type_that_contains_itself(self):
        model = copy.deepcopy(MODEL)
        model["types"]["Tag"]["fields"].append({"name": "Tags", "type": "list<Tag>"})
        self.refuse("Tag: contains itself", model=model)

    def test_enums_are_those_of_states(self):
        self.assertEqual(len(MODEL["enums"]["Disk.DiskState"]), 8)
        self.assertEqual(len(MODEL["enums"]["Snapshot.SnapshotState"]), 6)


class Program(unittest.TestCase):
    def run_it(self, *args):
        return subprocess.run([sys.executable, SCHEMA / "gen_model.py", *args], capture_output=True, text=True, check=False)

    def test_check_writes_nothing(self):
        done = self.run_it("--check", SCHEMA / "cbs-model.json", SCHEMA / "cbs-rules.json")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_bad_rules_make_no_output(self):
        with tempfile.TemporaryDirectory() as folder:
            rules, output = pathlib.Path(folder) / "rules.json", pathlib.Path(folder) / "out.c"
            spoilt = {
                "{": "rules.json: ",
                '{"a": 1, "a": 2}': "a is written twice",
                '{"types": {}, "actions": {"X": {}}}': "the model's actions have no X",
            }
            for text, why in spoilt.items():
                with self.subTest(text):
                    rules.write_text(text, encoding="utf-8")
                    done = self.run_it(SCHEMA / "cbs-model.json", rules, output)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(why, done.stderr)
                    self.assertEqual(len(done.stderr.splitlines()), 1)
                    self.assertFalse(output.exists())

    def test_usage(self):
        self.assertEqual(self.run_it().returncode, 2)


if __name__ == "__main__":
    unittest.main()
