"""Partner servers of a benchmark: the sandbox's, in a process of their own, on loopback."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence

import httpx

from doorstep.domain.connections.model import Kind, Mode
from doorstep_bench.scratch import Scratch, wait_until

MAIL = "mail"
Addresses = Mapping[str, Mapping[str, str]]


@contextlib.contextmanager
def serving(
    scratch: Scratch,
    names: Sequence[str],
    config: Mapping[str, object] | None = None,
    *,
    called: str = "partners",
) -> Iterator[Addresses]:
    """Start these partners; yields their addresses and credentials, with the control token under `control_token`.

    A second set that runs beside them is `called` otherwise.
    """
    file, ready = scratch.folder / f"{called}.json", scratch.folder / f"{called}-ready.json"
    file.write_text(json.dumps(config or {}))
    ready.unlink(missing_ok=True)
    arguments = ("serve", *names, "--config", str(file), "--ready-file", str(ready))
    with scratch.process("doorstep_sandbox", *arguments) as server:
        wait_until(lambda: ready.exists() or server.poll() is not None, what="the partner servers")
        if server.poll() is not None:
            raise RuntimeError((scratch.folder / "processes.log").read_text()[-2_000:])
        yield json.loads(ready.read_text())


def connect_mail(scratch: Scratch, at: Addresses) -> None:
    """Send mails to the SMTP partner."""
    settings: dict[str, object] = {
        "host": at["smtp"]["host"],
        "port": at["smtp"]["port"],
        "security": "plain",
        "sender": "orders@bench.example",
        "sender_name": "Bench",
    }
    connector = scratch.app.registry.connector(Kind.MESSENGERS, "smtp")
    with scratch.app.db.write(actor="bench") as tx:
        scratch.app.registry.configure(
            tx, key=MAIL, connector=connector, name="Mail", settings=settings, mode=Mode.LIVE
        )


def mails_received(at: Addresses) -> int:
    """How many mails the SMTP partner has."""
    answer = _control(at).get(f"{at['smtp']['url']}/_control/state")
    answer.raise_for_status()
    return len(answer.json()["mails"])


def slow_down(at: Addresses, name: str, *, seconds: float) -> None:
    """From now on this partner takes so long for every answer; 0 ends that."""
    rules = [{"kind": "slow", "hold_seconds": seconds, "times": None}] if seconds else []
    _control(at).post(f"{at[name]['url']}/_control/faults", json=rules).raise_for_status()


def _control(at: Addresses) -> httpx.Client:
    token = {"X-Sandbox-Control": str(at["control_token"])}
    return httpx.Client(headers=token, timeout=120, trust_env=False)
