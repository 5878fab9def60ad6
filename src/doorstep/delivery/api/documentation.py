"""Show the API in Swagger UI, from files of our own: it works without the internet."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

ADDRESS, DOCUMENT = "/api/docs", "/api/openapi.json"
_FILES = Path(__file__).parent / "static" / "vendor"
_NO_ICON = "data:,"


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

    @interface.get(ADDRESS, include_in_schema=False)
    def show() -> Response:
        return page

    interface.mount(f"{ADDRESS}/files", StaticFiles(directory=_FILES), name="swagger-ui")
