"""Every invalid setting is reported at once; secrets are not shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from doorstep.kernel import errors, settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.upper().startswith("DOORSTEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def problems() -> list[str]:
    with pytest.raises(errors.Invalid) as caught:
        settings.load()
    found: list[str] = caught.value.data["problems"]
    return found


def test_defaults_are_for_production() -> None:
    loaded = settings.load()
    assert (loaded.environment, loaded.host, loaded.port) == ("production", "127.0.0.1", 8700)
    assert loaded.public_url == "http://127.0.0.1:8700"
    assert (loaded.database_url, loaded.secret_key) == (None, None)


def test_environment_beats_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "doorstep.toml").write_text("port = 9001\npool_size = 20\n")
    monkeypatch.setenv("DOORSTEP_PORT", "9002")
    loaded = settings.load()
    assert (loaded.port, loaded.pool_size, loaded.public_url) == (9002, 20, "http://127.0.0.1:9002")


def test_every_problem_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "doorstep.toml").write_text("batch_size = 0\npol_seconds = 2\n")
    monkeypatch.setenv("DOORSTEP_PORT", "99999")
    monkeypatch.setenv("DOORSTEP_DATABSE_URL", "postgresql://x")
    monkeypatch.setenv("DOORSTEP_COUNT_TOLERANCE_PIECES", "3")
    assert sorted(problems()) == [
        "DOORSTEP_COUNT_TOLERANCE_PIECES is now DOORSTEP_COUNT_TOLERANCE_UNITS: rename it.",
        "DOORSTEP_DATABSE_URL is not a setting; did you mean DOORSTEP_DATABASE_URL?",
        "DOORSTEP_PORT: input should be less than or equal to 65535",
        "batch_size in doorstep.toml: input should be greater than or equal to 1",
        "pol_seconds in doorstep.toml is not a setting; did you mean poll_seconds?",
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DOORSTEP_DATABASE_URL", "mysql://root:hunter2@db/x", "must start with postgresql://"),
        ("DOORSTEP_SECRET_KEY", "hunter2", "each key needs at least 32 characters"),
        ("DOORSTEP_PUBLIC_URL", "oms.example.com", "must be a web address"),
        ("DOORSTEP_LEASE_SECONDS", "5", "lease_seconds must be longer than http_timeout_seconds"),
        ("DOORSTEP_CLOCK_FILE", "/var/clock", "clock_file moves the clock"),
    ],
)
def test_wrong_values_are_explained_without_being_shown(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    [problem] = problems()
    assert said in problem
    assert "hunter2" not in problem


def test_missing_and_broken_files_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOORSTEP_CONFIG", str(tmp_path / "no.toml"))
    with pytest.raises(errors.Invalid, match="does not exist"):
        settings.load()
    (tmp_path / "no.toml").write_text("port = = 1")
    with pytest.raises(errors.Invalid, match="cannot be read as TOML"):
        settings.load()


def test_explain_shows_the_source_and_hides_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "doorstep.toml").write_text("port = 9001\n")
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", "postgresql://app:hunter2@db.internal:5433/shop")
    monkeypatch.setenv("DOORSTEP_SECRET_KEY", "k" * 40)
    findings = {finding.name: finding for finding in settings.explain(settings.load(host="0.0.0.0"))}  # noqa: S104 - a value, not a listener
    assert findings["port"] == settings.Finding("port", "9001", "file doorstep.toml")
    assert findings["database_url"].value == "postgresql://app:***@db.internal:5433/shop"
    assert findings["database_url"].source == "environment DOORSTEP_DATABASE_URL"
    assert findings["secret_key"].value == "(set, hidden)"
    assert findings["host"].source == "argument"
    assert findings["poll_seconds"].source == "default"
    assert set(findings) == set(settings.Settings.model_fields)


def test_explain_warns_of_the_unwise() -> None:
    loaded = settings.load(
        pool_size=4, calls_per_connection=4, public_url="http://oms.example.com", log_level="debug"
    )
    status = {finding.name: finding.status for finding in settings.explain(loaded)}
    assert (status["pool_size"], status["public_url"], status["log_level"]) == ("warn", "warn", "warn")
    assert status["port"] == "ok"


def test_explain_fails_an_impossible_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    judged = settings.explain(settings.load(data_dir=tmp_path / "file" / "data"))
    [finding] = [finding for finding in judged if finding.name == "data_dir"]
    assert (finding.status, finding.value) == ("fail", str(tmp_path / "file" / "data"))
