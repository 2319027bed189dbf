"""The one cookie: a random value that names a browser's session and means nothing by itself.

Features store only its hash. `__Host-` and `Secure` wherever people reach us by https, the same cookie without them
on loopback http, decided here and nowhere else (`Edge.secure`).
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from ipse.kernel.ids import Ids, b64u, sha256

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_KEPT = "ipse.browser"


def name(*, secure: bool) -> str:
    """The cookie's name."""
    return "__Host-ipse" if secure else "ipse"


def read(request: Request) -> str | None:
    """The value this browser sent, or None; values we cannot have made are as good as none."""
    scope = request.scope
    if _KEPT not in scope:
        scope[_KEPT] = _from_headers(scope["headers"], name(secure=scope["ipse.edge"].secure).encode())
    value: str | None = scope[_KEPT]
    return value


def value(request: Request, ids: Ids) -> str:
    """The browser's value, or a new one that `ensure` will hand out with the response."""
    known = read(request)
    if known is None:
        known = request.scope[_KEPT] = ids.secret()
        request.scope["ipse.browser.new"] = True
    return known


def browser_hash(request: Request, ids: Ids) -> bytes:
    """What a feature stores: SHA-256 of the value (a new one where the browser had none)."""
    return sha256(value(request, ids))


def known_hash(request: Request) -> bytes | None:
    """SHA-256 of the value the browser sent, or None."""
    known = read(request)
    return None if known is None else sha256(known)


def ensure(request: Request, response: Response, ids: Ids) -> None:
    """Hand out the cookie with `response` if the browser does not hold one yet."""
    text = value(request, ids)
    if not request.scope.get("ipse.browser.new"):
        return
    secure = request.scope["ipse.edge"].secure
    cookie = f"{name(secure=secure)}={text}; Path=/; HttpOnly; SameSite=Lax"
    response.raw_headers.append((b"set-cookie", (cookie + "; Secure" if secure else cookie).encode()))


def form_token(request: Request, ids: Ids) -> str:
    """The hidden value of forms on a page for this browser: derived one way from the cookie."""
    return b64u(sha256("ipse form token v1" + value(request, ids)))


def read_kept(request: Request, kept: str) -> str | None:
    """The value of a cookie that `give_kept` handed out, or None; `kept` is its word, such as `known`."""
    wanted = f"{name(secure=request.scope['ipse.edge'].secure)}-{kept}"
    return _from_headers(request.scope["headers"], wanted.encode())


def give_kept(
    request: Request, response: Response, kept: str, value: str, *, seconds: int | None, same_site: str = "Lax"
) -> None:
    """Hand out a cookie of its own that the browser keeps for so many seconds; None: until it is closed."""
    age = "" if seconds is None else f" Max-Age={seconds};"
    _give(request, response, kept, f"{value}; Path=/;{age} HttpOnly; SameSite={same_site}")


def take_kept(request: Request, response: Response, kept: str) -> None:
    """Have the browser forget a cookie of its own."""
    _give(request, response, kept, "; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")


def _give(request: Request, response: Response, kept: str, rest: str) -> None:
    secure = request.scope["ipse.edge"].secure
    cookie = f"{name(secure=secure)}-{kept}={rest}"
    response.raw_headers.append((b"set-cookie", (cookie + "; Secure" if secure else cookie).encode()))


def _from_headers(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    found = None
    for header, content in headers:
        if header != b"cookie":
            continue
        for part in content.split(b";"):
            key, _, text = part.strip().partition(b"=")
            if key == wanted:
                if found is not None:
                    # Two cookies of one name: somebody planted one. Neither counts.
                    return None
                found = text.decode("latin-1")
    return found if found is not None and _VALUE.fullmatch(found) else None
