"""Load the shared components: every macro of every file, once, under one name."""

from __future__ import annotations

from types import SimpleNamespace

import jinja2

FILES = (
    "basics",
    "notice",
    "toast",
    "form",
    "dialog",
    "table",
    "filters",
    "tabs",
    "card",
    "timeline",
    "stepper",
    "stat",
    "chart",
)


def load(environment: jinja2.Environment) -> SimpleNamespace:
    """All macros. A macro may use those of the files before its own; none sees the page it stands on."""
    found: dict[str, object] = {}
    for name in FILES:
        template = environment.get_template(f"components/{name}.html", globals=found)
        module = template.make_module()
        found |= {key: value for key, value in vars(module).items() if not key.startswith("__")}
    return SimpleNamespace(**{key: value for key, value in found.items() if not key.startswith("_")})
