"""Sign-in, sessions and deactivated users, on a real database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.clock import NOON

from doorstep.domain.identity import actions, model, views
from doorstep.domain.identity.actions import NewKey, NewUser, SignIn
from doorstep.domain.identity.model import Permission, Principal, Role
from doorstep.kernel import errors
from doorstep.kernel.db import Database
from doorstep.kernel.ids import UserId

PASSWORD = "correct horse battery"


def _asha(database: Database) -> int:
    with database.write(actor="system") as tx:
        user = NewUser("Asha@notnaked.example", "Asha", Role.OPERATIONS)
        return actions.create_user(tx, user=user, password=PASSWORD, now=NOON)


def _try(
    database: Database, *, email: str = "asha@notnaked.example", password: str = PASSWORD, at: datetime = NOON
) -> str | None:
    with database.write(actor="system") as tx:
        return actions.sign_in(tx, attempt=SignIn(email, password), now=at)


def _who(database: Database, token: str, at: datetime) -> Principal | None:
    with database.write(actor="system") as tx:
        return actions.principal_of_session(tx, token=token, now=at)


def test_a_session_identifies_its_user_until_it_ends(database: Database) -> None:
    user_id = _asha(database)
    token = _try(database, email=" ASHA@notnaked.example ")
    assert token is not None
    asha = Principal(f"user:{user_id}", "Asha", Role.OPERATIONS, None)
    assert _who(database, token, NOON) == asha
    with database.write(actor=asha.actor) as tx:
        actions.sign_out(tx, token=token)
    assert _who(database, token, NOON) is None


def test_a_session_lives_twelve_hours_from_its_last_use(database: Database) -> None:
    _asha(database)
    token = _try(database)
    assert token is not None
    assert _who(database, token, NOON + timedelta(hours=11)) is not None
    assert _who(database, token, NOON + timedelta(hours=22)) is not None
    assert _who(database, token, NOON + timedelta(hours=34, minutes=1)) is None


def test_only_digests_are_stored(database: Database) -> None:
    _asha(database)
    token = _try(database)
    with database.read() as tx:
        (stored,) = tx.column(str, "SELECT token_digest FROM sessions")
        (hashed,) = tx.column(str, "SELECT password_hash FROM users")
    assert token is not None
    assert token not in stored
    assert hashed.startswith("$argon2id$")


def test_ten_wrong_passwords_lock_the_login_for_15_minutes(database: Database) -> None:
    _asha(database)
    for second in range(10):
        assert _try(database, password="guess", at=NOON + timedelta(seconds=second)) is None
    with pytest.raises(actions.TooManyFailures, match="Try again in 14 minutes") as refused:
        _try(database, at=NOON + timedelta(minutes=1))
    assert refused.value.data["retry_after_seconds"] == 14 * 60
    assert _try(database, at=NOON + timedelta(minutes=15, seconds=1)) is not None


def _from(database: Database, address: str, *, password: str = PASSWORD, device: str = "") -> str | None:
    with database.write(actor="system") as tx:
        attempt = SignIn("asha@notnaked.example", password, address, device)
        return actions.sign_in(tx, attempt=attempt, now=NOON)


def test_wrong_passwords_of_others_do_not_lock_a_user_out(database: Database) -> None:
    _asha(database)
    for _ in range(10):
        assert _from(database, "203.0.113.7", password="guess") is None
    with pytest.raises(actions.TooManyFailures):
        _from(database, "203.0.113.7")
    assert _from(database, "198.51.100.1") is not None
    assert _from(database, "203.0.113.7", device="mark") is not None


def test_guesses_from_many_places_end_and_the_users_browser_still_signs_in(database: Database) -> None:
    _asha(database)
    for number in range(actions.FAILURES_OF_ALL_STRANGERS):
        assert _from(database, f"203.0.113.{number}", password="guess") is None
    with pytest.raises(actions.TooManyFailures):
        _from(database, "198.51.100.1")
    assert _from(database, "198.51.100.1", device="mark") is not None


def test_a_browser_that_is_known_is_limited_too(database: Database) -> None:
    _asha(database)
    for _ in range(10):
        assert _from(database, "203.0.113.7", password="guess", device="mark") is None
    with pytest.raises(actions.TooManyFailures):
        _from(database, "203.0.113.7", device="mark")


def test_a_new_password_ends_a_lock_out(database: Database) -> None:
    user_id = _asha(database)
    for _ in range(10):
        _try(database, password="guess")
    with database.write(actor="system") as tx:
        actions.set_password(tx, user_id=UserId(user_id), password="another long password")
    assert _try(database, password="another long password") is not None


def test_unknown_addresses_are_locked_too(database: Database) -> None:
    for _ in range(10):
        assert _try(database, email="ghost@notnaked.example") is None
    with pytest.raises(actions.TooManyFailures):
        _try(database, email="Ghost@notnaked.example")


def test_a_right_password_forgets_the_wrong_ones(database: Database) -> None:
    _asha(database)
    for _ in range(9):
        _try(database, password="guess")
    assert _try(database) is not None
    for _ in range(9):
        assert _try(database, password="guess") is None
    assert _try(database) is not None


def test_a_new_password_or_a_closed_account_ends_every_session(database: Database) -> None:
    user_id = _asha(database)
    token = _try(database)
    assert token is not None
    with database.write(actor="system") as tx:
        actions.set_password(tx, user_id=UserId(user_id), password="another long password")
    assert _who(database, token, NOON) is None
    token = _try(database, password="another long password")
    assert token is not None
    with database.write(actor="system") as tx:
        actions.set_active(tx, user_id=UserId(user_id), active=False)
    assert _who(database, token, NOON) is None
    assert _try(database, password="another long password") is None


@pytest.mark.parametrize(
    ("user", "password", "field"),
    [
        (NewUser("asha", "Asha", Role.OPERATIONS), PASSWORD, "email"),
        (NewUser("asha@x.example", " ", Role.OPERATIONS), PASSWORD, "name"),
        (NewUser("asha@x.example", "Asha", Role.LOCATION_STAFF), PASSWORD, "location_id"),
        (NewUser("asha@x.example", "Asha", Role.OPERATIONS), "short", "password"),
    ],
)
def test_an_invalid_user_names_the_field(
    database: Database, user: NewUser, password: str, field: str
) -> None:
    with pytest.raises(errors.Invalid) as wrong, database.write(actor="system") as tx:
        actions.create_user(tx, user=user, password=password, now=NOON)
    assert wrong.value.data["field"] == field


def test_an_address_belongs_to_one_user(database: Database) -> None:
    _asha(database)
    user = NewUser("asha@NOTNAKED.example", "Another", Role.READ_ONLY)
    with pytest.raises(errors.Conflict), database.write(actor="system") as tx:
        actions.create_user(tx, user=user, password=PASSWORD, now=NOON)
    with database.read() as tx:
        assert [each.name for each in views.users(tx)] == ["Asha"]


def test_unknown_users_and_keys_are_reported(database: Database) -> None:
    with database.write(actor="system") as tx:
        with pytest.raises(errors.NotFound):
            actions.set_password(tx, user_id=UserId(99), password=PASSWORD)
        with pytest.raises(errors.NotFound):
            actions.set_active(tx, user_id=UserId(99), active=False)
        with pytest.raises(errors.NotFound):
            actions.revoke_api_key(tx, key_id=99, now=NOON)
        with pytest.raises(errors.Invalid):
            actions.create_api_key(tx, key=NewKey(" ", Role.READ_ONLY), now=NOON)


def test_an_api_key_is_shown_once_and_works_until_it_is_revoked(database: Database) -> None:
    with database.write(actor="system") as tx:
        key = actions.create_api_key(tx, key=NewKey("till", Role.READ_ONLY), now=NOON)
    with database.read() as tx:
        (stored,) = views.api_keys(tx)
        found = views.principal_of_key(tx, key=key)
        assert views.principal_of_key(tx, key=key + "x") is None
    assert found == Principal(f"api:{stored.id}", "till", Role.READ_ONLY, None)
    assert key.startswith(stored.prefix)
    with database.write(actor="system") as tx:
        actions.revoke_api_key(tx, key_id=stored.id, now=NOON)
        assert views.principal_of_key(tx, key=key) is None


def test_roles_permit_what_the_table_lists() -> None:
    reader = Principal("user:1", "R", Role.READ_ONLY)
    reader.require(Permission.ORDERS_READ)
    with pytest.raises(model.NotAllowed):
        reader.require(Permission.ORDERS_WRITE)
