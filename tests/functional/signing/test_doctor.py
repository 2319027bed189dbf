"""What `ipse doctor` and the start say of signing: who does not answer, and what must not be believed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from ipse.app.signing import reachability_findings, signing_findings
from ipse.kernel.settings import Environment, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.signing.office import Office

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


def changed(office: Office, **certification: str) -> Settings:
    settings: Settings = office.works.installation.settings
    assert settings.signing is not None
    told = msgspec.structs.replace(settings.signing.certification, **certification)
    return msgspec.structs.replace(settings, signing=msgspec.structs.replace(settings.signing, certification=told))


async def test_who_does_not_answer(office: Office, tmp_path: Path) -> None:
    assert await reachability_findings(office.works.installation.settings) == []
    settings = changed(office, url=f"unix:{tmp_path}/nobody", timestamps="http://127.0.0.1:9")
    found = [finding.what.split(" does not")[0] for finding in await reachability_findings(settings)]
    assert found == ["certification", "the time-stamping authority"]
    assert not any(finding.unsafe for finding in await reachability_findings(settings))


async def test_what_must_not_be_believed(office: Office, tmp_path: Path) -> None:
    right = office.works.installation.settings
    assert list(signing_findings(right)) == []
    assert right.signing is not None
    production = msgspec.structs.replace(right, environment=Environment.PRODUCTION)
    assert "sandbox" in next(signing_findings(production)).what
    shown = tmp_path / "credentials"
    shutil.copy(right.signing.certification.credentials, shown)
    shown.chmod(0o644)
    assert "others" in next(signing_findings(changed(office, credentials=str(shown)))).what
    missing = changed(office, authorities=str(tmp_path / "nothing.pem"))
    assert "nothing.pem" in next(signing_findings(missing)).what
