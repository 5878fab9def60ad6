"""Build the JSON Schema of a rule set: one for YAML, API and the console's editor."""

from __future__ import annotations

import msgspec

from doorstep.domain.routing.model.rules.document import RuleSet
from doorstep.domain.routing.model.rules.fields import FIELDS
from doorstep.domain.routing.model.rules.variables import VARIABLES

ADDRESS = "https://json-schema.org/draft/2020-12/schema"
_PARTS = "#/$defs/{name}"


def schema() -> dict[str, object]:
    """The whole schema; `variables` are the names that conditions may use, with type and description."""
    (top,), parts = msgspec.json.schema_components([RuleSet], ref_template=_PARTS)
    variables = {
        name: {"type": each.kind.value, "description": each.meaning.english()}
        for name, each in VARIABLES.items()
    }
    reported = {name: _explained(name, part) for name, part in parts.items()}
    return {"$schema": ADDRESS, "title": "Rule set", **top, "$defs": reported, "variables": variables}


def _explained(name: str, part: dict[str, object]) -> dict[str, object]:
    """A part with the labels of its fields."""
    properties = part.get("properties")
    if not isinstance(properties, dict):
        return part
    return {
        **part,
        "properties": {field: _named(f"{name}.{field}", each) for field, each in properties.items()},
    }


def _named(field: str, schema: dict[str, object]) -> dict[str, object]:
    title, meaning = FIELDS.get(field, ("", ""))
    reported = {"title": title, "description": meaning}
    return {**{key: word for key, word in reported.items() if word}, **schema}
