"""What enrolment publishes: documents in four languages (B-3, B-13), and public keys."""

from __future__ import annotations

import hashlib

import pytest

from tests.functional.enrolment.party import Browser, Stage


async def test_every_document_of_the_configuration_has_the_text_whose_hash_it_names(stage: Stage) -> None:
    browser = Browser(stage)
    configuration = (await browser.open(f"{stage.base}/phone/v1/configuration")).json()
    assert {(each["kind"], each["language"]) for each in configuration["documents"]} >= {
        (kind, language) for kind in ("terms", "privacy") for language in ("nl", "fr", "de", "en")
    }
    for each in configuration["documents"]:
        page = await browser.open(each["url"])
        assert (page.status_code, page.headers["content-language"]) == (200, each["language"])
        assert each["sha256"] in page.text
        exact = await browser.open(each["url"] + "&format=text")
        assert hashlib.sha256(exact.content).hexdigest() == each["sha256"]
        assert exact.headers["access-control-allow-origin"] == stage.app


@pytest.mark.parametrize(("header", "language"), [("fr-BE,fr;q=0.9", "fr"), ("it", "en")])
async def test_a_document_speaks_the_browsers_language(stage: Stage, header: str, language: str) -> None:
    page = await Browser(stage).http.get(
        f"{stage.base}/enrolment/documents/practice", headers={"accept-language": header}
    )
    assert page.headers["content-language"] == language


async def test_no_other_document(stage: Stage) -> None:
    assert (await Browser(stage).open(f"{stage.base}/enrolment/documents/secrets")).status_code == 404


async def test_the_published_keys_are_public(stage: Stage) -> None:
    keys = (await Browser(stage).open(f"{stage.base}/enrolment/jwks")).json()["keys"]
    assert [key["alg"] for key in keys] == ["ES256"]
    assert all("d" not in key for key in keys)
