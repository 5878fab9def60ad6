"""Every component of the console is on its page of components."""

from __future__ import annotations

import jinja2
from jinja2 import nodes
from tests.tidy.test_messages import SOURCE

from doorstep.delivery.console.components import library

CONSOLE = SOURCE / "delivery" / "console"
FRAME = {"drawer"}  # stands on every page


def _tree(path: str) -> nodes.Template:
    return jinja2.Environment(autoescape=True).parse((CONSOLE / path).read_text())


def _macros() -> dict[str, nodes.Macro]:
    trees = [_tree(f"components/templates/{name}.html") for name in library.FILES]
    return {macro.name: macro for tree in trees for macro in tree.find_all(nodes.Macro)}


def _shown() -> set[str]:
    """Macros that the page of components uses, itself or by way of another macro."""
    macros = _macros()
    page = _tree("gallery/templates/gallery.html")
    todo = {each.attr for each in page.find_all(nodes.Getattr) if isinstance(each.node, nodes.Name)}
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in macros and name not in found:
            found.add(name)
            todo |= {each.name for each in macros[name].find_all(nodes.Name)}
    return found


def test_every_component_is_on_the_page_of_components() -> None:
    assert {name for name in _macros() if not name.startswith("_")} - _shown() - FRAME == set()


def test_every_file_of_components_is_loaded() -> None:
    assert {path.stem for path in (CONSOLE / "components" / "templates").glob("*.html")} == set(library.FILES)
