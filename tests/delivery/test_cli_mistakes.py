"""Mistakes on the command line: one sentence and exit status 1, never a traceback."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from rich.table import Table
from tests.builders import Retailer
from typer.testing import CliRunner

from doorstep import processes
from doorstep.delivery.cli import create
from doorstep.delivery.cli.terminal import out, styled
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Mode
from doorstep.kernel import errors
from doorstep.kernel.db import reachable

SHADOW = "In shadow mode calls are logged and not sent. Next: doorstep connections test KEY, report KEY, go-live KEY."
DIRECT = """
[web]
kind = "channels"
connector = "direct"
[web.settings]
webhook_secret = "0123456789abcdef0123"
"""


@pytest.fixture
def environment(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    chosen = retailer.app.settings
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv(
        "DOORSTEP_DATABASE_URL", chosen.database_url.get_secret_value() if chosen.database_url else ""
    )
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(chosen.data_dir))
    monkeypatch.setenv("DOORSTEP_SECRET_KEY", "k" * 40)
    return monkeypatch


def said(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command that fails prints; anything but a sentence and status 1 is an error here."""
    environment.setattr(sys, "argv", ["doorstep", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        processes.main()
    assert ended.value.code == 1
    sentence = " ".join(capsys.readouterr().err.split())
    assert sentence.startswith("doorstep:")
    return sentence


def test_a_missing_setting_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text('[pos]\nkind = "channels"\nconnector = "direct"\n[pos.settings]\n')
    sentence = said(environment, capsys, "connections", "put", file)
    assert "Direct (API, files, POS): Set webhook_secret." in sentence


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("command", ["doctor", "migrate", "worker", "serve", "users list"])
def test_a_missing_server_is_named_without_the_password(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    environment.setenv("DOORSTEP_DATABASE_URL", f"postgresql://nobody:hidden@127.0.0.1:{closed_port()}/none")
    before = time.monotonic()
    assert said(environment, capsys, *command.split()) == (
        "doorstep: The database 'none' at 127.0.0.1 cannot be used: Connection refused. Check DOORSTEP_DATABASE_URL."
    )
    assert time.monotonic() - before < 25  # a server that starts is waited for longer


@pytest.mark.parametrize("command", ["doctor", "migrate", "worker", "users list"])
def test_a_database_address_with_a_space_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    environment.setenv("DOORSTEP_DATABASE_URL", "postgresql://a b:hidden@127.0.0.1/doorstep")
    sentence = said(environment, capsys, *command.split())
    assert sentence.startswith("doorstep: The database in the settings cannot be used: unexpected spaces")
    assert "hidden" not in sentence


def test_a_rejected_password_is_the_reason() -> None:
    refused = (
        'connection failed: connection to server at "127.0.0.1", port 5432 failed: FATAL:  password '
        'authentication failed for user "shop"'
    )
    with (
        pytest.raises(
            errors.Unavailable, match=r'used: password authentication failed for user "shop"\. Check'
        ),
        reachable("postgresql://shop:hidden@127.0.0.1/doorstep"),
    ):
        raise psycopg.OperationalError(refused)


@pytest.mark.parametrize("command", ["doctor", "worker", "serve", "ledger verify"])
def test_a_database_that_refuses_the_login_is_reported_at_once(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, dsn: str
) -> None:
    environment.setenv("DOORSTEP_DATABASE_URL", dsn.replace(conninfo_to_dict(dsn)["dbname"], "not_there"))
    assert "does not exist" in said(environment, capsys, *command.split())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[open\n", "is not valid TOML"),
        (b"\xff\xfe[open]\n", "is not UTF-8 text"),
        (
            b"x = 1\n",
            "x is not a table. A connection is [x] with kind, connector and name, and [x.settings].",
        ),
        (b"[open]\nsettings = 1\n", "[open] has no kind."),
        (b'[open]\nkind = "channels"\n', "[open] has no connector."),
        (
            b'[open]\nkind = "sails"\nconnector = "direct"\n',
            "'sails' in [open] is not a kind: use one of channels, ",
        ),
        (
            b'[open]\nkind = "channels"\nconnector = "direct"\nsettings = 1\n',
            "settings in [open] has a value of the wrong type.",
        ),
        (b'[open]\nkind = "channels"\nconnector = "nobody"\n', "There is no connector channels/nobody"),
        (DIRECT.replace("[web", '["a key"').encode(), "cannot be the key of a connection"),
    ],
)
def test_a_file_of_connections_that_is_wrong(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes,
    words: str,
) -> None:
    file = tmp_path / "connections.toml"
    file.write_bytes(content)
    assert words in said(environment, capsys, "connections", "put", file)


def test_a_file_of_locations_that_is_wrong(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "locations[1].toml"
    file.write_text("[[location]]\nname = 1\n")
    sentence = said(environment, capsys, "locations", "put", file)
    assert "Write each as a [[location]] table." in sentence
    assert "locations[1].toml" in sentence


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("connections put", ["[key] kind, connector", "[key.settings] table"]),
        ("locations put", ["one [[location]] table each"]),
    ],
)
def test_a_help_text_keeps_its_brackets(command: str, words: list[str]) -> None:
    shown = CliRunner().invoke(create(), [*command.split(), "--help"], env={"COLUMNS": "200"}).stdout
    assert [each for each in words if each not in shown] == []


def test_brackets_of_data_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", box=None)
    table.add_row("[red]Main[/red]")
    out.print(table)
    out.print("[a] and [/b]")
    out.print(styled("[bold]{name}[/bold] is live.", name="[bold]shop"))
    assert capsys.readouterr().out.split() == [
        "name", "[red]Main[/red]", "[a]", "and", "[/b]", "[bold]shop", "is", "live.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "command",
    ["connections put {}", "network apply {} --reason x", "rules preview {}", "load-samples {}"],
)
def test_a_file_that_is_not_there(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    assert "no.ndjson" in said(environment, capsys, *command.format(tmp_path / "no.ndjson").split())


def test_a_connection_that_is_put_again_keeps_its_mode(
    environment: pytest.MonkeyPatch, retailer: Retailer, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(DIRECT)
    put = ["connections", "put", str(file)]
    assert CliRunner().invoke(create(), put).stdout == "web: channels/direct, live\n"
    retailer.write(lambda tx: actions.switch(tx, key="web", mode=Mode.SHADOW))
    assert (
        CliRunner().invoke(create(), put).stdout.split() == f"web: channels/direct, shadow {SHADOW}".split()
    )
    environment.undo()


def test_a_file_may_begin_a_connection_in_shadow_mode(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(DIRECT.replace("[web]\n", '[web]\nmode = "shadow"\n'))
    said = CliRunner().invoke(create(), ["connections", "put", str(file)]).stdout
    assert said.split() == f"web: channels/direct, shadow {SHADOW}".split()
    environment.undo()


def test_a_key_keeps_its_kind(retailer: Retailer) -> None:
    carrier = retailer.app.registry.by_key("shiphawk")
    with pytest.raises(errors.Refused, match="of the kind carriers, but channels is needed here"):
        retailer.app.registry.channel(carrier.id)
    row = actions.ConnectionRow(
        0, "shiphawk", "channels", "direct", "Web", "live", {}, None, retailer.app.clock.now()
    )
    with pytest.raises(errors.Conflict, match="has another type"):
        retailer.write(lambda tx: actions.configure(tx, row=row))
