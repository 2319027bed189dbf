"""Queries of the world's addresses: every parameter at most once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from ipse.web.errors import MalformedForm


def fields(query: str) -> dict[str, str]:
    """The parameters of a query.

    Raises:
        MalformedForm: one is given twice (RFC 6749 §3.1).
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedForm("a parameter is given more than once")
    return found
