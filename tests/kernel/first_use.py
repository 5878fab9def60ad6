"""Several threads use new types for the first time at once. A process of its own runs this: what breaks here ends the process."""

from __future__ import annotations

import sys
import threading
import types

import msgspec

ROUNDS, THREADS, DEPTH = 15, 8, 30
STRUCT = "class S{n}(msgspec.Struct):\n    a: int = 0\n    b: Optional[str] = None\n    c: Optional[{inner}] = None\n"
DATACLASS = "@dataclasses.dataclass\n" + STRUCT.replace("(msgspec.Struct)", "")
HEAD = "from __future__ import annotations\nimport dataclasses, msgspec\nfrom typing import Optional\n"


def new_types(name: str, form: str) -> types.ModuleType:
    """Types that contain each other, as those of a vendor do."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    for number in range(DEPTH):
        inner = f"S{number - 1}" if number else "int"
        exec(HEAD + form.format(n=number, inner=inner), module.__dict__)  # noqa: S102 - our own text
    return module


def use_at_once(outer: type) -> None:
    start = threading.Barrier(THREADS)

    def use() -> None:
        start.wait()
        msgspec.convert({"a": 1, "b": "x", "c": {"a": 2}}, outer)

    threads = [threading.Thread(target=use) for _ in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


if __name__ == "__main__":
    sys.setswitchinterval(1e-6)
    for round_number in range(ROUNDS):
        for kind, text in (("struct", STRUCT), ("dataclass", DATACLASS)):
            use_at_once(getattr(new_types(f"{kind}{round_number}", text), f"S{DEPTH - 1}"))
