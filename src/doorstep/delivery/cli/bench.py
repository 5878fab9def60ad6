"""`doorstep bench`: run the benchmarks in a process and a database of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def bench(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the figures as JSON to this file.")] = None,
    long: Annotated[
        bool, typer.Option("--long", help="Ten minutes sustained, up to 5,000,000 orders (hours, 40 GB).")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only one part, as docs/performance.md lists them; may be repeated."),
    ] = None,
) -> None:
    """Measure orders per second on a scratch database, beside a plain baseline. Needs the extras local and sandbox."""
    arguments = ["--json"] * as_json + ["--long"] * long + (["--out", str(out)] if out else [])
    for part in only or ():
        arguments += ["--only", part]
    os.execv(sys.executable, [sys.executable, "-m", "doorstep_bench", *arguments])  # noqa: S606 - our own program, no shell
