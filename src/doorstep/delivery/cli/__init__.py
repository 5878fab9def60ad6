"""The command line: set up, operate, run the demo. See `doorstep --help`."""

from __future__ import annotations

from doorstep.delivery.cli.commands import create, run

__all__ = ["create", "run"]
