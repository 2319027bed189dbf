"""Bodies and queries of the world's endpoints: urlencoded, small, every name at most once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

MOST_BYTES = 64 * 1024


class BadFormError(Exception):
    """The body cannot be read as a form."""


async def form(request: Request) -> dict[str, str]:
    """The fields of an `application/x-www-form-urlencoded` body.

    Raises:
        BadFormError: too large, not a form, or a field given twice (RFC 6749 §3.2).
    """
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise BadFormError("the body must be application/x-www-form-urlencoded")
    return fields((await body(request)).decode(errors="replace"))


async def body(request: Request) -> bytes:
    """The body as it came.

    Raises:
        BadFormError: more than 64 kB.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise BadFormError("the body is too large")
        chunks.append(chunk)
    return b"".join(chunks)


def fields(text: str) -> dict[str, str]:
    """The parameters of a query or form.

    Raises:
        BadFormError: one is given twice.
    """
    pairs = parse_qsl(text, keep_blank_values=True)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadFormError("a parameter is given more than once")
    return found
