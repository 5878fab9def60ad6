"""Join the style sheets and scripts of components and areas; give each address the version of its content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent
_FIRST = ("frame", "components")
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def _joined(suffix: str) -> str:
    """Every file of a kind: frame first, then components, then areas, each by name; tokens before all rules."""
    files = sorted(HERE.glob(f"*/static/*.{suffix}"))
    ranks = {folder: rank for rank, folder in enumerate(_FIRST)}

    def order(path: Path) -> tuple[int, bool, bool, str]:
        folder = path.relative_to(HERE).parts[0]
        leads = (path.stem != "tokens", path.stem not in {"base", "frame"})
        return ranks.get(folder, len(ranks)), *leads, str(path)

    return "\n".join(path.read_text() for path in sorted(files, key=order))


STYLES = _joined("css")
SCRIPTS = _joined("js")


def _version() -> str:
    """Changes whenever a file does, so that browsers may keep what they have for ever."""
    found = hashlib.sha256((STYLES + SCRIPTS).encode())
    for path in sorted((HERE / "static").rglob("*")):
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


VERSION = _version()


class _Forever(StaticFiles):
    """Files whose address changes with their content may be kept by browsers."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # Starlette's own arguments, unchanged
        response.headers.update(_FOREVER)
        return response


def _styles(_request: Request) -> Response:
    return Response(STYLES, media_type="text/css", headers=_FOREVER)


def _scripts(_request: Request) -> Response:
    return Response(SCRIPTS, media_type="text/javascript", headers=_FOREVER)


def routes() -> list[BaseRoute]:
    """One style sheet, one script, and the files that are served as they are (icons, vendored scripts)."""
    base = f"/static/{VERSION}"
    return [
        Route(f"{base}/console.css", _styles, methods=["GET"]),
        Route(f"{base}/console.js", _scripts, methods=["GET"]),
        Mount(base, _Forever(directory=HERE / "static")),
    ]
