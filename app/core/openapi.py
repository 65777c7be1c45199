"""The OpenAPI 3.1 document, read off the routes' own declarations: nothing is described that is not enforced."""

import re
from collections.abc import Iterator
from typing import Any, Literal, cast

import orjson
from flask import Flask, Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.core import openapi_parts as parts
from app.core.doors import API_PREFIX, FORM_TYPE, JSON_TYPE, Door, doors, reply
from app.core.settings import settings
from app.core.version import VERSION

Mode = Literal["validation", "serialization"]
Shapes = dict[tuple[type[BaseModel], Mode], dict[str, Any]]
BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


def answer() -> Response:
    """Answer the document, which is made once."""
    kept = current_app.extensions
    if "openapi" not in kept:
        kept["openapi"] = orjson.dumps(document(current_app))
    return reply(kept["openapi"])


def document(app: Flask) -> dict[str, Any]:
    """Build the document from the routes under /api/v1."""
    routes = [route for route in doors(app) if route[1].startswith(f"{API_PREFIX}/") and route[3].answers]
    shapes, definitions = _schemas([door for *_, door in routes])
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, rule, methods, door in sorted(routes, key=lambda route: route[1]):
        for method in methods:
            view = app.view_functions[endpoint]
            summary = (view.__doc__ or endpoint).strip().splitlines()[0].rstrip(".")
            operation = _operation(endpoint, rule, method, door, shapes)
            paths.setdefault(path_of(rule), {})[method.lower()] = {"summary": summary, **operation}
    _link(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Record Room", "version": VERSION, "description": parts.INTRODUCTION},
        "servers": [{"url": f"{settings().base_url}{API_PREFIX}"}],
        "paths": paths,
        "components": {**parts.COMPONENTS, "schemas": {**definitions, **parts.PROBLEM_SCHEMAS}},
    }


def _link(paths: dict[str, dict[str, Any]]) -> None:
    """Say of everything that is created which calls go on with its id."""
    for path, ways in paths.items():
        one = f"{path.rstrip('/')}/{{id}}"
        created = ways.get("post", {}).get("responses", {}).get("201")
        if created is None or one not in paths:
            continue
        later = [found for name, found in paths.items() if name == one or name.startswith(f"{one}/")]
        created["links"] = {
            operation["operationId"]: {
                "operationId": operation["operationId"],
                "parameters": {"id": "$response.body#/id"},
            }
            for found in later
            for operation in found.values()
        }


def path_of(rule: str) -> str:
    """Spell a route as the contract does, relative to the server; ids of all kinds are called id there."""
    return _ARGUMENT.sub(lambda found: "{id}" if found[1].endswith("_id") else f"{{{found[1]}}}", rule)[
        len(API_PREFIX) :
    ]


def _schemas(listed: list[Door]) -> tuple[Shapes, dict[str, Any]]:
    wanted: list[tuple[type[BaseModel], Mode]] = []
    for door in listed:
        inputs = [schema for schema in (door.body, door.form, door.query) if schema is not None]
        outputs = [schema for schema in door.answers.values() if schema is not None]
        wanted += [(schema, "validation") for schema in inputs]
        wanted += [(schema, "serialization") for schema in outputs]
    found, holder = models_json_schema(list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = holder.get("$defs", {})
    for shape in definitions.values():
        if key := shape.get("properties", {}).get("idempotency_key"):
            key.update(parts.KEY_SHAPE)
    return cast(Shapes, found), definitions


def _operation(endpoint: str, rule: str, method: str, door: Door, shapes: Shapes) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.replace('.', '_')}_{method.lower()}",
        "tags": [rule[len(API_PREFIX) :].strip("/").split("/")[0]],
        "description": parts.who_may(door),
        "security": parts.security(door),
        "parameters": [*_path_parameters(rule), *_query_parameters(door), *parts.header_parameters(door, method)],
        "responses": {**_good(door, method, shapes), **parts.refusals(door, method, has_id="<" in rule)},
    }
    if door.body is not None and method in BODY_METHODS:
        operation["requestBody"] = _request_body(door.body, door, method, shapes)
    return operation


def _path_parameters(rule: str) -> Iterator[dict[str, Any]]:
    for found in _ARGUMENT.finditer(rule):
        is_id = found[1].endswith("_id")
        shape = {"type": "string", "format": "uuid"} if is_id else {"type": "string"}
        yield {"name": "id" if is_id else found[1], "in": "path", "required": True, "schema": shape}


def _query_parameters(door: Door) -> Iterator[dict[str, Any]]:
    if door.query is None:
        return
    shape = door.query.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, inner in shape.get("properties", {}).items():
        required = name in shape.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": _without_null(inner)}


def _without_null(shape: dict[str, Any]) -> dict[str, Any]:
    """Leave null out: a parameter is there or it is not."""
    kept = {name: value for name, value in shape.items() if name != "anyOf" and value is not None}
    branches = [branch for branch in shape.get("anyOf", ()) if branch != {"type": "null"}]
    return {**branches[0], **kept} if len(branches) == 1 else {**kept, **({"anyOf": branches} if branches else {})}


def _request_body(body: type[BaseModel], door: Door, method: str, shapes: Shapes) -> dict[str, Any]:
    shape = {"schema": shapes[(body, "validation")]}
    content = {JSON_TYPE: shape}
    if method == "PATCH":
        content["application/merge-patch+json"] = shape
    if door.form is not None:
        content[FORM_TYPE] = {"schema": shapes[(door.form, "validation")]}
    return {"required": not (door.body_optional or method == "DELETE"), "content": content}


def _good(door: Door, method: str, shapes: Shapes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, schema in door.answers.items():
        described: dict[str, Any] = {"description": parts.GOOD.get(status, "Done")}
        described["headers"] = parts.good_headers(door, status)
        if schema is not None:
            described["content"] = {kind: {"schema": shapes[(schema, "serialization")]} for kind in door.produces}
        found[str(status)] = described
    if door.conditional and method == "GET":
        found["304"] = {"description": "Unchanged since the ETag you have", "headers": {"ETag": parts.header("ETag")}}
    return found
