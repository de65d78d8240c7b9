#!/usr/bin/env python3
"""The OpenAPI document tells of every route, of no other, and of each what its row in routes.c says."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

try:
    import jsonschema
    from support import openapi
except ImportError:
    jsonschema = None

TEXT = r'"(?:[^"\\]|\\.)*"'
SETTING = r",\s*\.\w+ = (?:true|false|\{[^}]*\})"
ROW = re.compile(rf'\{{ *"(?P<method>[A-Z]+)", *"(?P<path>[^"]+)", *\w+,\s*(?:{TEXT}\s*)+(?P<rest>(?:{SETTING})*),?\s*\}},')
MACRO = re.compile(r"^#define (\w+) (.*)$", re.M)


class Route:
    def __init__(self, found, macros):
        self.method, self.path = found["method"], found["path"]
        self.flags = set(re.findall(r"\.(\w+) = true", found["rest"]))
        query = re.search(r"\.query = \{([^}]*)\}", found["rest"])
        text = query[1] if query else ""
        for name, value in macros.items():
            text = text.replace(name, value)
        self.query = re.findall(r'"([^"]+)"', text)


def read_routes():
    text = (ROOT / "server/admin/routes.c").read_text(encoding="utf-8")
    macros = dict(MACRO.findall(text))
    routes = [Route(found, macros) for found in ROW.finditer(text)]
    rows = re.findall(r'^\t\{ "', text, re.M)
    assert len(routes) == len(rows) > 0, f"{len(rows)} rows, of which {len(routes)} were understood"
    return routes


@unittest.skipIf(jsonschema is None, "jsonschema is not installed")
class TestDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.routes = read_routes()
        cls.document = openapi.Document()

    def operation(self, route):
        return self.document.whole["paths"][route.path][route.method.lower()]

    def test_routes_and_operations_are_the_same(self):
        routed = {(route.method, route.path) for route in self.routes}
        documented = self.document.operations()
        self.assertEqual(sorted(routed - documented), [], "routed, not documented in schema/admin.openapi.json")
        self.assertEqual(sorted(documented - routed), [], "documented, not routed")

    def test_queries(self):
        for route in self.routes:
            with self.subTest(f"{route.method} {route.path}"):
                parameters = self.operation(route).get("parameters", [])
                box = [p["$ref"].rpartition("/")[2] for p in parameters if "$ref" in p]
                wanted = ["sandboxOrAll"] if "all" in route.flags else ["sandbox"] if "sandboxed" in route.flags else []
                self.assertEqual(box, wanted)
                self.assertEqual([p["name"] for p in parameters if "$ref" not in p], route.query)

    def test_who_needs_the_token(self):
        for route in self.routes:
            with self.subTest(f"{route.method} {route.path}"):
                operation = self.operation(route)
                self.assertEqual(operation.get("security") == [], "open" in route.flags)
                self.assertEqual({"401", "403"} <= set(operation["responses"]), "open" not in route.flags)

    def test_what_is_only_on_a_port_of_its_own(self):
        """The document says so where the rest holds for every port."""
        apart = {route.path for route in self.routes if "apart" in route.flags}
        self.assertEqual({path for path, item in self.document.whole["paths"].items() if "servers" in item}, apart)

    def test_bodies(self):
        for route in self.routes:
            with self.subTest(f"{route.method} {route.path}"):
                content = set(self.operation(route).get("requestBody", {"content": {}})["content"])
                self.assertEqual("text/plain" in content, "text" in route.flags)
                self.assertEqual("application/vnd.sqlite3" in content, "image" in route.flags)

    def test_parameters_of_paths(self):
        for path, item in self.document.whole["paths"].items():
            with self.subTest(path):
                declared = [p["name"] for p in item.get("parameters", [])]
                self.assertEqual(declared, re.findall(r"\{(\w+)\}", path))

    def test_operations_have_names_of_their_own(self):
        names = [self.operation(route)["operationId"] for route in self.routes]
        self.assertEqual(sorted(names), sorted(set(names)))
        for route in self.routes:
            self.assertTrue(self.operation(route)["summary"])

    def test_references_lead_somewhere_and_nothing_is_left_over(self):
        whole = self.document.whole
        targets = openapi.references(whole)
        for target in targets:
            node = whole
            for part in target.removeprefix("#/").split("/"):
                self.assertIn(part, node, target)
                node = node[part]
        for kind in ("schemas", "responses", "parameters"):
            for name in self.document.raw["components"][kind]:
                self.assertIn(f"#/components/{kind}/{name}", targets, "nothing refers to it")

    def test_schemas_are_schemas(self):
        for name, schema in self.document.raw["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)
        for name, schema in openapi.external_schemas().items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)
        for method, path in self.document.operations():
            operation = self.document.operation(method, path)
            for message in [operation.get("requestBody", {"content": {}}), *operation["responses"].values()]:
                for content in self.document.resolved(message)["content"].values():
                    jsonschema.Draft202012Validator.check_schema(content["schema"])


if __name__ == "__main__":
    if jsonschema is None:
        print("jsonschema is not installed")
        sys.exit(77)  # skipped, to meson
    unittest.main()
