"""Start a page of the console: a list with search and CSV, a form that adds to it, and tests, all working.

python -m tools.new_page loyalty members    (make new-page AREA=loyalty NAME=members MODULE=loyalty)
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tools import scaffold
from tools.scaffold import Insertion, Unusable

_ROOT = Path(__file__).resolve().parent.parent
_CONSOLE = "src/doorstep/delivery/console"
_NEEDED = {"views": "def listed(", "actions": "def add(", "model": "LONGEST_NAME"}
_ROUTES = re.compile(
    r"^(from doorstep\.delivery\.console\.\w+ import )([^\n]+)\n\nROUTES = (.+)$", re.MULTILINE
)


def create(root: Path, *, area: str, name: str, module: str) -> list[Path]:
    """Write the page `name` into `area`, a new one if need be, for a module like those of new_module."""
    for each in (area, name, module):
        scaffold.check_name(each)
    _check_module(root, module)
    is_new = not (root / _CONSOLE / area).exists()
    folder, path = f"{_CONSOLE}/{area}", f"/{name.replace('_', '-')}"
    _check_path(root, path)
    pages, forms = ("pages", "forms") if is_new else (name, f"{name}_forms")
    names = scaffold.names_of(module) | {
        "area": area,
        "name": name,
        "module": module,
        "forms": forms if is_new else f"{forms} as forms",
        "path": path,
        "key": area.replace("_", "-"),
        "Title": name.replace("_", " ").capitalize(),
    }
    files = {
        f"{folder}/{pages}.py": "page/pages.txt",
        f"{folder}/{forms}.py": "page/forms.txt",
        f"{folder}/templates/{name}.html": "page/template.txt",
        f"tests/delivery/test_console_{name}.py": "page/test.txt",
    }
    texts = {path: scaffold.filled(template, names) for path, template in files.items()}
    if is_new:
        texts[f"{folder}/__init__.py"] = scaffold.filled("page/area.txt", names)
        return scaffold.write(root, files=texts, insertions=_insertions(names))
    written = scaffold.write(root, files=texts, insertions=[])
    return [*written, _join(root / folder / "__init__.py", name)]


def _check_module(root: Path, module: str) -> None:
    """The page lists and adds by the verbs that `make new-module` writes."""
    folder = root / "src" / "doorstep" / "domain" / module
    for part, text in _NEEDED.items():
        file = folder / f"{part}.py"
        if not file.exists() or text not in file.read_text():
            raise Unusable(
                f"domain/{module}/{part}.py has no `{text.removeprefix('def ').rstrip('(')}`: "
                f"start with make new-module NAME={module}, or name another MODULE."
            )


def _check_path(root: Path, path: str) -> None:
    for file in (root / _CONSOLE).glob("*/*.py"):
        if f'"{path}"' in file.read_text():
            raise Unusable(f"{path} is a page already ({file.relative_to(root)}): choose another name.")


def _insertions(names: dict[str, str]) -> list[Insertion]:
    """The area's import and place in app.py, and its entry in the navigation."""
    area, title = names["area"], names["Title"]
    item = (
        f'    Item("{names["key"]}", _m("{title}"), "{names["path"]}", "layers", Permission.ORDERS_READ),\n'
    )
    return [
        Insertion(
            f"{_CONSOLE}/app.py", r"^from doorstep\.delivery\.console import \(.*?^(\))", f"    {area},\n"
        ),
        Insertion(f"{_CONSOLE}/app.py", r"^AREAS = \(.*?^(    gallery,)", f"    {area},\n"),
        Insertion(f"{_CONSOLE}/navigation.py", r'^    Item\("settings"', item),
    ]


def _join(file: Path, name: str) -> Path:
    """Add the routes of a page to those of its area."""
    text = file.read_text()
    found = _ROUTES.search(text)
    if found is None:
        raise Unusable(f"{file.name} of the area has no line `ROUTES = …`: add the page's routes by hand.")
    start, modules, routes = found.groups()
    inner = routes.removeprefix("(").removesuffix(")") if routes.startswith("(") else f"*{routes}"
    joined = ", ".join(sorted([*modules.split(", "), name]))
    file.write_text(f"{text[: found.start()]}{start}{joined}\n\nROUTES = ({inner}, *{name}.ROUTES)\n")
    return file


def advice(area: str, name: str, module: str) -> str:
    """What to do with the new page."""
    folder = f"{_CONSOLE}/{area}"
    return f"""
/{name.replace("_", "-")} works: it lists what {module} holds and adds to it. Make it yours, in this order:
  1. the columns and filters of its ListPage, and views.listed of {module} for what they need
  2. the form's model, and the verb that it calls
  3. the permissions in ROUTES, and in {_CONSOLE}/navigation.py
  4. {folder}/templates/{name}.html, of the components that /console/components shows
Check with: make check; pytest tests/delivery/test_console_{name}.py"""


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 2 if the page cannot be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("area", help="an area of the console, new or not")
    parser.add_argument("name", help="as in gift_cards")
    parser.add_argument(
        "module", nargs="?", default="", help="the domain module it shows (as the area, if left out)"
    )
    chosen = parser.parse_args(arguments)
    module = chosen.module or chosen.area
    try:
        written = create(_ROOT, area=chosen.area, name=chosen.name, module=module)
    except Unusable as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    lines = [f"wrote {path.relative_to(_ROOT)}" for path in written]
    sys.stdout.write("\n".join([*lines, advice(chosen.area, chosen.name, module), ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
