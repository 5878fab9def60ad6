"""Run the partner servers: `python -m doorstep_sandbox serve`, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from doorstep_sandbox import registry
from doorstep_sandbox.frame import serve


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="doorstep-sandbox", description="Partner servers for demo and tests."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("serve", help="run partners on 127.0.0.1 until Ctrl-C")
    run.add_argument(
        "partners", nargs="*", metavar="PARTNER", help=f"some of: {', '.join(registry.PARTNERS)}"
    )
    run.add_argument(
        "--base-port", type=int, default=0, help="first port; the next partners follow; 0: free ports"
    )
    run.add_argument("--config", type=Path, help="JSON: credentials and webhook addresses (docs/sandbox.md)")
    run.add_argument(
        "--ready-file", type=Path, help="where addresses and credentials are written when all listen"
    )
    run.add_argument("--state", type=Path, help="folder in which partners keep their state over a restart")
    parsed = parser.parse_args(argv)
    unknown = set(parsed.partners) - set(registry.PARTNERS)
    if unknown:
        parser.error(f"unknown partner: {', '.join(sorted(unknown))}")
    return parsed


async def run(options: argparse.Namespace) -> None:
    config = json.loads(options.config.read_text(encoding="utf-8")) if options.config else {}
    fleet = registry.fleet(config, options.partners, options.state)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    try:
        await fleet.start(options.base_port)
        if options.ready_file:
            serve.write_ready(options.ready_file, fleet.ready)
        for name in fleet.partners:
            sys.stdout.write(f"{name:<11} {fleet.ready[name]['url']}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await fleet.stop()


def main(argv: list[str] | None = None) -> int:
    asyncio.run(run(arguments(argv)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
