"""Connections to other systems."""

from __future__ import annotations

from doorstep.delivery.console.connections import (
    comparison,
    connect,
    files,
    go_live,
    messages,
    names,
    one,
    pages,
    stock,
)

ROUTES = (
    *pages.ROUTES,
    *one.ROUTES,
    *connect.ROUTES,
    *messages.ROUTES,
    *files.ROUTES,
    *names.ROUTES,
    *stock.ROUTES,
    *comparison.ROUTES,
    *go_live.ROUTES,
)
