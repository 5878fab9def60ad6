"""The JSON Schema of a rule set: one for YAML, API and the console's editor."""

from __future__ import annotations

import msgspec

from doorstep.domain.routing.model.rules.document import RuleSet
from doorstep.domain.routing.model.rules.variables import VARIABLES

ADDRESS = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, object]:
    """The whole schema; `variables` beside it are the names that conditions may use, with type and meaning."""
    told = msgspec.json.schema(RuleSet)
    variables = {
        name: {"type": each.kind.value, "description": each.meaning} for name, each in VARIABLES.items()
    }
    return {"$schema": ADDRESS, "title": "Rule set", **told, "variables": variables}
