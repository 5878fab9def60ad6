"""Every declared feature of every connector keeps the contract of its port, in success and failure."""

from __future__ import annotations

import pytest
from tests.contracts import stage
from tests.contracts.conftest import Open
from tests.contracts.features import carriers, channels, erp, messengers, payments, upkeep, warehouses

from doorstep.domain.connections import model as connections

FEATURES = {
    port.KIND: {**upkeep.FEATURES, **port.FEATURES}
    for port in (carriers, channels, erp, messengers, payments, warehouses)
}
CASES = [case for kind, features in FEATURES.items() for case in stage.cases(kind, features)]


@pytest.mark.parametrize("kind", connections.Kind)
def test_every_declared_feature_is_known(kind: connections.Kind) -> None:
    assert stage.undeclared(kind, FEATURES[kind]) == set()


@pytest.mark.parametrize("case", CASES)
def test_success(open_stage: Open, case: stage.Case) -> None:
    stage.happy(open_stage(case.connector), case)


# The mail relay's faults begin with a mail; tests/adapters/smtp tries a sign-in that fails.
FAILING = [case for case in CASES if case.id != "messengers-smtp-test"]


@pytest.mark.parametrize("fault", stage.Fault)
@pytest.mark.parametrize("case", FAILING)
def test_a_failure_says_what_may_have_happened(
    open_stage: Open, case: stage.Case, fault: stage.Fault
) -> None:
    stage.faulty(open_stage(case.connector), case, fault)


# Meta has no key by which a message is sent once; tests/flows/notify tests that flows never repeat one that is in doubt.
WITH_KEY = [case for case in CASES if case.id != "messengers-whatsapp-send"]


@pytest.mark.parametrize("case", WITH_KEY)
def test_a_repeated_key_has_the_same_result(open_stage: Open, case: stage.Case) -> None:
    stage.twice(open_stage(case.connector), case)
