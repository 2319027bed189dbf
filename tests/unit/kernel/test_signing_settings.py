"""Settings that nobody should sign by are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ipse.kernel.settings import Environment, Settings
from ipse.kernel.settings.checks import signing
from ipse.kernel.settings.parts import Certification, Papers, Signing

OWN = Certification(
    url="unix:/run/ipse/certification.sock",
    credentials="/run/credentials/ipse/certification",
    authorities="/etc/ipse/authorities.pem",
    timestamps="https://tsa.example",
)


def settings(environment: Environment = Environment.PRODUCTION, /, **more: Any) -> Settings:
    names = set(Certification.__struct_fields__)
    certification = msgspec.structs.replace(OWN, **{name: value for name, value in more.items() if name in names})
    given = Signing(activation="unix:/run/ipse/activation.sock", certification=certification)
    given = msgspec.structs.replace(given, **{name: value for name, value in more.items() if name not in names})
    return Settings(
        environment=environment,
        base_url="https://id.example",
        app_origin="https://app.example",
        database="sqlite:////var/lib/ipse/ipse.db",
        keystore="file:/etc/ipse/keystore.json",
        signing=given,
    )


@pytest.mark.parametrize(
    "given",
    [
        settings(),
        settings(url="https://ca.example/.well-known/est/people", quality="qualified"),
        settings(short_term_minutes=30),
        settings(Environment.SANDBOX, quality="test", timestamps="http://127.0.0.1:9005/timestamps"),
        settings(Environment.LAB, quality="test", url="http://127.0.0.1:9005"),
    ],
)
def test_what_is_fine(given: Settings) -> None:
    assert list(signing(given)) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (settings(activation="http://127.0.0.1:1"), "signing.activation"),
        (settings(url="http://ca.example"), "certification.url"),
        (settings(url="http://127.0.0.1:9005"), "certification.url"),
        (settings(url=""), "certification.url"),
        (settings(Environment.SANDBOX, quality="test", url="http://ca.example"), "certification.url"),
        (settings(timestamps="tsa.example"), "timestamps"),
        (settings(quality="test"), "this is production"),
        (settings(Environment.SANDBOX), "only production"),
        (settings(Environment.SANDBOX, quality="qualified", url="https://ca.example"), "only production"),
        (settings(quality="qualified"), "no qualified certificates"),
        (settings(approval_seconds=10), "approval_seconds"),
        (settings(valid_days=0), "valid_days"),
        (settings(short_term_minutes=-1), "short_term_minutes"),
        (settings(papers=Papers(workers=0)), "papers.workers"),
        (settings(papers=Papers(most_files=71)), "papers.most_files"),
    ],
)
def test_what_is_refused(given: Settings, says: str) -> None:
    assert any(says in finding.what for finding in signing(given))


def test_where_nothing_is_signed_nothing_is_judged() -> None:
    assert list(signing(msgspec.structs.replace(settings(), signing=None))) == []
