"""The application that serves the app's origin."""

from __future__ import annotations

import mimetypes
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.ids import b64u, sha256
from ipse.web.routes import Caller, Route

_JSON = "application/json"


def app_files(base_url: str) -> dict[str, tuple[bytes, str]]:
    """The app's files by path, with their media types; `/app.json` tells the app where the scheme is."""
    files: dict[str, tuple[bytes, str]] = {}
    _collect(resources.files("ipse.mobile") / "static" / "app", "", files)
    files["/"] = files["/index.html"]
    files["/app.json"] = (msgspec.json.encode({"base": base_url}), _JSON)
    return files


def _collect(folder: Traversable, prefix: str, files: dict[str, tuple[bytes, str]]) -> None:
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}"
        if entry.is_dir():
            _collect(entry, path, files)
        else:
            kind = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            if entry.name.endswith(".webmanifest"):
                kind = "application/manifest+json"
            files[path] = (entry.read_bytes(), "text/javascript" if kind.endswith("javascript") else kind)


def app_routes(base_url: str) -> list[Route]:
    """The app's origin: static files, nothing else, under a policy of its own."""
    files = app_files(base_url)
    tags = {path: f'"{b64u(sha256(octets)[:12])}"' for path, (octets, _) in files.items()}
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self' {base_url}; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; "
        "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "content-security-policy": policy,
        "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
        "cache-control": "no-cache",
    }

    async def file(request: Request) -> Response:
        path = request.scope["path"]
        if path not in files:
            return Response("There is nothing here.", 404, media_type="text/plain")
        if request.headers.get("if-none-match") == tags[path]:
            return Response(status_code=304, headers={**headers, "etag": tags[path]})
        octets, kind = files[path]
        return Response(octets, media_type=kind, headers={**headers, "etag": tags[path]})

    return [Route("/{path:path}", file, caller=Caller.PUBLIC, limit="static")]
