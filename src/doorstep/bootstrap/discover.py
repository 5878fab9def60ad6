"""Find connectors: every folder under adapters, and installed wheels. A broken one stops the start."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from importlib import metadata

from doorstep import adapters
from doorstep.domain.connections.model import Connector, Kind
from doorstep.kernel import errors

Found = dict[tuple[Kind, str], Connector]


def discover() -> Found:
    """All connectors by (kind, id); raises Invalid if two share one."""
    found: Found = {}
    for connector in [*_folders(), *_wheels()]:
        key = (connector.kind, connector.id)
        if key in found:
            raise errors.Invalid(f"Two connectors of kind {connector.kind.value} are called {connector.id}.")
        found[key] = connector
    return found


def _folders() -> Iterator[Connector]:
    """`adapters/<kind>/<vendor>/connector.py` holds one value CONNECTOR."""
    for kind in Kind:
        package = importlib.import_module(f"{adapters.__name__}.{kind.value}")
        for vendor in pkgutil.iter_modules(package.__path__):
            if vendor.ispkg:
                module = importlib.import_module(f"{package.__name__}.{vendor.name}.connector")
                yield _checked(module.CONNECTOR, kind, module.__name__)


def _wheels() -> Iterator[Connector]:
    """Entry points of the groups doorstep.channels, doorstep.carriers … name such a value."""
    announced = metadata.entry_points()
    for kind in Kind:
        for entry in announced.select(group=f"doorstep.{kind.value}"):
            yield _checked(entry.load(), kind, entry.value)


def _checked(value: object, kind: Kind, where: str) -> Connector:
    if not isinstance(value, Connector) or value.kind is not kind:
        raise errors.Invalid(f"{where} does not declare a connector of kind {kind.value}.")
    return value
