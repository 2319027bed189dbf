"""What a lab changes in requests, and what it leaves alone."""

from __future__ import annotations

import pytest

from ipse.kernel.clock import SECOND
from ipse.kernel.lab import Lab
from ipse.lab.rules import continues, in_the_body, metadata, served, silent

LAB = Lab(default_services={"suite": "CODE"}, any_display=True)
NOW = 1_000_000 * SECOND


def test_a_scope_without_a_service_gets_that_of_its_client() -> None:
    asked = [("client_id", "suite"), ("scope", "openid profile"), ("state", "x")]
    assert ("scope", "openid profile service:CODE") in served(asked, LAB)
    assert served([("client_id", "other"), ("scope", "openid")], LAB) == [("client_id", "other"), ("scope", "openid")]


def test_a_service_that_is_named_stays() -> None:
    asked = [("client_id", "suite"), ("scope", "openid service:OTHER")]
    assert served(asked, LAB) == asked


@pytest.mark.parametrize("indirect", ["request", "request_uri"])
def test_objects_and_references_stay_as_they_are(indirect: str) -> None:
    asked = [("client_id", "suite"), (indirect, "x"), ("display", "popup"), ("scope", "openid")]
    assert served(asked, LAB) == asked


def test_display_goes_only_where_the_switch_is_on() -> None:
    asked = [("display", "popup"), ("state", "x")]
    assert served(asked, LAB) == [("state", "x")]
    assert served(asked, Lab()) == asked


@pytest.mark.parametrize(
    ("asked", "age", "expected"),
    [
        ({"prompt": "none"}, 5, True),
        ({"prompt": "none"}, None, False),
        ({"prompt": "none", "max_age": "10"}, 5, True),
        ({"prompt": "none", "max_age": "1"}, 5, False),
        ({"max_age": "10000"}, 5, True),
        ({"max_age": "1"}, 5, False),
        ({"max_age": "-1"}, 5, False),
        ({"max_age": "x"}, 5, False),
        ({"max_age": "10000", "prompt": "login"}, 5, False),
        ({"prompt": "consent"}, 5, False),
        ({}, 5, False),
    ],
)
def test_when_a_remembered_browser_sees_no_page(asked: dict[str, str], age: int | None, *, expected: bool) -> None:
    login = None if age is None else NOW - age * SECOND
    assert continues(list(asked.items()), login, NOW) is expected


def test_the_scheme_is_not_asked_to_show_no_page() -> None:
    assert silent([("prompt", "none"), ("max_age", "9"), ("state", "x")]) == [("state", "x")]


def test_a_secret_goes_into_the_body_of_named_clients() -> None:
    client = ("suite", "the secret")
    assert in_the_body("code=x", client, {"suite"}) == [("client_id", "suite"), ("client_secret", "the secret")]
    assert in_the_body("code=x&client_id=suite", client, {"suite"}) == [("client_secret", "the secret")]
    assert in_the_body("code=x", client, {"other"}) is None
    assert in_the_body("client_secret=y", client, {"suite"}) is None
    assert in_the_body("client_assertion=y", client, {"suite"}) is None


def test_the_document_changes_where_a_switch_is_on() -> None:
    said: dict[str, object] = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    assert metadata(Lab(), said) == {}
    found = metadata(Lab(basic_clients=("a",), any_display=True), said)
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt", "client_secret_basic"]
    assert found["display_values_supported"] == ["page", "popup", "touch", "wap"]
