"""One connection: whether it works, what it reads, its messages and settings; test, pause, fill in, change, switch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time

from starlette.responses import Response

from doorstep.bootstrap import connection_settings
from doorstep.bootstrap.connection_settings import SettingField
from doorstep.delivery.console import page
from doorstep.delivery.console.connections import forms
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import health
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Connection, Connector, Feature, Kind, Mode, Standing
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.connections.views import checks, files, maps, messages
from doorstep.domain.identity import views as identity
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.views import publishing
from doorstep.domain.notifications import views as notifications
from doorstep.flows import connection_checks
from doorstep.flows.capture import connection_maps, feed_control
from doorstep.flows.connection_sign_ins import start
from doorstep.flows.go_live.switch import Wanted, go_live
from doorstep.kernel import errors, jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.keyset import Keyset

_NEWEST_MESSAGES = 10
_NEWEST_FILES = 5
_LIMITS = {
    Kind.MESSENGERS: Serves.CHANNELS,
    Kind.PAYMENTS: Serves.CHANNELS,
    Kind.ERP: Serves.LEGAL_ENTITIES,
}


def connection_of(req: PageRequest) -> Connection:
    """The connection that the address names."""
    return req.app.registry.by_key(str(req.http.path_params["key"]))


def connector_of(req: PageRequest, connection: Connection) -> Connector:
    """What a connection is made with."""
    return req.app.registry.connector(connection.kind, connection.connector_id)


def _back(req: PageRequest) -> str:
    return f"{ROOT}/connections/{req.http.path_params['key']}"


def _stock(req: PageRequest, tx: ReadTx, connection: Connection) -> publishing.Counts | None:
    """What a channel got of our stock; None of a connection that takes none."""
    takes = connector_of(req, connection).does(Feature.PUBLISH_STOCK, connection.settings)
    return publishing.counts(tx, connection_id=connection.id) if takes else None


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The page of a connection."""
    connection = connection_of(req)
    newest = Keyset(sort=messages.LATEST.sort, limit=_NEWEST_MESSAGES)
    with req.app.db.read() as tx:
        states = health.connections(tx, now=req.now)
        context = {
            "connection": connection,
            "connector": connector_of(req, connection),
            "health": next(each for each in states if each.id == connection.id),
            "check": checks.latest(tx).get(connection.id),
            "unknown_receipts": notifications.unknown_receipts(tx, connection_id=connection.id),
            "feeds": feed_control.reports(req.app.context, tx, connection=connection),
            "files": files.listed(
                tx, connection_id=connection.id, page=Keyset(sort=files.LATEST.sort, limit=_NEWEST_FILES)
            ),
            "messages": messages.listed(tx, connection_id=connection.id, page=newest),
            "stock": _stock(req, tx, connection),
            "has_names": bool(connection_maps.kinds(connection)),
            "names": maps.counts(tx, connection_id=connection.id),
            "sign_in": start.state(req.app.context, tx, connection=connection),
            "people": {f"user:{each.id}": each.name for each in identity.users(tx)},
            "unsent": jobs.count_shadowed(tx).get(connection.key, 0),
            "settings": _settings(req, connection),
            "serves": ", ".join(connection.serves.get(_LIMITS.get(connection.kind, ""), ())),
            "problem": req.app.registry.problems().get(connection.key, ""),
            "missing": _missing(req, connection),
            "redirect_uri": start.redirect_uri(req.app.context),
            "hook": f"{req.app.context.public_url}/hooks/{connection.key}",
            "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
            "modes": list(Mode),
        }
    return page.render(req, "connections/connection.html", context, toast=toast, status=status)


def is_connected(req: PageRequest, connection: Connection) -> bool:
    """Whether somebody has signed in at the vendor, and still is."""
    with req.app.db.read() as tx:
        state = start.state(req.app.context, tx, connection=connection)
    return state is not None and state.standing is Standing.CONNECTED


def _missing(req: PageRequest, connection: Connection) -> list[str]:
    """The settings that must be set before somebody can sign in, in words."""
    way = req.app.registry.sign_in(connection.id)
    names = way.declared.missing(way.settings) if way else []
    return [
        field.label
        for field in connection_settings.fields_of(connector_of(req, connection))
        if field.name in names
    ]


def _settings(req: PageRequest, connection: Connection) -> list[tuple[SettingField, str]]:
    """Every setting with its value; of a secret only whether it is set."""
    found = connection_settings.fields_of(connector_of(req, connection))
    return [(field, _shown(field, connection.settings)) for field in found]


def _shown(field: SettingField, settings: Mapping[str, object]) -> str:
    value = settings.get(field.name)
    if field.is_secret:
        return _("set") if value else _("not set")
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test(req: PageRequest) -> Response:
    """Test the connection now, outside any transaction."""
    findings = connection_checks.check(req.app.context, connection=connection_of(req), is_asked=True)
    wrong = [str(each.message) for each in findings if not each.is_ok]
    if wrong:
        return page.refuse(req, errors.Refused(wrong[0]), show=show)
    done = _("The connection works.") if findings else _("There is nothing to test: nobody is called.")
    return show(req, Toast(done)) if req.is_fragment else page.go(req, _back(req), done)


def switch(req: PageRequest) -> Response:
    """Switch the connection off, to shadow or live."""

    def verb(tx: WriteTx) -> str:
        form, key = forms.Switch.of(req.form), connection_of(req).key
        if form.mode is Mode.LIVE:
            go_live(req.app.context, tx, key=key, wanted=Wanted())
        else:
            actions.switch(tx, key=key, mode=form.mode)
        return {
            Mode.OFF: _("It is off: nothing is sent or received."),
            Mode.SHADOW: _("It is in shadow mode: calls are logged and not sent."),
            Mode.LIVE: _("It is live."),
        }[form.mode]

    return _changed(req, verb)


def _changed(req: PageRequest, verb: Callable[[WriteTx], str]) -> Response:
    """Run a verb that changes the connection itself, and let this process see it at once."""
    answer = page.act(req, verb, show=show, back=_back(req))
    req.app.registry.look_again()
    return answer


def change_feed(req: PageRequest) -> Response:
    """Pause, resume, cancel or run a feed or a back-fill."""
    verb, reading_id = str(req.http.path_params["verb"]), req.number("feed_id")

    def work(tx: WriteTx) -> str:
        if verb not in feed_control.VERBS:
            raise errors.NotFound(_("There is no such action."))
        feed_control.VERBS[verb](tx, connection=connection_of(req), reading_id=reading_id)
        return {
            "pause": _("Paused. It is read no further until you resume it."),
            "resume": _("Resumed where it was paused."),
            "cancel": _("Canceled. What was read stays."),
            "run": _("It is read now."),
        }[verb]

    return page.act(req, work, show=show, back=_back(req))


def back_fill(req: PageRequest) -> Response:
    """Read a part of a feed's past."""

    def work(tx: WriteTx) -> str:
        form = forms.BackFill.of(req.form)
        since = datetime.combine(form.since, time(), UTC)
        until = datetime.combine(form.until, time(), UTC) if form.until else req.now
        feed_control.start_backfill(
            req.app.context, tx, connection=connection_of(req), feed=form.feed, since=since, until=until
        )
        return _("The back-fill has begun. It is read after all live work.")

    return page.act(req, work, show=show, back=_back(req))


def edit(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The form of a connection's settings."""
    connection = connection_of(req)
    context = {
        "connection": connection,
        "connector": connector_of(req, connection),
        "settings": _settings(req, connection),
        "limit": _LIMITS.get(connection.kind, ""),
        "serves": ", ".join(connection.serves.get(_LIMITS.get(connection.kind, ""), ())),
        "action": f"{_back(req)}/change",
    }
    return page.render(req, "connections/edit.html", context, toast=toast, status=status)


def change(req: PageRequest) -> Response:
    """Save changed settings; secrets that are left blank stay."""

    def verb(tx: WriteTx) -> str:
        connection = connection_of(req)
        given = _given(req, connection_settings.fields_of(connector_of(req, connection)))
        name = req.form.get("name", "").strip() or connection.name
        req.app.registry.change(tx, key=connection.key, name=name, settings=given)
        if connection.kind in _LIMITS:
            wanted = [each.strip() for each in req.form.get("serves", "").split(",") if each.strip()]
            actions.limit(tx, key=connection.key, serves={_LIMITS[connection.kind]: wanted})
        return _("Saved. The connection is tested within a minute.")

    answer = page.act(req, verb, show=edit, back=_back(req))
    req.app.registry.look_again()
    return answer


def _given(req: PageRequest, fields: list[SettingField]) -> dict[str, object]:
    """The settings as they were typed; a blank secret is left out, a blank optional setting gets its default."""
    typed = {each.name: req.form.get(each.name, "").strip() for each in fields}
    return {each.name: typed[each.name] for each in fields if typed[each.name] or not (each.is_secret)}


def choose(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The connectors, to add a connection of one."""
    found = sorted(req.app.registry.connectors.values(), key=lambda each: (each.kind.value, each.label))
    wanted = next((each for each in found if f"{each.kind.value}/{each.id}" == req.query("connector")), None)
    context = {
        "connectors": found,
        "connector": wanted,
        "settings": [(field, field.default) for field in connection_settings.fields_of(wanted)]
        if wanted
        else [],
        "redirect_uri": start.redirect_uri(req.app.context),
        "action": f"{ROOT}/connections/add",
    }
    return page.render(req, "connections/new.html", context, toast=toast, status=status)


def add(req: PageRequest) -> Response:
    """Create a connection; it starts in shadow mode, so that nothing is sent before somebody has looked at it."""

    def verb(tx: WriteTx) -> str:
        form = forms.New.of(req.form)
        kind, _slash, connector_id = form.connector.partition("/")
        connector = req.app.registry.connector(Kind(kind), connector_id)
        if form.key in {each.key for each in health.connections(tx, now=req.now)}:
            raise errors.Conflict(_("A connection has this key already: choose another."), field="key")
        given = _given(req, connection_settings.fields_of(connector))
        req.app.registry.configure(
            tx, key=form.key, connector=connector, name=form.name or form.key, settings=given
        )
        return form.key

    try:
        key = req.app.db.transact(verb, actor=req.principal.actor, trace_id=req.trace_id)
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=choose)
    req.app.registry.look_again()
    done = _("Added in shadow mode: calls are logged and not sent until you switch it to live.")
    return page.go(req, f"{ROOT}/connections/{key}", done)


ROUTES: Routes = (
    Read("/connections/new", choose, Permission.CONNECTIONS_WRITE),
    Verb("/connections/add", add, Permission.CONNECTIONS_WRITE),
    Read("/connections/{key}", show, Permission.CONNECTIONS_READ),
    Read("/connections/{key}/edit", edit, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/change", change, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/test", test, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/switch", switch, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/back-fill", back_fill, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/feeds/{feed_id:int}/{verb}", change_feed, Permission.CONNECTIONS_WRITE),
)
