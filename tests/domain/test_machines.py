"""Every state machine is complete: each state has its moves, is reachable, and refuses illegal moves with the legal ones."""

from __future__ import annotations

from enum import StrEnum

import pytest

from doorstep.domain.fulfillment import model as fulfillment
from doorstep.domain.notifications import model as notifications
from doorstep.domain.payments import model as payments
from doorstep.domain.returns import model as returns
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import states

MACHINES = {
    "work": fulfillment.MOVES,
    "label": shipping.LABEL_MOVES,
    "refund": payments.REFUND_MOVES,
    "custody": returns.CUSTODY_MOVES,
    "return's money": returns.MONEY_MOVES,
    "message": notifications.MESSAGE_MOVES,
}
Moves = dict[StrEnum, frozenset[StrEnum]]


@pytest.fixture(params=MACHINES.values(), ids=MACHINES)
def moves(request: pytest.FixtureRequest) -> Moves:
    return request.param


def test_every_state_has_its_moves(moves: Moves) -> None:
    assert set(moves) == set(type(next(iter(moves))))


def test_every_state_can_be_reached_from_the_first(moves: Moves) -> None:
    reached, ahead = set(), [next(iter(type(next(iter(moves)))))]
    while ahead:
        state = ahead.pop()
        reached.add(state)
        ahead.extend(moves[state] - reached)
    assert reached == set(moves)


def test_legal_moves_are_made_and_all_others_refused(moves: Moves) -> None:
    for state in moves:
        for to in moves:
            if to in moves[state]:
                assert states.transition(moves, state, to, thing="It") is to
            else:
                with pytest.raises(states.IllegalMove) as refusal:
                    states.transition(moves, state, to, thing="It")
                assert refusal.value.data == {"state": state.value, "allowed_states": sorted(moves[state])}


def test_a_refusal_says_what_it_is_and_what_it_cannot_become() -> None:
    packed, opened = fulfillment.State.PACKED, fulfillment.State.OPEN
    with pytest.raises(states.IllegalMove, match=r"^Work 7 is packed: it cannot become open\.$") as refusal:
        states.transition(fulfillment.MOVES, packed, opened, thing="Work 7")
    assert refusal.value.data["allowed_states"] == ["shipped"]
    with pytest.raises(states.IllegalMove, match=r"^Work 7 is already packed\.$"):
        states.transition(fulfillment.MOVES, packed, packed, thing="Work 7")
