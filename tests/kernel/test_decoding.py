"""Responses become typed values, and fake partners fail on demand."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from tests.adapters import scripted

from doorstep.kernel import http
from doorstep.kernel.http import decoding, fake_partner


class Shape(msgspec.Struct):
    id: int


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.mark.parametrize(("method", "maybe_done"), [("GET", False), ("POST", True)])
def test_another_shape_is_no_answer(script: scripted.Script, method: str, *, maybe_done: bool) -> None:
    script.will_say({"id": 1}, {"id": "x"})
    with scripted.session(script) as session:
        assert decoding.shaped(session.send(method, "a"), Shape) == Shape(1)
        with pytest.raises(http.Unanswered) as caught:
            decoding.shaped(session.send(method, "a"), Shape)
    assert (caught.value.maybe_done, caught.value.data["field"]) == (maybe_done, "id")


@pytest.mark.parametrize(
    ("fault", "done", "maybe_done"),
    [
        (fake_partner.Fault.RATE_LIMIT, 0, False),
        (fake_partner.Fault.TIME_OUT, 1, True),
        (fake_partner.Fault.MALFORMED, 1, True),
    ],
)
def test_rehearsed_faults(fault: fake_partner.Fault, done: int, *, maybe_done: bool) -> None:
    work: list[int] = []
    with http.Session("partner", "http://127.0.0.1:1") as session:
        partner = fake_partner.Partner(session)
        partner.fail(fault)
        with pytest.raises(http.Unanswered) as caught:
            partner.call(lambda: work.append(1))
        assert (len(work), caught.value.maybe_done) == (done, maybe_done)
        partner.call(lambda: work.append(1))
        assert len(work) == done + 1


def test_rehearsed_partners_obey_the_mode() -> None:
    with http.Session("partner", "http://127.0.0.1:1", mode="shadow") as session:
        partner = fake_partner.Partner(session)
        assert partner.call(lambda: 1, reads=True) == 1
        with pytest.raises(http.Shadowed):
            partner.call(lambda: 1)
        partner.fail(fake_partner.Fault.ERROR, reads=True)
        with pytest.raises(http.Rejected):
            partner.call(lambda: 1, reads=True)
    with (
        http.Session("partner", "http://127.0.0.1:1", mode="off") as session,
        pytest.raises(http.SwitchedOff),
    ):
        fake_partner.Partner(session).call(lambda: 1, reads=True)
