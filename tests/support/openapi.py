"""The OpenAPI document of the admin API, as something that real messages can be held against."""

import copy
import json
import pathlib
import re

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema"
METHODS = ("get", "put", "post", "patch", "delete")


def load(name):
    return json.loads((SCHEMA / name).read_text(encoding="utf-8"))


def external_schemas():
    """By the name they are served under."""
    return {f"{name}.json": load(f"{name}.schema.json") for name in ("fixture", "fault", "atlas")}


def walk(value, visit):
    """Every object in a tree of JSON, with a chance to change it."""
    if isinstance(value, dict):
        visit(value)
        value = value.values()
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        for item in value:
            walk(item, visit)


def references(document):
    found = []
    walk(document, lambda node: found.append(node["$ref"]) if isinstance(node.get("$ref"), str) else None)
    return found


def bundled(document, schemas):
    """A copy that refers to nothing outside: the other schemas become components of their file names."""
    def inward(prefix):
        def visit(node):
            target = node.get("$ref")
            if isinstance(target, str):
                if target.startswith("schema/"):
                    name, _, rest = target.removeprefix("schema/").partition("#")
                    node["$ref"] = f"#/components/schemas/{name}{rest}"
                elif prefix and target.startswith("#"):
                    node["$ref"] = f"#/components/schemas/{prefix}{target[1:]}"
        return visit

    whole = copy.deepcopy(document)
    walk(whole, inward(""))
    for name, schema in schemas.items():
        schema = {key: value for key, value in copy.deepcopy(schema).items() if key != "$schema"}
        walk(schema, inward(name))
        whole["components"]["schemas"][name] = schema
    return whole


class Document:
    def __init__(self, document=None, schemas=None):
        self.raw = document or load("admin.openapi.json")
        self.whole = bundled(self.raw, schemas or external_schemas())
        self.patterns = [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$"), path) for path in self.whole["paths"]]
        self.patterns.sort(key=lambda pair: pair[1].count("{"))

    def operations(self):
        """(METHOD, path) of each."""
        return {(method.upper(), path) for path, item in self.whole["paths"].items() for method in item if method in METHODS}

    def shared_operations(self):
        """Those that are also on a port which the cloud has too: the others have servers of their own."""
        return {(method, path) for method, path in self.operations() if "servers" not in self.whole["paths"][path]}

    def template(self, path):
        """The documented path that a real one (query and all) is of."""
        plain = path.partition("?")[0]
        return next(template for pattern, template in self.patterns if pattern.match(plain))

    def operation(self, method, path):
        return self.whole["paths"][self.template(path)][method.lower()]

    def resolved(self, node):
        while "$ref" in node:
            found = self.whole
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def faults(self, schema, value):
        """What is wrong with a value; an empty list is nothing."""
        rooted = {"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": self.whole["components"]}
        errors = jsonschema.Draft202012Validator(rooted).iter_errors(value)
        return [f"{error.json_path}: {error.message[:300]}" for error in errors]

    def body_faults(self, method, path, body):
        content = self.operation(method, path).get("requestBody", {"content": {}})["content"]
        if "application/json" not in content:
            return ["no body is documented"]
        return self.faults(content["application/json"]["schema"], body)

    def answer_faults(self, method, path, status, content_type, text):
        responses = self.operation(method, path)["responses"]
        if str(status) not in responses:
            return [f"status {status} is not documented"]
        content = self.resolved(responses[str(status)])["content"]
        media = content_type.partition(";")[0]
        if media not in content:
            return [f"{media} is not documented for status {status}"]
        if not (media.endswith("json") and "ndjson" not in media):
            return []
        return self.faults(content[media]["schema"], json.loads(text))
