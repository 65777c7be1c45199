"""The OpenAPI document says what the routes enforce (CONTRACT sections 8 and 10)."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.core import openapi
from app.core.catalogue import CATALOGUE
from app.core.doors import API_PREFIX, doors
from tests.core.toy_room import toy_room


def described(app: Flask) -> Any:
    with app.app_context():
        return json.loads(json.dumps(openapi.document(app)))


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [(path, method, found) for path, ways in document["paths"].items() for method, found in ways.items()]


@pytest.mark.sqlite
def test_the_document_is_valid_openapi_3_1(app: Flask) -> None:
    document = described(app)
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.sqlite
def test_every_route_of_the_api_is_described(app: Flask) -> None:
    document = described(app)
    routes = {rule for _, rule, _, _ in doors(app) if rule.startswith(f"{API_PREFIX}/")}
    undescribed = {f"{API_PREFIX}/openapi.json"}
    assert len(document["paths"]) == len({openapi.path_of(rule) for rule in routes - undescribed})


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("path", "method", "scope"),
    [
        ("/users/", "post", "records:write"),
        ("/users/", "get", "records:read"),
        ("/users/{id}", "get", "records:read"),
        ("/users/{id}", "put", "records:write"),
        ("/users/{id}", "patch", "records:write"),
        ("/users/{id}", "delete", "records:delete"),
        ("/users/{id}/restore", "post", "records:delete"),
        ("/users/{id}/reveal", "post", "records:reveal"),
        ("/users/search/", "get", "records:read"),
        ("/users/search/", "post", "records:read"),
        ("/users/batch", "post", "records:write"),
    ],
)
def test_paths_are_spelled_as_in_the_contract_and_name_their_scope(
    app: Flask, path: str, method: str, scope: str
) -> None:
    operation = described(app)["paths"][path][method]
    assert operation["security"] == [{"bearer": [scope]}]
    assert scope in operation["description"]


@pytest.mark.sqlite
def test_every_operation_documents_its_errors_as_problems(app: Flask) -> None:
    for path, method, operation in operations(described(app)):
        errors = {status: found for status, found in operation["responses"].items() if int(status) >= 400}
        assert {"406", "500", "503"} <= set(errors), (path, method)
        if operation["security"]:
            assert {"401", "403"} <= set(errors), (path, method)
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(errors), (path, method)
        for found in errors.values():
            assert list(found["content"]) == ["application/problem+json"]


@pytest.mark.sqlite
def test_every_operation_has_a_summary_and_an_id_of_its_own(app: Flask) -> None:
    found = [operation for *_, operation in operations(described(app))]
    assert all(operation["summary"] for operation in found)
    assert len({operation["operationId"] for operation in found}) == len(found)


def test_parameters_bodies_and_headers_come_from_the_lids(tmp_path: Path) -> None:
    document = described(toy_room(tmp_path))
    OpenAPIV31SpecValidator(document).validate()
    one = document["paths"]["/users/{id}"]["get"]
    assert {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}} in one[
        "parameters"
    ]
    assert "304" in one["responses"]
    assert "ETag" in one["responses"]["200"]["headers"]
    patch = document["paths"]["/notes"]["patch"]
    assert set(patch["requestBody"]["content"]) == {"application/json", "application/merge-patch+json"}
    assert patch["security"] == []


def test_the_problem_schema_knows_the_contracts_codes(tmp_path: Path) -> None:
    document = described(toy_room(tmp_path))
    for _, _, operation in operations(document):
        for status, found in operation["responses"].items():
            for shape in found.get("content", {}).values():
                for code in shape["schema"].get("properties", {}).get("code", {}).get("enum", ()):
                    assert int(status) in CATALOGUE[code].statuses
