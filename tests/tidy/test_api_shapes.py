"""Every answer of the API has a shape of its own: named fields, one page, one money, one problem."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from doorstep.bootstrap import App
from doorstep.delivery.api import application
from doorstep.delivery.api.problems import PROBLEM_TYPE, Problem

API = application.create(cast("App", SimpleNamespace()))
ROUTES = [each for each in API.routes if isinstance(each, APIRoute)]
DOCUMENT = API.openapi()
PARTS: Mapping[str, Mapping[str, object]] = DOCUMENT["components"]["schemas"]
# The verbs of operations; a new one is added here and must be a word of the trade.
VERBS = frozenset(
    (
        "accept activate add adjust approve archive cancel change close create decline delete discard download draft end "
        "export extend get hold import inspect keep list open pack pause pick place preview promise promote put recall "
        "receive record reject release remove reopen request reserve restore resume retry run search send set ship start "
        "stop submit turn validate"
    ).split()
)
# These answer a JSON Schema.
SCHEMAS = {"/network/schema", "/routing/schema"}
# Lists that are read whole, because each has a natural end: settings, or the parts of one thing.
PLAIN_LISTS = {
    "/atp-rules",
    "/atp-rules/competing",
    "/availability",
    "/connections",
    "/connections/{key}/comparison-totals",
    "/connections/{key}/feeds",
    "/connections/{key}/unknown-receipts",
    "/imports/{import_id}/problems",
    "/locations",
    "/network/outages",
    "/orders/{order_id}/decisions",
    "/orders/{order_id}/promises",
    "/replenishment/rules",
    "/routing/lab/simulations/{run_id}/changes",
    "/routing/lab/trials",
    "/routing/queues",
    "/routing/rules/versions/{number}/cases",
    "/routing/rules/versions/{number}/changes",
    "/skus",
    "/stock-sources",
    "/supplies/{supply_id}/promises",
}


def answers(code: str, media: str = "") -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Method, path and schema of every answer whose status begins with this digit."""
    media = media or ("application/json" if code == "2" else PROBLEM_TYPE)
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            for status, answer in operation["responses"].items():
                schema = answer.get("content", {}).get(media, {}).get("schema")
                if str(status).startswith(code) and schema is not None:
                    yield verb, path.removeprefix("/api/v1"), schema


def free_form(schema: Mapping[str, object], where: str = "") -> Iterator[str]:
    """Where a schema accepts anything: no type, or an object without named fields that is not a map of one type."""
    if not schema.keys() & {"type", "$ref", "anyOf", "enum", "const", "allOf"}:
        yield where
    is_document = schema.get("title") == "Document"
    if schema.get("type") == "object" and not schema.get("properties") and not is_document:
        values = schema.get("additionalProperties")
        if not isinstance(values, Mapping) or not values:
            yield where
    children = {**cast("Mapping[str, object]", schema.get("properties") or {}), "[]": schema.get("items")}
    children |= {
        f"|{index}": each for index, each in enumerate(cast("list[object]", schema.get("anyOf", [])))
    }
    for name, child in children.items():
        if isinstance(child, Mapping):
            yield from free_form(child, f"{where}.{name}")


def reached(kind: object) -> Iterator[type]:
    """Every class that a return type is made of."""
    for part in typing.get_args(kind):
        yield from reached(part)
    if not inspect.isclass(kind) or isinstance(kind, types.GenericAlias):
        return
    yield kind
    if issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            yield from reached(field.annotation)
    elif dataclasses.is_dataclass(kind):
        for hint in typing.get_type_hints(kind).values():
            yield from reached(hint)


def foreign(kind: object) -> set[str]:
    """Classes of ours in a return type that the API does not define itself; enumerations may be shared."""
    return {
        f"{each.__module__}.{each.__qualname__}"
        for each in reached(kind)
        if each.__module__.startswith("doorstep.")
        and not each.__module__.startswith("doorstep.delivery.api.")
        and not issubclass(each, Enum)
    }


def test_every_answer_has_named_fields() -> None:
    shaped = [each for each in answers("2") if each[1] not in SCHEMAS]
    assert [f"{verb} {path}{spot}" for verb, path, schema in shaped for spot in free_form(schema)] == []
    assert [spot for name, part in PARTS.items() for spot in free_form(part, name)] == []


def test_a_free_form_answer_is_found() -> None:
    inner = {"a": {"type": "object", "additionalProperties": True}, "b": {"type": "array", "items": {}}}
    assert list(free_form({"type": "object", "properties": inner})) == [".a", ".b.[]"]


def test_no_class_of_another_layer_is_an_answer() -> None:
    found = {each.path: foreign(each.response_model) for each in ROUTES}
    assert {path: classes for path, classes in found.items() if classes} == {}


def test_every_route_that_answers_json_names_its_shape() -> None:
    files = {"StreamingResponse", "Response", "str"}
    silent = [
        each.path
        for each in ROUTES
        if each.response_model is None and inspect.signature(each.endpoint).return_annotation not in files
    ]
    assert silent == []


@pytest.mark.parametrize("path", sorted({path for _, path, _ in answers("2")}))
def test_a_list_is_read_in_pages_or_completely(path: str) -> None:
    is_plain = any(schema.get("type") == "array" for _, each, schema in answers("2") if each == path)
    assert is_plain == (path in PLAIN_LISTS)


def test_there_is_one_page_and_one_money() -> None:
    """No shape has a cursor of its own, and amounts in minor units stand only in Money."""
    fields = {
        name: set(cast("Mapping[str, object]", part.get("properties", {}))) for name, part in PARTS.items()
    }
    read = {name: each for name, each in fields.items() if not name.startswith("Page_")}
    sent = requested()
    cursors = {name for name, each in read.items() if each & {"next_cursor", "next_after", "cursor"}}
    amounts = {
        name
        for name, each in read.items()
        if name not in sent | {"Money"} and any(field.endswith("_minor") for field in each)
    }
    assert (cursors, amounts) == (set(), set())


def bodies() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Method and path, and the schema of its JSON body."""
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield f"{verb} {path}", content["application/json"].get("schema", {})


def shapes_in(schema: object, found: set[str]) -> None:
    """Add the names of the shapes that a schema is made of."""
    if isinstance(schema, Mapping):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found.add(name)
            shapes_in(PARTS[name], found)
        for child in schema.values():
            shapes_in(child, found)
    elif isinstance(schema, list):
        for child in schema:
            shapes_in(child, found)


def requested() -> set[str]:
    """Names of the shapes of requests."""
    found: set[str] = set()
    for _, schema in bodies():
        shapes_in(schema, found)
    return found


def undescribed(name: str, schema: Mapping[str, object]) -> Iterator[str]:
    """The fields of a request that have no description; its own name if it has no fields."""
    for choice in cast("list[Mapping[str, object]]", schema.get("oneOf", [schema])):
        if "$ref" in choice or "enum" in choice or choice.get("title") == "Document":
            continue
        fields = cast("Mapping[str, Mapping[str, object]]", choice.get("properties", {}))
        if not fields:
            yield name
        yield from (f"{name}.{field}" for field, each in fields.items() if not each.get("description"))


def test_every_json_request_has_fields_with_descriptions() -> None:
    found = [spot for where, schema in bodies() for spot in undescribed(where, schema)]
    found += [spot for name in requested() for spot in undescribed(name, PARTS[name])]
    assert sorted(found) == []


def test_a_request_without_fields_or_descriptions_is_found() -> None:
    assert list(undescribed("post /x", {"type": "object"})) == ["post /x"]
    assert list(undescribed("X", {"properties": {"a": {"type": "string"}}})) == ["X.a"]


def test_an_order_document_is_described() -> None:
    schema = dict(bodies())["post /api/v1/orders"]
    one, several = cast("list[Mapping[str, object]]", schema["oneOf"])
    assert (one, several["required"]) == ({"$ref": "#/components/schemas/OrderDocument"}, ["orders"])
    document = PARTS["OrderDocument"]
    assert document["required"] == ["external_id", "placed_at", "currency", "lines"]
    assert len(cast("Mapping[str, object]", document["properties"])) == 30


def operations() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Method and path, and each operation of the document."""
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb} {path}", operation


def is_verb_and_object(operation_id: str) -> bool:
    """Whether a name begins with a known verb and names its object."""
    verb, _, subject = operation_id.partition("_")
    return verb in VERBS and bool(subject)


def test_every_operation_is_a_verb_and_an_object_of_its_own() -> None:
    names = [str(each["operationId"]) for _, each in operations()]
    assert sorted(name for name, count in Counter(names).items() if count > 1) == []
    assert [name for name in names if not is_verb_and_object(name)] == []
    assert VERBS - {name.partition("_")[0] for name in names} == set()


def test_every_summary_is_in_sentence_case() -> None:
    summaries = [str(each["summary"]) for _, each in operations()]
    words = [word for each in summaries for word in each.split()[1:]]
    assert [each for each in summaries if not each[0].isupper()] == []
    assert [word for word in words if word != word.lower() and word not in {"ATP", "SKU", "SKUs"}] == []


@pytest.mark.parametrize("name", ["keep", "compose", "letters_list", "hand_in"])
def test_a_name_without_verb_or_object_is_found(name: str) -> None:
    assert not is_verb_and_object(name)


def test_every_shape_has_a_name_of_its_own() -> None:
    """Two classes of one name would stand in the document under their modules."""
    assert [name for name in PARTS if "__" in name] == []


def test_every_error_is_the_one_problem() -> None:
    problem = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    wrong = [(verb, path) for code in "45" for verb, path, schema in answers(code) if schema != problem]
    assert (wrong, len(list(answers("4"))) > len(ROUTES)) == ([], True)
    assert [path for code in "45" for _, path, _ in answers(code, "application/json")] == []
