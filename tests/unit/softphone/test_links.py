"""What a scanner reads."""

from __future__ import annotations

import pytest

from ipse.softphone.errors import UnusableLink
from ipse.softphone.links import parse


@pytest.mark.parametrize(
    ("content", "kind", "value"),
    [
        ("http://localhost:8002/#f=abc.17.mac_-", "frame", "abc.17.mac_-"),
        ("https://app.example.org/#l=abc", "link", "abc"),
        ("  https://app.example.org/#l=abc=\n", "link", "abc="),
    ],
)
def test_a_start_is_read(content: str, kind: str, value: str) -> None:
    start = parse(content)
    assert (start.kind, start.value) == (kind, value)


@pytest.mark.parametrize("content", ["", "hello", "http://localhost:8002/", "http://x/#f=", "http://x/#q=1", "f=abc"])
def test_anything_else_is_refused(content: str) -> None:
    with pytest.raises(UnusableLink):
        parse(content)


def test_the_digest_names_a_start_without_holding_it() -> None:
    start = parse("http://x/#l=secret-link-value")
    assert start.digest == parse("http://y/#l=secret-link-value").digest
    assert "secret" not in start.digest
