"""Every kind of fault, chosen by a rule, on a partner whose work is counted."""

from __future__ import annotations

import httpx
import pytest

ORDER = {"amount": 50000, "currency": "INR", "receipt": "first"}


def orders(partners):
    return list(partners.state("razorpay")["orders"].values())


def test_status_500_does_nothing_and_then_the_call_works(partners, razorpay):
    partners.fail("razorpay", {"kind": "status_500"})
    answers = [razorpay.post("/v1/orders", json=ORDER) for _ in range(2)]
    assert [one.status_code for one in answers] == [500, 200]
    assert answers[0].json()["error"]["code"] == "SERVER_ERROR"
    assert len(orders(partners)) == 1


def test_status_429_says_when_to_come_back(partners, razorpay):
    partners.fail("razorpay", {"kind": "status_429", "times": 2})
    answers = [razorpay.post("/v1/orders", json=ORDER) for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"


def test_timeout_after_work_keeps_the_work_and_the_answer(partners, razorpay):
    partners.fail("razorpay", {"kind": "timeout_after_work", "hold_seconds": 0.05})
    with pytest.raises(httpx.RemoteProtocolError):
        razorpay.post("/v1/orders", json=ORDER)
    assert len(orders(partners)) == 1
    assert partners.calls("razorpay")[-1]["status"] is None


def test_timeout_after_work_can_outlast_the_caller(partners, razorpay):
    partners.fail("razorpay", {"kind": "timeout_after_work", "hold_seconds": 0.5})
    with pytest.raises(httpx.ReadTimeout):
        razorpay.post("/v1/orders", json=ORDER, timeout=0.1)
    assert len(orders(partners)) == 1


def test_refuse_before_work_does_nothing(partners, razorpay):
    partners.fail("razorpay", {"kind": "refuse_before_work", "hold_seconds": 0})
    with pytest.raises(httpx.RemoteProtocolError):
        razorpay.post("/v1/orders", json=ORDER)
    assert orders(partners) == []


def test_malformed_json_does_the_work_and_garbles_the_answer(partners, razorpay):
    partners.fail("razorpay", {"kind": "malformed_json"})
    answer = razorpay.post("/v1/orders", json=ORDER)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        answer.json()
    assert len(orders(partners)) == 1


def test_a_rule_chooses_by_method_and_path(partners, razorpay):
    partners.fail(
        "razorpay", {"kind": "status_500", "method": "GET", "path_regex": "/orders/order_", "times": None}
    )
    made = razorpay.post("/v1/orders", json=ORDER).json()
    assert razorpay.get("/v1/orders").status_code == 200
    assert [razorpay.get(f"/v1/orders/{made['id']}").status_code for _ in range(3)] == [500, 500, 500]


def test_each_once_fails_every_distinct_call_once(partners, razorpay):
    pay = partners.act("razorpay", "pay", amount=10000)["payment_id"]
    partners.fail("razorpay", {"kind": "status_500", "each_once": True})
    keys = ["refund-key-1", "refund-key-1", "refund-key-2", "refund-key-2", "refund-key-1"]
    statuses = [
        razorpay.post(
            f"/v1/payments/{pay}/refund", json={"amount": 1000}, headers={"X-Refund-Idempotency": key}
        ).status_code
        for key in keys
    ]
    assert statuses == [500, 200, 500, 200, 200]
    assert [razorpay.get(f"/v1/payments/{pay}").status_code for _ in range(2)] == [500, 200]


def test_cycle_chooses_by_seed_and_the_same_way_again(partners, razorpay):
    def kinds(seed):
        partners.act("razorpay", "reset")
        partners.fail("razorpay", {"kind": "cycle", "seed": seed, "each_once": True, "hold_seconds": 0})
        for number in range(12):
            try:
                razorpay.get(f"/v1/orders/order_{number}")
            except httpx.RemoteProtocolError:
                continue
        return [call["fault"] for call in partners.calls("razorpay")]

    first = kinds(1)
    assert kinds(1) == first
    assert kinds(2) != first
    assert len(set(first)) >= 4


def test_cycle_can_be_held_to_some_kinds(partners, razorpay):
    rule = {"kind": "cycle", "kinds": ["status_500", "status_429"], "times": None}
    partners.fail("razorpay", rule)
    seen = {razorpay.get("/v1/orders").status_code for _ in range(12)}
    assert seen == {500, 429}


def test_refused_calls_use_up_no_rule(partners):
    partners.fail("razorpay", {"kind": "status_500"})
    stranger = httpx.get(f"{partners.url('razorpay')}/v1/orders", trust_env=False)
    assert stranger.status_code == 401
    assert partners.get("razorpay", "faults")["faults"][0]["hits"] == 0


@pytest.mark.parametrize(
    ("rule", "reason"),
    [({"kind": "explode"}, "explode"), ({"kind": "status_500", "pathprefix": "/"}, "pathprefix")],
)
def test_a_mistyped_rule_is_refused(partners, rule, reason):
    with pytest.raises(AssertionError, match=rf"422.*{reason}"):
        partners.fail("razorpay", rule)


@pytest.mark.parametrize(("value", "seen"), [("7", "7"), ("", None)])
def test_the_headers_of_a_429_can_be_chosen(partners, razorpay, value, seen):
    partners.fail("razorpay", {"kind": "status_429", "headers": {"Retry-After": value}})
    answer = razorpay.post("/v1/orders", json=ORDER)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, seen)
