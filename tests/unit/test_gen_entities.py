#!/usr/bin/env python3
"""The generator of the fixtures' tables: it takes the real files, and names what is wrong with spoilt ones."""

import copy
import json
import pathlib
import sys
import unittest

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCHEMA))

import gen_entities  # noqa: E402

FACTS = json.loads((SCHEMA / "fixture.schema.json").read_text(encoding="utf-8"))
SQL = (SCHEMA / "schema.sql").read_text(encoding="utf-8")


class GenEntities(unittest.TestCase):
    def setUp(self):
        self.facts = copy.deepcopy(FACTS)
        self.disk = self.facts["properties"]["Disks"]["items"]["properties"]

    def refuse(self, why, sql=SQL):
        with self.assertRaises(gen_entities.Bad) as caught:
            gen_entities.generate(self.facts, sql)
        self.assertEqual(str(caught.exception), why)

    def test_real_files_are_taken(self):
        text = gen_entities.generate(FACTS, SQL)
        self.assertIn('{ "Disks", "disk", false, true, disk_fields,', text)
        self.assertNotIn("$schema", text)

    def test_every_table_of_a_world_is_there(self):
        tables = {fact["x-table"] for name, fact in FACTS["properties"].items() if name != "$schema"}
        self.assertEqual(set(gen_entities.read_tables(SQL)) - tables, {"tag", "job", "sandbox"})

    def test_a_column_of_no_field(self):
        sql = SQL.replace("  held_by TEXT", "  colour TEXT, held_by TEXT")
        self.refuse("Disks: column colour is only in schema.sql or only here", sql)

    def test_a_field_of_no_column(self):
        self.disk["HeldBy"]["x-column"] = "holder"
        self.refuse("Disks.HeldBy: no column holder")

    def test_no_such_table(self):
        self.facts["properties"]["Disks"]["x-table"] = "discs"
        self.refuse("Disks: no table discs")

    def test_a_field_of_no_job(self):
        self.disk["TargetDiskSize"]["x-job"] = "disk.grow"
        self.refuse("Disks.TargetDiskSize: there is no job disk.grow")

    def test_a_job_keeps_numbers_only(self):
        self.disk["TargetDiskSize"].update({"type": "string", "maxLength": 9})
        self.refuse("Disks.TargetDiskSize: a job keeps an optional number or boolean")

    def test_a_column_twice(self):
        self.disk["Isolated"]["x-column"] = "migrating"
        self.refuse("Disks: a column is named twice")

    def test_type_of_the_column(self):
        self.disk["HeldBy"] = {"type": "boolean", "x-column": "held_by"}
        self.refuse("Disks.HeldBy: column held_by is TEXT")

    def test_enum_of_the_column(self):
        self.disk["DiskState"]["enum"].remove("DUMPING")
        self.refuse("Disks.DiskState: its enum is not that of column disk_state")

    def test_enum_of_a_column_whose_check_is_spelled_with_or(self):
        snapshot = self.facts["properties"]["Snapshots"]["items"]["properties"]
        snapshot["SnapshotState"]["enum"].remove("TORECYCLE")
        self.refuse("Snapshots.SnapshotState: its enum is not that of column snapshot_state")

    def test_choice_has_the_places_of_its_column(self):
        mode = self.facts["properties"]["Snapshots"]["items"]["properties"]["SnapshotMode"]
        mode["enum"].append("COLD_SNAPSHOT")
        self.refuse("Snapshots.SnapshotMode: its enum is not that of column instant")
        del mode["enum"]
        self.refuse("Snapshots.SnapshotMode: a choice is of an enum, and without a default")

    def test_primary_key(self):
        del self.disk["DiskId"]["x-key"]
        self.disk["DiskId"]["x-required"] = True
        self.refuse("Disks.DiskId: x-key disagrees with the primary key")

    def test_column_without_a_default(self):
        del self.disk["DiskSize"]["x-required"]
        self.refuse("Disks.DiskSize: column size_gib has no default, so it is x-required")

    def test_default_that_belongs_elsewhere(self):
        self.disk["Encrypt"]["default"] = True
        self.refuse("Disks.Encrypt: the default of an optional field belongs into schema.sql")

    def test_bounds(self):
        del self.disk["DiskSize"]["maximum"]
        self.refuse("Disks.DiskSize: needs minimum and maximum")

    def test_text_without_a_bound(self):
        del self.disk["DiskName"]["maxLength"]
        self.refuse("Disks.DiskName: needs minLength and maxLength")

    def test_optional_id(self):
        self.disk["InstanceId"]["$ref"] = "#/$defs/instance-id"
        self.refuse("Disks.InstanceId: its pattern is not that of an optional ins-")

    def test_empty_time_that_is_required(self):
        self.disk["CreateTime"]["$ref"] = "#/$defs/time"
        self.refuse("Disks.CreateTime: only an optional time may be empty")

    def test_required_lists_the_keys(self):
        self.facts["properties"]["Disks"]["items"]["required"] = []
        self.refuse("Disks: required must list the keys without a default")

    def test_unknown_fields_stay_out(self):
        del self.facts["properties"]["Disks"]["items"]["additionalProperties"]
        self.refuse("Disks: must not take unknown fields")

    def test_no_such_definition(self):
        self.disk["Zone"]["$ref"] = "#/$defs/zones"
        self.refuse("Disks.Zone: no #/$defs/zones")


if __name__ == "__main__":
    unittest.main()
