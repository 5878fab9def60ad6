"""Names: what a vendor calls our products, locations, carriers and more; and what nobody has mapped yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from doorstep.delivery.console import badges, labels, page
from doorstep.delivery.console.connections import forms
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections.model import Connection
from doorstep.domain.connections.model.maps import OUTGOING, MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.connections.views.maps import MapRow, Unmapped
from doorstep.domain.identity.model import Permission
from doorstep.flows.capture import connection_maps
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Named:
    """A row: theirs and ours, one of them blank while nobody has mapped it."""

    kind: MapKind
    theirs: str
    ours: str
    suggestion: str = ""
    messages: int = 0
    by: str = ""
    is_suggested: bool = False

    @property
    def is_ours_missing(self) -> bool:
        """Whether ours is to be entered; of carriers and taxes it is the vendor's name."""
        return self.kind not in OUTGOING


def _mapped(row: MapRow) -> Named:
    kind = MapKind(row.kind)
    theirs, ours = (row.target, row.source) if kind in OUTGOING else (row.source, row.target)
    return Named(kind, theirs, ours, by=row.changed_by, is_suggested=row.is_suggested)


def _unmapped(row: Unmapped, suggestions: Mapping[str, str]) -> Named:
    kind = MapKind(row.kind)
    suggestion = suggestions.get(row.source, "") if kind is MapKind.SKU else ""
    if kind in OUTGOING:
        return Named(kind, "", row.source, messages=row.messages)
    return Named(kind, row.source, "", suggestion, row.messages)


def _choices(
    req: PageRequest, tx: ReadTx, kinds: Sequence[MapKind]
) -> Mapping[MapKind, list[tuple[str, str]]]:
    """What can be chosen for each kind; where anything can be entered there is no list."""
    found = {kind: connection_maps.our_values(req.app.context, tx, kind=kind) for kind in kinds}
    return {
        kind: [(value, _word(kind, value)) for value in values]
        for kind, values in found.items()
        if values is not None
    }


def _word(kind: MapKind, value: str) -> str:
    return badges.badge("tracking", value).word if kind is MapKind.STATUS else value


def _rows(tx: ReadTx, connection: Connection) -> tuple[list[Named], list[Named]]:
    """What nobody has mapped, most frequent first, and the maps."""
    waiting = maps.unmapped(tx, connection_id=connection.id)
    suggestions = connection_maps.suggestions(tx, unmapped=waiting)
    mapped = maps.listed(tx, connection_id=connection.id)
    return [_unmapped(each, suggestions) for each in waiting], [_mapped(each) for each in mapped]


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The names of a connection."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    kinds = connection_maps.kinds(connection)
    with req.app.db.read() as tx:
        unmapped, mapped = _rows(tx, connection)
        choices = _choices(req, tx, kinds)
    context = {
        "connection": connection,
        "unmapped": unmapped,
        "mapped": mapped,
        "kinds": [(kind.value, _(labels.MAP_KINDS[kind])) for kind in kinds],
        "words": labels.MAP_KINDS,
        "choices": choices,
        "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
    }
    return page.render(req, "connections/names.html", context, toast=toast, status=status)


def show_unmapped(req: PageRequest) -> Response:
    """What nobody has mapped, of every connection."""
    with req.app.db.read() as tx:
        waiting = maps.unmapped(tx)
        suggestions = connection_maps.suggestions(tx, unmapped=waiting)
    rows = [(each, _unmapped(each, suggestions)) for each in waiting]
    return page.render(req, "connections/unmapped.html", {"rows": rows, "words": labels.MAP_KINDS})


def set_map(req: PageRequest) -> Response:
    """Map a name."""

    def verb(tx: WriteTx) -> str:
        form = forms.MapForm.of(req.form)
        connection_maps.set_map(
            req.app.context,
            tx,
            connection=req.app.registry.by_key(str(req.http.path_params["key"])),
            kind=form.kind,
            external_value=form.external,
            our_value=form.ours,
        )
        return _("Mapped. What waited for it goes on.")

    return page.act(req, verb, show=show, back=_back(req))


def remove_map(req: PageRequest) -> Response:
    """Remove a map."""

    def verb(tx: WriteTx) -> str:
        form = forms.MapForm.of(req.form)
        connection = req.app.registry.by_key(str(req.http.path_params["key"]))
        connection_maps.remove_map(
            tx, connection=connection, kind=form.kind, external_value=form.external, our_value=form.ours
        )
        return _("The map is removed. What comes from now on is not translated.")

    return page.act(req, verb, show=show, back=_back(req))


def _back(req: PageRequest) -> str:
    return f"{ROOT}/connections/{req.http.path_params['key']}/names"


ROUTES: Routes = (
    Read("/unmapped-names", show_unmapped, Permission.CONNECTIONS_READ),
    Read("/connections/{key}/names", show, Permission.CONNECTIONS_READ),
    Verb("/connections/{key}/map", set_map, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/unmap", remove_map, Permission.CONNECTIONS_WRITE),
)
