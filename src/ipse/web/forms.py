"""Form bodies: bounded, each field once, and on our own pages with the token that our page put in."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from ipse.kernel.ids import b64u, sha256
from ipse.web import cookies
from ipse.web.errors import CrossSiteForm, MalformedForm
from ipse.web.queries import parse_pairs

MOST_BYTES = 65_536
MOST_FIELDS = 64


async def read_body(request: Request, *, most: int = MOST_BYTES) -> bytes:
    """The body, at most `most` bytes.

    Raises:
        MalformedForm: the body is larger.
    """
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > most:
            raise MalformedForm(f"larger than {most} bytes")
        parts.append(part)
    return b"".join(parts)


async def read_form(request: Request, *, most: int = MOST_BYTES, most_fields: int = MOST_FIELDS) -> dict[str, str]:
    """The fields of an `application/x-www-form-urlencoded` body.

    Raises:
        MalformedForm: another type, too large, not UTF-8, a NUL, or a field sent twice (RFC 6749 §3.2).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise MalformedForm("content type is not application/x-www-form-urlencoded")
    body = await read_body(request, most=most)
    try:
        pairs = parse_pairs(body.decode("ascii"), most=most_fields)
    except ValueError as error:
        raise MalformedForm("not urlencoded UTF-8") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedForm("a field was sent twice")
    if b"%00" in body:
        raise MalformedForm("a NUL character")
    return fields


async def read_own_form(request: Request, *, most_fields: int = MOST_FIELDS) -> dict[str, str]:
    """The fields of a form of one of our own pages: its hidden `token` must match the browser's cookie (S-13).

    Raises:
        MalformedForm: as `read_form`.
        CrossSiteForm: no cookie, no token, or another browser's token.
    """
    fields = await read_form(request, most_fields=most_fields)
    known = cookies.read(request)
    if known is None:
        raise CrossSiteForm("no browser cookie")
    expected = b64u(sha256("ipse form token v1" + known))
    if not hmac.compare_digest(fields.pop("token", "").encode(), expected.encode()):
        raise CrossSiteForm("wrong form token")
    return fields
