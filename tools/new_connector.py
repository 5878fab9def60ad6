"""Start a connector: copy the sandbox of its kind under a new name, and print the next steps.

python -m tools.new_connector carriers acme    (make new-connector KIND=carriers NAME=acme)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools import scaffold
from tools.scaffold import Unusable

__all__ = ["Unusable"]

_PORTS = {
    "channels": "orders.ports.SalesChannel",
    "carriers": "shipping.ports.Carrier",
    "payments": "payments.ports.PaymentGateway",
    "erp": "invoicing.ports.AccountingSystem",
    "messengers": "notifications.ports.Messenger",
    "warehouses": "fulfillment.ports.Warehouse",
}
KINDS = tuple(_PORTS)
_TEMPLATE = "sandbox"
_ROOT = Path(__file__).resolve().parent.parent


def create(root: Path, *, kind: str, name: str) -> list[Path]:
    """Copy `adapters/<kind>/sandbox` to `adapters/<kind>/<name>` and give it a test file; returns what was written."""
    _check(kind, name)
    adapters = root / "src" / "doorstep" / "adapters" / kind
    folder, tests = adapters / name, root / "tests" / "adapters" / name
    partner = root / "tests" / "contracts" / "partners" / f"{name}.py"
    for taken in (folder, tests, partner):
        if taken.exists():
            raise Unusable(f"{taken.relative_to(root)} exists: choose another name or remove it.")
    texts = {
        folder / source.name: _renamed(source.read_text(), kind=kind, name=name)
        for source in sorted((adapters / "sandbox").glob("*.py"))
    }
    texts[tests / f"test_{name}_connector.py"] = _first_test(kind, name)
    texts[partner] = _in_memory(name)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(texts)


def _check(kind: str, name: str) -> None:
    if kind not in KINDS:
        raise Unusable(f"{kind!r} is not a kind of connector: use one of {', '.join(KINDS)}.")
    scaffold.check_name(name)


def _renamed(text: str, *, kind: str, name: str) -> str:
    """Put the new name in every place that names the template: module paths, class, id, label, words."""
    title = name.replace("_", " ").title()
    return (
        text.replace(f"adapters.{kind}.sandbox", f"adapters.{kind}.{name}")
        .replace('label="Sandbox', f'label="{title}')
        .replace('id="sandbox"', f'id="{name}"')
        .replace("Sandbox", title.replace(" ", ""))
        .replace("sandbox", name)
    )


def _first_test(kind: str, name: str) -> str:
    return f'''"""The {name} connector: what it declares, and (to come) its wire against the vendor's own samples."""

from __future__ import annotations

from doorstep.adapters.{kind}.{name} import connector


def test_declares_itself() -> None:
    assert (connector.CONNECTOR.id, connector.CONNECTOR.kind) == ("{name}", "{kind}")
'''


def _in_memory(name: str) -> str:
    return f'''"""{name}, in memory as it was copied; replace this with a stage on a test server of the vendor."""

from __future__ import annotations

from tests.contracts.partners.{_TEMPLATE} import IN_MEMORY, LATER, stage

__all__ = ["IN_MEMORY", "LATER", "stage"]
'''


def advice(kind: str, name: str) -> str:
    """What to do with the copy."""
    folder = f"src/doorstep/adapters/{kind}/{name}"
    return f"""
{name} works in memory now. Make it real, in this order:
  1. {folder}/wire.py       the vendor's shapes and ours, pure; test it with the vendor's samples
  2. {folder}/client.py     addresses and credentials over the http.Session; drop `fake_partner`
  3. {folder}/connector.py  settings with descriptions, and the features you keep
  4. tests/contracts/partners/{name}.py  how the contract suite reaches a test server of the vendor
The port to satisfy is doorstep.domain.{_PORTS[kind]}. Nothing else needs to be edited: connectors are found.
Check with: .venv/bin/pytest tests/adapters/{name} tests/contracts -k {name}"""


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 2 if the connector cannot be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", help=", ".join(KINDS))
    parser.add_argument("name", help="as in acme_express")
    chosen = parser.parse_args(arguments)
    try:
        written = create(_ROOT, kind=chosen.kind, name=chosen.name)
    except Unusable as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    words = [f"wrote {path.relative_to(_ROOT)}" for path in written]
    sys.stdout.write("\n".join([*words, advice(chosen.kind, chosen.name), ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
