"""Small rules: refunds, scans, permissions, movements, returns in a customer's words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.fulfillment import model as fulfillment
from doorstep.domain.fulfillment.model import Action, State, WorkLine
from doorstep.domain.identity import model as identity
from doorstep.domain.identity.model import Permission, Principal, Role
from doorstep.domain.inventory import model as inventory
from doorstep.domain.inventory.model import Condition, Movement, MovementType, Position
from doorstep.domain.payments import model as payments
from doorstep.domain.payments.model import PaidLine, Units
from doorstep.domain.returns import model as returns
from doorstep.domain.returns.model import Disposition, Grade, RefundProgress, ReturnLocation
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHIRT, JACKET = Sku("GT-WH-02"), Sku("DJ-BL-01")


def test_a_refund_is_the_units_share_of_what_was_paid() -> None:
    lines = [PaidLine(1, 2, 159_800), PaidLine(2, 1, 299_900)]
    assert payments.owed(lines, refunded=[], returned=[Units(1, 1)]) == [79_900]
    assert payments.owed(lines, refunded=[], returned=[Units(1, 2), Units(2, 1)]) == [159_800, 299_900]
    assert payments.owed(lines, refunded=[], returned=[]) == []
    assert payments.owed([PaidLine(1, 0, 0)], refunded=[], returned=[Units(1, 1)]) == [0]


LINES = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 10**9)), min_size=1, max_size=4)


@given(lines=LINES, data=st.data())
def test_all_returns_of_a_line_refund_what_was_paid_for_it(
    lines: list[tuple[int, int]], data: st.DataObject
) -> None:
    paid = [PaidLine(number, quantity, minor) for number, (quantity, minor) in enumerate(lines)]
    singles = data.draw(
        st.permutations([Units(line.line_no, 1) for line in paid for _ in range(line.quantity)])
    )
    given_back = Counter[int]()
    refunded: list[Units] = []
    while singles:
        size = data.draw(st.integers(1, len(singles)))
        returned, singles = merged(singles[:size], data), singles[size:]
        for each, minor in zip(
            returned, payments.owed(paid, refunded=refunded, returned=returned), strict=True
        ):
            assert minor >= 0
            given_back[each.line_no] += minor
        refunded += returned
    assert given_back == Counter({line.line_no: line.paid_minor for line in paid})


def merged(singles: list[Units], data: st.DataObject) -> list[Units]:
    """One return: some of its units of a line stand together, others on lines of their own."""
    returned: list[Units] = []
    for each in singles:
        if returned and returned[-1].line_no == each.line_no and data.draw(st.booleans()):
            returned[-1] = Units(each.line_no, returned[-1].quantity + 1)
        else:
            returned.append(each)
    return returned


@given(quantity=st.integers(1, 9), minor=st.integers(0, 10**9), parts=st.lists(st.integers(0, 9), max_size=8))
def test_more_units_than_ordered_never_refund_more_than_was_paid(
    quantity: int, minor: int, parts: list[int]
) -> None:
    owed = payments.owed(
        [PaidLine(1, quantity, minor)], refunded=[], returned=[Units(1, part) for part in parts]
    )
    assert sum(owed) <= minor
    assert (sum(owed) == minor) or sum(parts) < quantity


PICK_LIST = (WorkLine(1, SHIRT, 2, picked=2), WorkLine(2, SHIRT, 1), WorkLine(3, JACKET, 1, picked=1))


def test_a_scan_picks_the_first_line_that_still_needs_it() -> None:
    assert fulfillment.scan(PICK_LIST, SHIRT, {}).line_no == 2
    assert fulfillment.scan(PICK_LIST, "8901234567890", {"8901234567890": SHIRT}).line_no == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [("SNK-BK-04", "SNK-BK-04 is not on this pick list"), (JACKET, "All 1 × DJ-BL-01 are picked already.")],
)
def test_a_wrong_scan_explains_what_to_do(code: str, words: str) -> None:
    with pytest.raises(fulfillment.WrongScan, match=words):
        fulfillment.scan(PICK_LIST, code, {})


def test_all_is_picked_when_every_line_is() -> None:
    assert not fulfillment.all_picked(PICK_LIST)
    assert fulfillment.all_picked(PICK_LIST[:1])


@pytest.mark.parametrize(
    ("state", "has_label", "legal"),
    [
        (State.OPEN, False, (Action.ACCEPT, Action.REJECT)),
        (State.ACCEPTED, False, (Action.PICK, Action.REJECT)),
        (State.PICKED, False, (Action.PACK, Action.REJECT)),
        (State.PACKED, False, ()),
        (State.PACKED, True, (Action.SHIP,)),
        (State.SHIPPED, True, ()),
        (State.REJECTED, False, ()),
        (State.CANCELED, False, ()),
    ],
)
def test_what_may_be_done_now(state: State, has_label: bool, legal: tuple[Action, ...]) -> None:
    assert fulfillment.legal_actions(state, has_label=has_label) == legal
    assert fulfillment.legal_actions(state, has_label=has_label, order_held=True) == ()


def test_every_reject_reason_has_its_effect_on_stock() -> None:
    assert set(fulfillment.STOCK_EFFECT) == set(fulfillment.RejectReason)


def test_the_table_of_permissions() -> None:
    reads = {permission for permission in Permission if permission.value.endswith(":read")}
    assert set(identity.PERMISSIONS) == set(Role)
    assert identity.PERMISSIONS[Role.ADMINISTRATOR] == set(Permission)
    assert set(Permission) - identity.PERMISSIONS[Role.OPERATIONS] == {
        Permission.USERS_WRITE,
        Permission.CONNECTIONS_WRITE,
    }
    assert reads - identity.PERMISSIONS[Role.READ_ONLY] == {Permission.DEAD_LETTERS_READ}
    assert {permission.value for permission in identity.PERMISSIONS[Role.LOCATION_STAFF]} == {
        "orders:read", "fulfillment:read", "fulfillment:write", "inventory:read", "stock:work",
        "returns:read", "returns:write",
    }  # fmt: skip


def test_what_a_role_does_not_permit_is_refused() -> None:
    viewer = Principal("user:1", "Asha", Role.READ_ONLY)
    viewer.require(Permission.ORDERS_READ, at=LocationId(4))
    with pytest.raises(
        identity.NotAllowed, match=r"Your role \(read_only\) does not permit orders:write."
    ) as refusal:
        viewer.require(Permission.ORDERS_WRITE)
    assert refusal.value.data == {"permission": "orders:write"}


def test_location_staff_act_at_their_location_only() -> None:
    staff = Principal("user:2", "Ravi", Role.LOCATION_STAFF, LocationId(22))
    staff.require(Permission.FULFILLMENT_WRITE, at=LocationId(22))
    staff.require(Permission.ORDERS_READ)
    with pytest.raises(identity.NotAllowed, match="another location"):
        staff.require(Permission.FULFILLMENT_WRITE, at=LocationId(1))


def movement(kind: MovementType, quantity: int) -> Movement:
    return Movement(kind, SHIRT, LocationId(1), quantity, "test", NOON)


@pytest.mark.parametrize("kind", MovementType)
def test_a_movement_moves_something_and_only_some_may_be_negative(kind: MovementType) -> None:
    inventory.check([movement(kind, 1)])
    words = kind.value.replace("_", " ")
    with pytest.raises(errors.Invalid, match=f"GT-WH-02: a {words} movement cannot have the quantity 0."):
        inventory.check([movement(kind, 1), movement(kind, 0)])
    if kind in inventory.SIGNED:
        inventory.check([movement(kind, -1)])
    else:
        with pytest.raises(errors.Invalid, match="cannot have the quantity -1"):
            inventory.check([movement(kind, -1)])


def test_every_movement_has_its_effect() -> None:
    assert set(inventory.EFFECTS) == set(MovementType)


def test_available_is_what_is_not_reserved() -> None:
    assert Position(SHIRT, LocationId(1), Condition.NEW, on_hand=5, reserved=2).available == 3


def test_every_inspection_has_a_disposition() -> None:
    conditions = {None, *(condition.value for condition in Condition)}
    assert set(returns.CONDITION_OF) == {(where, grade) for where in Disposition for grade in Grade}
    assert set(returns.CONDITION_OF.values()) <= conditions
    assert returns.CONDITION_OF[Disposition.RESTOCK, Grade.WRONG_ITEM] == "quarantine"


@pytest.mark.parametrize(
    ("custody", "progress", "status"),
    [
        (ReturnLocation.ADVISED, RefundProgress.PENDING, "initiated"),
        (ReturnLocation.IN_TRANSIT, RefundProgress.PENDING, "in_transit"),
        (ReturnLocation.ARRIVED, RefundProgress.PENDING, "arrived"),
        (ReturnLocation.RECEIVED, RefundProgress.PENDING, "received"),
        (ReturnLocation.INSPECTED, RefundProgress.TRIGGERED, "refund_pending"),
        (ReturnLocation.INSPECTED, RefundProgress.REFUNDED, "refunded"),
        (ReturnLocation.INSPECTED, RefundProgress.IN_DOUBT, "refund_in_doubt"),
        (ReturnLocation.INSPECTED, RefundProgress.DENIED, "refund_denied"),
        (ReturnLocation.NOT_RETURNED, RefundProgress.PENDING, "not_returned"),
    ],
)
def test_a_return_has_one_status(custody: ReturnLocation, progress: RefundProgress, status: str) -> None:
    assert returns.status_of(custody, progress) == status
