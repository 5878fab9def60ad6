"""Old code works on the newest schema: what it uses is neither removed nor changed after `schema.OLDEST_REVISION`."""

from __future__ import annotations

import re
from pathlib import Path

import doorstep.migrations
from doorstep.kernel import schema

VERSIONS = Path(doorstep.migrations.__file__).parent / "versions"
_BREAKS = re.compile(
    r"\b(DROP (TABLE|COLUMN|TYPE)|RENAME|ALTER COLUMN \w+ (SET DATA )?TYPE|SET NOT NULL)\b", re.IGNORECASE
)


def test_no_step_after_the_oldest_revision_breaks_code_that_knows_it() -> None:
    assert schema.OLDEST_REVISION in schema._revisions()
    breaking = []
    for step in VERSIONS.glob("*.py"):
        revision = re.search(r'^revision = "(\d+)"', step.read_text(), re.MULTILINE)
        statements = re.sub(r"--.*", "", step.with_suffix(".sql").read_text())
        if revision and revision[1] > schema.OLDEST_REVISION and _BREAKS.search(statements):
            breaking.append(step.stem)
    assert breaking == []
