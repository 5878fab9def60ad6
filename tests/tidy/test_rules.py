"""Every rule can fail: one wrong example each, and a right one."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from tests.tidy import rules
from tests.tidy.source import Source

_LONG = "def f() -> None:\n" + "    g()\n" * rules.FUNCTION_LINES
_MANY = ", ".join(f"a{number}: int" for number in range(7))
_LATER = "TO" + "DO"
_SILENT = "no" + "qa: F401"
_IGNORED = "type: " + "ignore[misc]"

WRONG = [
    ("sql", "src/doorstep/flows/ship.py", 'def f(tx: T) -> None:\n    tx.execute("x")'),
    ("sql", "src/doorstep/domain/orders/actions.py", 'A = "SELECT 1"'),
    ("sql", "src/doorstep/domain/orders/views.py", 'A = "\\n    UPDATE orders SET a = 1"'),
    ("commit", "src/doorstep/domain/orders/actions.py", "def f(c: C) -> None:\n    c.commit()"),
    ("commit", "src/doorstep/delivery/api/orders.py", "def f(c: C) -> None:\n    c.rollback()"),
    (
        "commit",
        "src/doorstep/domain/orders/actions.py",
        'def f(db: C) -> None:\n    db.transact(f, actor="a")',
    ),
    ("commit", "src/doorstep/delivery/api/orders.py", 'def f(db: C) -> None:\n    db.write(actor="a")'),
    ("pure", "src/doorstep/domain/orders/model.py", "A = datetime.now(UTC)"),
    ("pure", "src/doorstep/domain/orders/actions/accept.py", "A = datetime.datetime.utcnow()"),
    ("pure", "src/doorstep/adapters/carriers/acme/wire.py", "A = uuid.uuid4()"),
    ("pure", "src/doorstep/adapters/channels/acme/wire/orders.py", "A = random.random()"),
    ("pure", "src/doorstep/domain/orders/model.py", "A = time.monotonic()"),
    ("clock", "tests/flows/test_a.py", "NOW = datetime.now(UTC)"),
    ("clock", "tests/builders/rows.py", "TODAY = datetime.date.today()"),
    ("clock", "tests/delivery/test_a.py", "NOW = time.time()"),
    ("clock", "tests/delivery/test_a.py", "CLOCK = SystemClock()"),
    ("lazy-import", "src/doorstep/flows/ship.py", "def f() -> None:\n    import os"),
    ("lazy-import", "tests/test_a.py", "def f():\n    from a import b"),
    ("money-float", "src/doorstep/flows/ship.py", "def f(a: Money) -> None:\n    g(a, 0.5)"),
    ("money-float", "src/doorstep/flows/ship.py", "def f(a: int) -> None:\n    money.parse(float(a))"),
    ("money-float", "src/doorstep/flows/ship.py", "def f(a: int) -> None:\n    money.of(a / 2)"),
    ("money-float", "src/doorstep/flows/ship.py", "def f(a: Money) -> None:\n    a.b /= 2"),
    ("digits", "src/doorstep/delivery/console/lists.py", "A = int(text) if text.isdigit() else None"),
    ("broad-except", "src/doorstep/flows/ship.py", "try:\n    f()\nexcept Exception:\n    pass"),
    ("broad-except", "src/doorstep/delivery/api/orders.py", "try:\n    f()\nexcept:\n    pass"),
    ("length", "src/doorstep/flows/ship.py", "\n" * rules.FLOW_LINES + "A = 1"),
    ("length", "src/doorstep/kernel/db.py", "\n" * rules.FILE_LINES + "A = 1"),
    ("length", "tests/test_a.py", _LONG),
    ("parameters", "src/doorstep/flows/ship.py", f"def f({_MANY}) -> None: ..."),
    ("parameters", "src/doorstep/domain/orders/actions.py", "def f(a: int, tx: T) -> None: ..."),
    ("parameters", "src/doorstep/domain/orders/actions.py", "def f(tx: T, a: int) -> None: ..."),
    ("parameters", "src/doorstep/domain/orders/store.py", "def f(tx: T, a: int, b: int) -> None: ..."),
    ("typed", "src/doorstep/flows/ship.py", "def f(a) -> None: ..."),
    ("typed", "src/doorstep/flows/ship.py", "def f(a: int): ..."),
    ("typed", "src/doorstep/flows/ship.py", "A: Any = 1"),
    ("module", "src/doorstep/flows/ship.py", None),
    ("module", "src/doorstep/flows/utils.py", "A = 1"),
    ("module", "src/doorstep/common/ship.py", "A = 1"),
    ("reasons", "src/doorstep/flows/ship.py", f"import a  # {_SILENT}"),
    ("reasons", "src/doorstep/flows/ship.py", f"import a  # {_IGNORED}"),
    ("marks", "src/doorstep/flows/ship.py", f"A = 1  # {_LATER} later"),
    ("sql", "src/doorstep/flows/ship.py", "A = 1  # tidy: sql it is excused for nothing"),
]

RIGHT = [
    ("src/doorstep/domain/orders/store.py", 'def f(tx: T, a: int) -> None:\n    tx.execute("SELECT 1", a)'),
    ("src/doorstep/domain/orders/store/read.py", 'A = "SELECT 1"'),
    ("src/doorstep/kernel/db.py", "def f(c: C) -> None:\n    c.commit()"),
    ("src/doorstep/delivery/api/orders.py", 'def f(db: C) -> None:\n    db.transact(f, actor="a")'),
    ("src/doorstep/adapters/carriers/acme/connector.py", "A = time.monotonic()"),
    (
        "src/doorstep/adapters/carriers/acme/wire.py",
        "def f(a: Money) -> None:\n    g(a, Decimal(1) / 10)\nA: Any = 1",
    ),
    ("tests/clock.py", "NOW = time.SystemClock().now()"),
    ("tests/flows/test_a.py", "NOW = CLOCK.now()\nA = time.monotonic()"),
    ("src/doorstep/flows/ship.py", "def f(a: int) -> float:\n    return a / 2.0"),
    ("src/doorstep/delivery/worker/loop.py", "try:\n    f()\nexcept Exception:\n    pass"),
    ("src/doorstep/domain/orders/actions.py", "def f(tx: T, *, a: int) -> None: ..."),
    ("src/doorstep/flows/ship.py", f"def _f({_MANY}) -> None: ..."),
    ("src/doorstep/flows/ship.py", f"import a  # {_SILENT} - said why"),
    ("src/doorstep/flows/ship.py", f"import a  # {_IGNORED}  # said why"),
    ("src/doorstep/flows/ship.py", 'A = "SELECT 1"  # tidy: sql shown to people, never run'),
]


def _check(path: str, body: str | None) -> list[str]:
    text = "" if body is None else f'"""Says why."""\n{body}\n'
    return rules.check(Source(PurePosixPath(path), text))


@pytest.mark.parametrize(("rule", "path", "body"), WRONG)
def test_what_is_wrong_is_found(rule: str, path: str, body: str | None) -> None:
    assert [f"[{rule}]" in finding for finding in _check(path, body)] == [True]


@pytest.mark.parametrize(("path", "body"), RIGHT)
def test_valid_input_is_unchanged(path: str, body: str) -> None:
    assert _check(path, body) == []


def test_every_rule_was_seen_to_fail() -> None:
    assert {rule for rule, _path, _body in WRONG} == set(rules.RULES)


def test_a_finding_names_its_place() -> None:
    assert _check("src/doorstep/flows/ship.py", "A: Any = 1") == ["src/doorstep/flows/ship.py:2: [typed] Any"]
