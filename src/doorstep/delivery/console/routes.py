"""What an area adds to the console: pages to read and verbs to post, each with the permission it needs."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.delivery.console.request import Page, Stranger
from doorstep.domain.identity.model import Permission


@dataclass(frozen=True, slots=True)
class Read:
    """A page; without a permission, every signed-in person may open it. Others sign in first, or get what `stranger` answers."""

    path: str
    page: Page
    permission: Permission | None = None
    stranger: Stranger | None = None
    method = "GET"


@dataclass(frozen=True, slots=True)
class Verb:
    """An action, posted by a form. A GET of its address leads to the page that it stands on."""

    path: str
    page: Page
    permission: Permission | None = None
    stranger: Stranger | None = None
    method = "POST"


Routes = tuple[Read | Verb, ...]
