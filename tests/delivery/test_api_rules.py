"""Rule sets through the API: validate, draft, activate, roll back; without permission an error."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.builders import Retailer
from tests.delivery.test_api import client

from doorstep.delivery.cli.samples import NOTNAKED
from doorstep.domain.identity.model import Role
from doorstep.domain.routing.model.rules import DEFAULT
from doorstep.kernel import documents

BASE = "/api/v1/routing"
YAML = (NOTNAKED / "rules.yaml").read_text()
PLAIN = documents.plain(DEFAULT)


@pytest.fixture
def api(retailer: Retailer) -> TestClient:
    return client(retailer)


def draft(api: TestClient, why: str = "a try", **body: object) -> int:
    answer = api.post(f"{BASE}/rules/versions", json={"why": why, **body})
    assert answer.status_code == 201, answer.text
    assert answer.json()["actions"] == ["activate", "archive"]
    return int(answer.json()["number"])


def act(api: TestClient, number: int, verb: str, instead_of: int | None) -> dict[str, object]:
    body = {"why": "it is better", "instead_of": instead_of}
    answer = api.post(f"{BASE}/rules/versions/{number}/{verb}", json=body)
    return {"status": answer.status_code, **answer.json()}


def test_the_schema_is_served(api: TestClient) -> None:
    reported = api.get(f"{BASE}/schema").json()
    assert reported["$ref"] == "#/$defs/RuleSet"
    assert reported["variables"]["lane.km"] == {
        "type": "double",
        "description": "Kilometers to the customer.",
    }


def test_a_version_decides_and_is_rolled_back(api: TestClient) -> None:
    assert api.get(f"{BASE}/rules").json() == {
        "number": None,
        "version": None,
        "document": PLAIN,
        "failures": [],
    }
    assert draft(api, yaml=YAML) == 1
    assert act(api, 1, "activate", None) == {"status": 200, "number": 1, "state": "active", "actions": []}
    assert draft(api, document=PLAIN, based_on=1) == 2
    assert (
        act(api, 2, "activate", None)["title"]
        == "The active rules changed: version 1 is active now. Review the changes again."
    )
    assert act(api, 2, "activate", 1)["status"] == 200
    assert act(api, 1, "roll-back", 2) == {"status": 200, "number": 3, "state": "active", "actions": []}
    found = api.get(f"{BASE}/rules").json()
    assert (found["number"], found["version"]["restores"], found["document"]["name"]) == (3, 1, "notnaked")
    states = [
        (each["number"], each["state"], each["actions"])
        for each in api.get(f"{BASE}/rules/versions").json()["items"]
    ]
    assert states == [(3, "active", []), (2, "archived", ["roll_back"]), (1, "archived", ["roll_back"])]


def test_a_version_is_looked_at(api: TestClient) -> None:
    draft(api, yaml=YAML)
    assert api.get(f"{BASE}/rules/versions/1").json()["document"]["name"] == "notnaked"
    assert api.get(f"{BASE}/rules/versions/1/yaml").text.startswith("name: notnaked\n")
    changes = api.get(f"{BASE}/rules/versions/1/changes").json()
    assert changes[0] == {"where": "name", "before": "default", "after": "notnaked"}
    assert api.get(f"{BASE}/rules/versions/1/changes", params={"since": 1}).json() == []
    cases = api.get(f"{BASE}/rules/versions/1/cases").json()
    assert [each["passes"] for each in cases] == [True] * 8
    assert api.post(f"{BASE}/rules/versions/1/archive").json()["state"] == "archived"
    assert api.get(f"{BASE}/rules/versions/7").status_code == 404


def test_a_rule_set_is_tried(api: TestClient) -> None:
    def tried(**body: object) -> dict[str, object]:
        answer: dict[str, object] = api.post(f"{BASE}/rules/validate", json=body).json()
        return answer

    fine = tried(yaml=YAML)
    assert (fine["valid"], fine["instead_of"], len(fine["cases"])) == (True, None, 8)
    text = tried(yaml=YAML.replace("by: lines,", "by: line,"))
    assert text["problems"] == [
        {"path": "runs[0].routings[0].rules[0].split.by", "message": "'line' is not known here: choose lines, none, quantity",
         "line": 17, "column": 25},
    ]  # fmt: skip
    located = tried(yaml=YAML.replace("queue: urgent}", "queue: urgnt}"))["problems"]
    assert [(each["line"], each["column"]) for each in located] == [(20, 45)]
    assert tried(document={"name": "x"})["problems"][0]["message"] == "runs is missing"
    assert tried(document={**PLAIN, "currency": "XXY"})["problems"] == [
        {"path": "currency", "message": "XXY is not an ISO 4217 currency.", "line": 0, "column": 0},
    ]  # fmt: skip
    assert api.post(f"{BASE}/rules/validate", json={}).status_code == 422


def test_what_is_wrong_is_not_drafted(api: TestClient) -> None:
    answer = api.post(f"{BASE}/rules/versions", json={"why": "so", "yaml": "name: x"})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["message"] == "runs is missing"


def test_a_read_only_user_gets_a_message(retailer: Retailer) -> None:
    viewer = client(retailer, Role.READ_ONLY)
    assert viewer.get(f"{BASE}/rules").status_code == 200
    answer = viewer.post(f"{BASE}/rules/versions", json={"why": "so", "document": PLAIN})
    assert (answer.status_code, answer.json()["permission"]) == (403, "rules:write")
