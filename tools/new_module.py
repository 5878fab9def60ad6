"""Start a domain module: model, events, store, actions, views, a migration and tests, all working and in their places.

python -m tools.new_module loyalty    (make new-module NAME=loyalty)
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from tools import scaffold
from tools.scaffold import Insertion, Unusable

_ROOT = Path(__file__).resolve().parent.parent
_VERSIONS = "src/doorstep/migrations/versions"
_PARTS = ("model", "events", "store", "actions", "views")
_REVISION = re.compile(r'^revision = "(\d+)"', re.MULTILINE)


def create(root: Path, *, name: str, at: datetime) -> list[Path]:
    """Write the module `name` with its migration and tests, and enter it where modules are listed."""
    scaffold.check_name(name)
    _check_table(root, name)
    last = max(
        number for path in (root / _VERSIONS).glob("*.py") for number in _REVISION.findall(path.read_text())
    )
    names = scaffold.names_of(name) | {"down": last, "revision": f"{int(last) + 1:04}"}
    migration = f"{_VERSIONS}/{at:%Y-%m-%d-%H%M}_{name}"
    files = {f"src/doorstep/domain/{name}/{part}.py": f"module/{part}.txt" for part in _PARTS}
    files |= {
        f"src/doorstep/domain/{name}/__init__.py": "module/init.txt",
        f"tests/domain/test_{name}.py": "module/test_model.txt",
        f"tests/store/test_{name}.py": "module/test_store.txt",
        f"{migration}.py": "module/migration_py.txt",
        f"{migration}.sql": "module/migration_sql.txt",
    }
    texts = {path: scaffold.filled(template, names) for path, template in files.items()}
    return scaffold.write(root, files=texts, insertions=_insertions(names))


def _check_table(root: Path, name: str) -> None:
    table = re.compile(rf"\bTABLE {name} \(")
    for path in sorted((root / _VERSIONS).glob("*.sql")):
        if table.search(path.read_text()):
            raise Unusable(f"There is a table {name} ({path.name}): choose another name.")


def _insertions(names: dict[str, str]) -> list[Insertion]:
    """Contract 2, the ids, the list of events without subscriber, the timeline's sentences, ARCHITECTURE.md."""
    name, thing, one = names["name"], names["thing"], names["Title_one"]
    machine = f"| {names['words']} (`{name}.model.MOVES`) | may become |\n|---|---|\n| active | archived |\n| archived | – |\n\n"
    sentences = "".join(
        f'    "{thing}.{verb}": "{one} {{{thing}_id}} {verb}",\n' for verb in ("added", "archived")
    )
    return [
        Insertion("pyproject.toml", r'^  "catalog \|[^"]*(")', f" | {name}"),
        Insertion(
            "src/doorstep/kernel/ids.py",
            r"^Sku = ",
            f'{names["Thing"]}Id = NewType("{names["Thing"]}Id", int)\n',
        ),
        Insertion(
            "src/doorstep/flows/map.py",
            r"^NO_SUBSCRIBER = .*?(\n    \}\n\)  # fmt: skip)",
            f' "{thing}.added", "{thing}.archived",',
        ),
        Insertion("src/doorstep/domain/analytics/model.py", r"^_SENTENCES = .*?^(\})", sentences),
        Insertion("ARCHITECTURE.md", r"^    catalog network [^\n]*(\n)", f" {name}"),
        Insertion("ARCHITECTURE.md", r"^An order has no state of its own", machine),
    ]


def advice(name: str) -> str:
    """What to do with the new module."""
    folder = f"src/doorstep/domain/{name}"
    return f"""
{name} works: its things have a name and two states. Make it yours, in this order:
  1. {folder}/model.py    what one is and what may become of it; the table of ARCHITECTURE.md follows
  2. the migration, before anyone has run it
  3. {folder}/store.py    its SQL; then actions.py and views.py
  4. {folder}/ports.py    only if an outside system is called: a Protocol, and a connector for it
  5. src/doorstep/flows/map.py  what follows from its events
A page of the console for it: make new-page AREA={name} NAME={name} MODULE={name}
Check with: make check; pytest tests/domain/test_{name}.py tests/store/test_{name}.py"""


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 2 if the module cannot be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="as in gift_cards")
    chosen = parser.parse_args(arguments)
    try:
        written = create(_ROOT, name=chosen.name, at=datetime.now(UTC))
    except Unusable as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    lines = [f"wrote {path.relative_to(_ROOT)}" for path in written]
    sys.stdout.write("\n".join([*lines, advice(chosen.name), ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
