"""Envelopes at the settings that few choose: time stamps for archives, and certificates for one signature.

The finished file is judged by pyHanko as EN 319 102-1 has it, with the evidence in the file alone, and by ourselves.
"""

from __future__ import annotations

import re
import shutil
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from cryptography import x509

from ipse.documents.model import Level
from ipse.storage.database import open_database
from ipse.validation.service import Brought
from tests.functional.documents.referees import Referees
from tests.functional.documents.samples import pdf
from tests.functional.envelopes.conftest import signing_house
from tests.functional.envelopes.guests import Guests, headings, links

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ipse.kernel.keystore import Keystore
    from tests.functional.signature_activation.processes import Place
    from tests.support.certification import RunningCertification

SETTINGS: dict[str, dict[str, Any]] = {
    "archive": {"level": "B-LTA"},
    "one signature each": {"short_term_minutes": 30},
}


@asynccontextmanager
async def house_with(
    told: dict[str, Any],
    folder: Path,
    template: Path,
    keystore: Keystore,
    activation: Place,
    certification: RunningCertification,
) -> AsyncIterator[Guests]:
    for part in template.parent.glob(f"{template.name}*"):
        shutil.copyfile(part, folder / part.name)
    database = await open_database(f"sqlite://{folder / template.name}")
    try:
        async with signing_house(database, keystore, activation, certification, **told) as guests:
            yield guests
            await guests.leave()
    finally:
        await database.close()


@pytest.mark.parametrize("told", SETTINGS)
async def test_two_sign_and_the_file_is_judged(
    told: str,
    keystore: Keystore,
    activation: Place,
    certification: RunningCertification,
    migrated_sqlite: Path,
    tmp_path: Path,
) -> None:
    level = Level(SETTINGS[told].get("level", "B-LT"))
    async with house_with(SETTINGS[told], tmp_path, migrated_sqlite, keystore, activation, certification) as guests:
        ada, bram = await guests.guest("Ada"), await guests.guest("Bram")
        at = await ada.draft(lease=pdf())
        await ada.post(at, do="add", name="Bram")
        [link] = links(await ada.post(at, do="send"))
        await bram.accept(link)
        assert headings(await ada.sign(at))[1] == "Waiting for others"
        done = await bram.sign(at)
        assert headings(done)[1] == "Signed by all"
        assert f"PAdES {level}" in done.text
        [address] = [part for part in done.text.split('"') if part.endswith("/file")]
        file = (await bram.get(address)).content
        await _judge_ourselves(guests, file, level)
    root, issuing = (
        x509.load_pem_x509_certificate(path.read_bytes())
        for path in (certification.root_pem, certification.issuing_pem)
    )
    referees = Referees(cast("Any", SimpleNamespace(root=root, issuing=issuing)), tmp_path)
    fields = re.findall(rb"/T \((Signature[0-9]+)\)", file)
    assert len(fields) == 2
    for field in fields:
        await referees.etsi(file, field.decode(), level, short_term="short_term_minutes" in SETTINGS[told])


async def _judge_ourselves(guests: Guests, file: bytes, level: Level) -> None:
    validations = guests.house.works.features.doors.validations
    assert validations is not None
    found = await validations.judge(Brought("lease.pdf", file))
    signed = [each for each in found.signatures if each.kind == "signature"]
    assert [(str(each.indication), str(each.level)) for each in signed] == [("TOTAL-PASSED", str(level))] * 2
    assert str(found.verdict) == "unchanged"
