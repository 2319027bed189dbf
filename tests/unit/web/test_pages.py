"""Pages: escaping, policy, and the prepared form that hot pages use."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ipse.kernel.ids import RandomIds
from ipse.web.pages import Gapped, Pages, form_source

NASTY = "\"><script>alert('x')</script>{{ 7*7 }}\x00&"


@pytest.fixture
def pages() -> Pages:
    return Pages(name="Ipse", ids=RandomIds(), packages=("ipse.signin",))


FIELDS = {
    name: f"value of {name}"
    for name in (
        "here", "title", "partner", "service", "purpose", "frame_id", "frame_secret", "elapsed", "left", "left_text",
        "full", "frame", "digits", "link", "form_token",
    )
}  # fmt: skip
CONTEXT: dict[str, Any] = {
    "state": "waiting",
    "start": "",
    "extensible": True,
    "matched": False,
    "broker": "",
    "explained": True,
    "numbered": False,
    "known": False,
    "fallback": False,
    "wished": "",
    "phone_down": False,
    "plain": False,
    "long": False,
    "app_origin": "http://localhost:18302",
}


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_the_prepared_page_is_the_rendered_page(pages: Pages, language: str) -> None:
    fast = pages.render_fast("signin/page.html", language, FIELDS, **CONTEXT)
    nonce = re.search(rb'nonce="([^"]+)"', fast.body)
    assert nonce is not None
    slow = pages.html("signin/page.html", language, nonce=nonce[1].decode(), **FIELDS, **CONTEXT)
    assert bytes(fast.body).decode() == slow


def test_what_comes_from_outside_is_escaped(pages: Pages) -> None:
    """S-14."""
    body = bytes(pages.render_fast("signin/page.html", "en", dict.fromkeys(FIELDS, NASTY), **CONTEXT).body).decode()
    assert "<script>alert" not in body
    assert '""><' not in body
    assert body.count("{{ 7*7 }}") > 10
    slow = bytes(
        pages.render(
            "signin/over.html", "en", state="expired", here=NASTY, title=NASTY, text=NASTY, hint=NASTY, back=NASTY,
            back_text=NASTY,
        ).body
    ).decode()  # fmt: skip
    assert "<script>alert" not in slow


def test_each_answer_has_a_nonce_of_its_own(pages: Pages) -> None:
    policies = {
        pages.render_fast("signin/page.html", "en", FIELDS, **CONTEXT).headers["content-security-policy"]
        for _ in range(20)
    }
    assert len(policies) == 20


def test_the_policy_of_a_page(pages: Pages) -> None:
    """S-11: nothing by default, scripts by nonce, forms to us and to the one origin named."""
    response = pages.render_fast("signin/page.html", "en", FIELDS, form_action="https://shop.example", **CONTEXT)
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";") if part.strip()
    )
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert policy["form-action"] == "'self' https://shop.example"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"


def test_pages_hold_no_inline_script_or_style(pages: Pages) -> None:
    """S-14: the policy would block them; nobody may need them."""
    html = bytes(pages.render_fast("signin/page.html", "en", FIELDS, **CONTEXT).body).decode()
    assert not re.search(r"\son\w+=|style=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_every_page_links_terms_privacy_and_practice(pages: Pages) -> None:
    """B-13."""
    html = bytes(pages.render_fast("signin/page.html", "fr", FIELDS, **CONTEXT).body).decode()
    for kind in ("terms", "privacy", "practice"):
        assert f'href="/enrolment/documents/{kind}?lang=fr"' in html


def test_the_page_is_small(pages: Pages) -> None:
    assert len(pages.render_fast("signin/page.html", "de", FIELDS, **CONTEXT).body) < 20_000


def test_gaps_are_filled_in_order() -> None:
    gapped = Gapped(f"a{Gapped.gap('x')}b{Gapped.gap('y')}{Gapped.gap('x')}")
    assert gapped.filled({"x": "<", "y": "2"}) == "a&lt;b2&lt;"


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://shop.example/back?x=1", "https://shop.example"),
        ("http://127.0.0.1:8001/shop", "http://127.0.0.1:8001"),
        ("com.example.app:/back", "com.example.app:"),
    ],
)
def test_the_form_action_source(url: str, source: str) -> None:
    assert form_source(url) == source
