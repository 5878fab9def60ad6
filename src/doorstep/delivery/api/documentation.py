"""Show the API in Swagger UI, from files of our own: it works without the internet."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
ADDRESS, DOCUMENT = "/api/docs", "/api/openapi.json"
_FILES = Path(__file__).parent / "static" / "vendor"
_NO_ICON = "data:,"


def _policy(page: str) -> str:
    """Only our files, and the one script in the page: nothing else runs in the console's origin."""
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'"
        for each in _SCRIPT.findall(page)
    )
    return (
        f"default-src 'none'; script-src 'self' {digests}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def add_to(interface: FastAPI) -> None:
    """Serve the page and its files."""
    # Nothing of the document is sent to Swagger's public validator.
    options = {"validatorUrl": None, "persistAuthorization": False}
    page = get_swagger_ui_html(
        openapi_url=DOCUMENT,
        title=f"{interface.title} API",
        swagger_js_url=f"{ADDRESS}/files/swagger-ui-5.35.0.bundle.js",
        swagger_css_url=f"{ADDRESS}/files/swagger-ui-5.35.0.css",
        swagger_favicon_url=_NO_ICON,
        swagger_ui_parameters=options,
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())

    @interface.get(ADDRESS, include_in_schema=False)
    def show() -> Response:
        return page

    interface.mount(f"{ADDRESS}/files", StaticFiles(directory=_FILES), name="swagger-ui")
