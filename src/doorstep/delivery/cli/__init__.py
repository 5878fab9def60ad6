"""The command line: set up, look after, rehearse. `doorstep --help` teaches it."""

from __future__ import annotations

from doorstep.delivery.cli.commands import create, run

__all__ = ["create", "run"]
