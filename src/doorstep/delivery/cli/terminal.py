"""The consoles that commands print on: brackets in data, errors and file names are text, never markup."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.text import Text

out = Console(markup=False, highlight=False)
err = Console(stderr=True, markup=False, highlight=False)


def styled(template: str, **values: object) -> Text:
    """Text with the markup of `template`, such as "[bold]{name}[/bold]"; brackets in the values stay text."""
    return Text.from_markup(template.format_map({name: escape(str(value)) for name, value in values.items()}))
