"""Control routes, call log, limits, the partners' clock, and the command line with its ready file."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.partners import running

import doorstep_sandbox
from doorstep_sandbox.frame import clock, limits


@pytest.mark.parametrize("token", ["", "guess"])
def test_the_control_routes_need_their_token(partners, token):
    url = f"{partners.url('razorpay')}/_control/state"
    answer = httpx.get(url, headers={"X-Sandbox-Control": token}, trust_env=False)
    assert answer.status_code == 401


def test_an_unknown_verb_names_the_known_ones(partners):
    with pytest.raises(AssertionError, match=r"404.*pay, script"):
        partners.act("razorpay", "explode")


def test_the_log_records_incoming_calls(partners, razorpay):
    razorpay.get("/v1/orders/order_none")
    razorpay.get("/v1/nothing")
    log = partners.calls("razorpay")
    assert [(one["method"], one["path"], one["status"]) for one in log] == [
        ("GET", "/v1/orders/order_none", 400),
        ("GET", "/v1/nothing", 404),
    ]


def test_reset_forgets_everything_but_the_credentials(partners, razorpay):
    partners.act("razorpay", "pay", amount=5000)
    partners.act("razorpay", "reset")
    assert partners.state("razorpay")["payments"] == {}
    assert razorpay.get("/v1/payments").json()["count"] == 0


def test_calls_beyond_the_limit_are_429():
    config = {"razorpay": {"rate_limit": {"maximum": 2, "restore_rate": 0.001}}}
    with running(config, ["razorpay"]) as partners:
        ready = partners.ready["razorpay"]
        with httpx.Client(auth=(ready["key_id"], ready["key_secret"]), trust_env=False) as client:
            seen = [client.get(ready["url"] + "/v1/orders").status_code for _ in range(3)]
    assert seen == [200, 200, 429]


def test_a_bucket_refills():
    bucket = limits.Bucket(maximum=2, restore_rate=100)
    assert [bucket.take(1), bucket.take(1), bucket.take(1)] == [True, True, False]
    time.sleep(0.03)
    assert bucket.take(1)
    assert bucket.level() <= 2


def test_the_story_clock_runs_ahead_by_its_file(tmp_path, monkeypatch):
    file = tmp_path / "clock"
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(file))
    before = clock.now()
    file.write_text("172800\n", encoding="utf-8")
    assert 2 <= (clock.now() - before).total_seconds() / 86400 < 2.01


def test_state_survives_a_restart(tmp_path):
    with running({}, ["razorpay"], tmp_path) as partners:
        payment = partners.act("razorpay", "pay", amount=5000)["payment_id"]
    with running({}, ["razorpay"], tmp_path) as partners:
        assert payment in partners.state("razorpay")["payments"]


def test_the_command_serves_the_chosen_partners_and_stops_cleanly(tmp_path):
    ready_file = tmp_path / "ready.json"
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"razorpay": {"key_id": "rzp_test_known"}}), encoding="utf-8")
    command = [sys.executable, "-m", "doorstep_sandbox", "serve", "razorpay", "smtp"]
    options = ["--config", str(config), "--ready-file", str(ready_file)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        ends_at = time.monotonic() + 20
        while not ready_file.exists() and time.monotonic() < ends_at:
            time.sleep(0.05)
        ready = json.loads(ready_file.read_text(encoding="utf-8"))
        answer = httpx.get(ready["razorpay"]["url"] + "/v1/orders", trust_env=False)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    assert answer.status_code == 401
    assert ready["razorpay"]["key_id"] == "rzp_test_known"
    assert sorted(ready) == ["control_token", "razorpay", "smtp"]
    assert process.returncode == 0
    assert output.split()[::2] == ["razorpay", "smtp"]
    assert os.stat(ready_file).st_mode & 0o077 == 0  # noqa: PTH116 - the mode is the point


def test_the_command_refuses_a_partner_it_does_not_know(tmp_path):
    command = [sys.executable, "-m", "doorstep_sandbox", "serve", "ebay"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "unknown partner: ebay" in done.stderr


def test_the_sandbox_does_not_import_doorstep():
    package = Path(doorstep_sandbox.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in names} & {"doorstep"} == set()
