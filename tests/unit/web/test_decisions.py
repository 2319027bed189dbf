"""Languages, addresses and buckets: decisions without HTTP."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.kernel.addresses import counted
from ipse.kernel.clock import FrozenClock
from ipse.kernel.settings import Limits
from ipse.web import languages
from ipse.web.addresses import client_address
from ipse.web.errors import TooManyRequests
from ipse.web.limits import Buckets


@pytest.mark.parametrize(
    ("asked", "preferred", "chosen"),
    [
        ("fr nl", "de", "fr"),
        ("nl-BE", None, "nl"),
        ("xx", "de-AT,en;q=0.5", "de"),
        (None, "en;q=0.2, fr;q=0.9, nl;q=0", "fr"),
        (None, "nl;q=0", "en"),
        (None, "sv,da;q=0.7", "en"),
        ("", "", "en"),
        (None, ";;q=x,,", "en"),
        ("FR_be", None, "fr"),
    ],
)
def test_the_language(asked: str | None, preferred: str | None, chosen: str) -> None:
    assert languages.choose(asked, preferred) == chosen


@given(st.text(), st.text())
def test_any_header_gives_a_language(asked: str, preferred: str) -> None:
    assert languages.choose(asked, preferred) in languages.LANGUAGES


@pytest.mark.parametrize("package", ["ipse.web", "ipse.signin"])
def test_texts_are_the_same_in_all_languages(package: str) -> None:
    texts = languages.load([package])
    ids = texts["en"].ids()
    assert ids
    for language, found in texts.items():
        assert found.ids() == ids, language
        for id_ in ids:
            assert placeholders(found.text(id_)) == placeholders(texts["en"].text(id_)), (language, id_)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def scope(peer: str, *forwarded: str) -> dict[str, object]:
    return {"client": (peer, 1), "headers": [(b"x-forwarded-for", text.encode()) for text in forwarded]}


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.9", ["198.51.100.1"], (), "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.2", ["198.51.100.1"], ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.2", ["1.2.3.4, 198.51.100.1, 10.0.0.7"], ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.2", ["1.2.3.4", "198.51.100.1"], ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.2", ["nonsense"], ("10.0.0.0/8",), "10.0.0.2"),
        ("10.0.0.2", [], ("10.0.0.2/32",), "10.0.0.2"),
        ("::1", ["2001:db8::5"], ("::1/128",), "2001:db8::5"),
        ("127.0.0.1", ["6.6.6.6"], (), "127.0.0.1"),
    ],
)
def test_only_named_proxies_speak_for_others(
    peer: str, forwarded: list[str], trusted: tuple[str, ...], address: str
) -> None:
    assert client_address(scope(peer, *forwarded), trusted) == address


def test_an_ipv6_customer_is_one_client() -> None:
    assert counted("2001:db8:1:2::5") == counted("2001:db8:1:2:ffff::1")
    assert counted("2001:db8:1:2::5") != counted("2001:db8:1:3::5")
    assert counted("::ffff:192.0.2.1") == counted("192.0.2.1")


def test_buckets_keep_bounded_memory() -> None:
    buckets = Buckets(Limits(), FrozenClock(), most=100)
    for number in range(1000):
        buckets.take("page", f"192.0.2.{number}")
    assert len(buckets) == 100


def test_an_empty_bucket_stays_refused_while_it_is_hammered() -> None:
    clock = FrozenClock()
    buckets = Buckets(Limits(), clock)
    limit = Limits().page
    for _ in range(limit.burst):
        buckets.take("page", "192.0.2.1")
    answered = 0
    for _ in range(600):
        clock.advance(seconds=0.1)
        try:
            buckets.take("page", "192.0.2.1")
            answered += 1
        except TooManyRequests:
            pass
    assert limit.per_minute - 1 <= answered <= limit.per_minute
