"""The record of an envelope says what is in the files, in the approvals and in the log; changed, it says that."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader

from ipse.actions.service.signings import signature_approval
from ipse.kernel.clock import text
from ipse.kernel.ids import b64u_decode, sha256
from ipse.sessions import PARTNER
from ipse.storage.database import open_database
from ipse.validation.service import Brought
from tests.functional.documents.samples import pdf
from tests.functional.envelopes.conftest import signing_house
from tests.functional.envelopes.guests import Guest, Guests, headings, links

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ipse.kernel.keystore import Keystore
    from ipse.storage.statement import Row
    from tests.functional.signature_activation.processes import Place
    from tests.support.certification import RunningCertification

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.processes]
BROUGHT = pdf()


@dataclass
class Signed:
    """An envelope that Ada and Bram have signed."""

    guests: Guests
    ada: Guest
    at: str

    async def record(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ada.get(f"{self.at}/record.json")).json()
        return found

    async def zipped(self) -> tuple[bytes, dict[str, Any]]:
        """The document and the record, as they are taken home together."""
        with zipfile.ZipFile(io.BytesIO((await self.ada.get(f"{self.at}/all")).content)) as archive:
            return archive.read("lease.pdf"), json.loads(archive.read("record.json"))

    async def rows(self, statement: str, *values: object) -> list[Row]:
        return list(await self.guests.house.scheme.database.rows(statement, *values))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def signed(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    keystore: Keystore,
    activation: Place,
    certification: RunningCertification,
) -> AsyncIterator[Signed]:
    template = request.getfixturevalue("migrated_sqlite")
    folder = tmp_path_factory.mktemp("record")
    for part in template.parent.glob(f"{template.name}*"):
        (folder / part.name).write_bytes(part.read_bytes())
    database = await open_database(f"sqlite://{folder / template.name}")
    async with signing_house(database, keystore, activation, certification) as guests:
        ada, bram = await guests.certified("Ada"), await guests.certified("Bram")
        at = await ada.draft(lease=BROUGHT)
        words = {"title": "Our lease", "reason": "I agree", "role": "Owner", "commitment": ""}
        await ada.post(at, do="add", name="Bram of old", order="one", **words)
        [link] = links(await ada.post(at, do="send", order="one", **words))
        await bram.accept(link)
        await ada.approve(await ada.post(f"{at}/sign", reason="I agree", role="Owner", commitment=""))
        assert headings(await bram.sign(at))[1] == "Signed by all"
        yield Signed(guests, ada, at)
        await guests.leave()
    await database.close()


async def test_it_says_what_the_file_says(signed: Signed) -> None:
    record = await signed.record()
    file, beside = await signed.zipped()
    assert beside == record
    [document], lines = record["documents"], [step["signature"] for step in record["steps"] if "signature" in step]
    assert (document["name"], document["pages"], document["level"]) == ("lease.pdf", 1, "B-LT")
    assert (document["brought"], document["now"]) == (sha256(BROUGHT).hex(), sha256(file).hex())
    validations = signed.guests.house.works.features.doors.validations
    assert validations is not None
    judged = [each for each in (await validations.judge(Brought("a.pdf", file))).signatures if each.kind == "signature"]
    embedded = PdfFileReader(io.BytesIO(file)).embedded_regular_signatures
    assert len(lines) == len(judged) == len(embedded) == 2
    shown = BROUGHT
    for line, judgement, signature in zip(lines, judged, embedded, strict=True):
        certificate = x509.load_der_x509_certificate(signature.signer_cert.dump())
        assert line["certificate_serial"] == f"{certificate.serial_number:x}"
        for name, at in ((certificate.subject, "certified_name"), (certificate.issuer, "certificate_issuer")):
            assert line[at] == name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        assert str(judgement.level) == document["level"]
        # What was shown is what the file was before this signature; what was made is what it was after.
        [said] = line["documents"]
        assert said["name"] == "lease.pdf"
        assert said["shown"] == sha256(shown).hex()
        made = next(part for part in _revisions(file) if sha256(part).hex() == said["signed"])
        assert made.startswith(shown)
        shown = made
    assert shown == file
    assert (lines[0]["role"], lines[0]["reason"]) == (judged[0].roles[0], judged[0].text) == ("Owner", "I agree")
    assert [step.get("invited_as") for step in record["steps"] if "signature" in step] == [None, "Bram of old"]


async def test_it_says_what_was_approved_and_logged(signed: Signed) -> None:
    record = await signed.record()
    actions = signed.guests.house.works.features.actions
    logged = [
        json.loads(row["details"])["action"]
        for row in await signed.rows("select details from audit_lines where act = 'signing.sign' order by seq")
    ]
    steps = [step for step in record["steps"] if "signature" in step]
    assert [step["signature"]["request"] for step in steps] == logged
    for step in steps:
        line = step["signature"]
        approval = await signature_approval(actions, line["request"], PARTNER)
        assert line["approved_at"] == text(approval.approved_at)
        assert line["approved_at"] <= step["at"]
        assert line["identity_level"] == approval.level
        # The phone has signed the digest of bytes that name the file.
        [asked] = [each for each in json.loads(approval.shown)["confirms"] if "documents" in each]
        [document] = asked["documents"]
        assert _hex(document["file_digest"]) == line["documents"][0]["shown"]
    assert [step["what"] for step in record["steps"]] == [
        row["kind"] for row in await signed.rows("select kind from envelopes_steps order by at, kind = 'finished'")
    ]


CHANGES = {
    "a time": "update envelopes_steps set at = at - 86400000000 where kind = 'signed'",
    "a kind": "update envelopes_steps set kind = 'invited' where kind = 'came'",
    "a person": "update envelopes_steps set signer_id = (select max(signer_id) from envelopes_signers)",
    "a line put in the place of another": "update envelopes_steps set sealed_details = (select max(sealed_details) "
    "from envelopes_steps)",
    "one octet": "update envelopes_steps set sealed_details = cast(substr(sealed_details, 1, 40) || x'00' as blob)",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_line_that_somebody_has_changed_is_noticed(signed: Signed, change: str) -> None:
    """Nothing of such a record is shown as ours; the documents are still there to be taken home."""
    before = await signed.record()
    assert before["changed_by_others"] is False
    kept = await signed.rows("select step_id, kind, at, signer_id, sealed_details from envelopes_steps")
    await signed.rows(f"{CHANGES[change]} returning step_id")
    try:
        told = await signed.record()
        assert (told["changed_by_others"], told["steps"]) == (True, [])
        for path in (signed.at, f"{signed.at}/record"):
            page = await signed.ada.get(path)
            assert page.status_code == 200
            assert "Somebody has changed what was written down" in page.text
        file, beside = await signed.zipped()
        assert sha256(file).hex() == before["documents"][0]["now"]
        assert beside == told
    finally:
        back = "update envelopes_steps set kind = $2, at = $3, signer_id = $4, sealed_details = $5 where step_id = $1"
        for row in kept:
            values = (row["kind"], row["at"], row["signer_id"], row["sealed_details"])
            await signed.rows(f"{back} returning step_id", row["step_id"], *values)
    assert await signed.record() == before


def _revisions(file: bytes) -> list[bytes]:
    """The file as it was after each change."""
    ends, at = [], -1
    while (at := file.find(b"%%EOF", at + 1)) >= 0:
        ends += [at + 5, at + 6]
    return [file[:end] for end in ends]


def _hex(digest: str) -> str:
    return b64u_decode(digest).hex()
