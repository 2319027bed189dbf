"""The file of authorities that issue partners' certificates: found wanting before anybody meets it (S-10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipse.app.certificates import certificate_findings, partner_authorities
from ipse.kernel.clock import SystemClock
from ipse.kernel.settings import Environment, Settings, SettingsError
from tests.support.certificates import issue

AUTHORITY, ENDED = issue("CN=Authority", authority=True), issue("CN=Ended", authority=True, days=(-9, -1))


def settings(path: Path | None) -> Settings:
    return Settings(
        environment=Environment.SANDBOX,
        base_url="http://localhost:8000",
        app_origin="http://localhost:8002",
        database="sqlite:///x",
        keystore="file:/x",
        client_certificate_authorities=str(path) if path else None,
    )


def test_a_file_of_authorities(tmp_path: Path) -> None:
    path = tmp_path / "authorities.pem"
    path.write_bytes(AUTHORITY.pem)
    assert partner_authorities(settings(path)) == (AUTHORITY.certificate,)
    assert list(certificate_findings(settings(path), SystemClock())) == []
    assert partner_authorities(settings(None)) == ()


@pytest.mark.parametrize("content", [None, b"", b"nonsense", issue("CN=partner").pem])
def test_a_file_of_something_else(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"client_certificate_authorities .* cannot be used"):
        partner_authorities(settings(path))
    (finding,) = certificate_findings(settings(path), SystemClock())
    assert finding.unsafe


def test_an_authority_that_has_ended_is_told_and_refuses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "authorities.pem"
    path.write_bytes(AUTHORITY.pem + ENDED.pem)
    (finding,) = certificate_findings(settings(path), SystemClock())
    assert "CN=Ended has ended" in finding.what
    assert not finding.unsafe
