"""Style sheets, scripts and pictures: read once at start, named by a hash of them all, kept by browsers for a year.

`ipse/web/static/x.css` is `/static/<version>/x.css`, `ipse/signin/static/x.js` is `/static/<version>/signin/x.js`.
The version stands in the path, so that modules which import each other by relative name share it.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from ipse.web.errors import NotFound
from ipse.web.routes import Caller, Route

TYPES = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
    "png": b"image/png",
    "woff2": b"font/woff2",
    "txt": b"text/plain; charset=utf-8",
}
PACKED = {TYPES["png"], TYPES["woff2"]}
"""Types that are compressed already. The others go out with gzip where the browser takes it: nothing in them is secret,
so that their length tells nothing."""
FOREVER = b"public, max-age=31536000, immutable"
SHORTLY = b"public, max-age=60"


class Assets:
    """The files of some packages' `static` folders, in memory."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._files: dict[str, tuple[bytes, bytes]] = {}
        self._smaller: dict[str, bytes] = {}
        for package in packages:
            feature = package.rpartition(".")[2]
            self._read(resources.files(package) / "static", "" if feature == "web" else f"{feature}/")
        total = hashlib.sha256()
        for name, (content, _) in sorted(self._files.items()):
            total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        self.version = total.hexdigest()[:12]

    def _read(self, folder: Traversable, prefix: str) -> None:
        if not folder.is_dir():
            return
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.is_dir():
                self._read(entry, f"{prefix}{entry.name}/")
            elif (kind := TYPES.get(entry.name.rpartition(".")[2])) is not None:
                name, content = prefix + entry.name, entry.read_bytes()
                self._files[name] = (content, kind)
                if kind not in PACKED and len(squeezed := _squeezed(content)) < len(content):
                    self._smaller[name] = squeezed

    def url(self, name: str) -> str:
        """The address of a file.

        Raises:
            KeyError: there is no such file; a misspelt name fails when the page is first rendered.
        """
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def content(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            KeyError: there is no such file.
        """
        return self._files[name][0]

    async def answer(self, request: Request) -> Response:
        """Serve one file; under an older version's address the present file, but not for long."""
        name = request.path_params["name"]
        found = self._files.get(name)
        if found is None:
            raise NotFound("no such static file")
        content, kind = found
        fresh = request.path_params["version"] == self.version
        headers = [(b"content-type", kind), (b"cache-control", FOREVER if fresh else SHORTLY)]
        if (smaller := self._smaller.get(name)) is not None:
            headers.append((b"vary", b"accept-encoding"))
            if "gzip" in request.headers.get("accept-encoding", ""):
                content = smaller
                headers.append((b"content-encoding", b"gzip"))
        response = Response(content)
        response.raw_headers += headers
        return response


@lru_cache(maxsize=1024)
def _squeezed(content: bytes) -> bytes:
    """With gzip; each face of the scheme serves mostly the same files."""
    return gzip.compress(content, mtime=0)


def routes(assets: Assets) -> list[Route]:
    """The one route of static files."""
    return [Route("/static/{version}/{name:path}", assets.answer, caller=Caller.PUBLIC, limit="static")]
