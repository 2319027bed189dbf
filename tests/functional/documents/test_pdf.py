"""Signed PDFs, judged by programs that others wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore

from ipse.documents.errors import DocumentNotSignable, SignatureUnfit
from ipse.documents.model import (
    Box,
    Certifying,
    Hash,
    Level,
    Missing,
    Placing,
    Policy,
    Problem,
    Stamp,
    Statement,
)
from tests.functional.documents.authority import Authority, der
from tests.functional.documents.conftest import Desk, now
from tests.functional.documents.referees import Referees, signature_of, signed_parts
from tests.functional.documents.samples import pdf

STAMP = Stamp(
    heading="Signed with Ipse",
    name="Ängström Évrard",
    lines=("22 November 2026, 10:15", "For: Town Hall"),
    mark="Test signature - no legal value",
)
BOX = Box(page=1, left=60, top=450, width=200, height=80)
pytestmark = pytest.mark.asyncio(loop_scope="session")
PLACED = Placing(stamp=STAMP, box=BOX)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("kind", ["elliptic", "rsa"])
async def test_every_level_is_accepted_by_everybody(desk: Desk, referees: Referees, level: Level, kind: str) -> None:
    signer = getattr(desk.authority, kind)
    finished = await desk.sign_pdf(pdf(pages=2), signer, level, PLACED if kind == "rsa" else None)
    assert (finished.level, finished.missing) == (level, None)
    referees.qpdf(finished.content)
    referees.pdfsig(finished.content, 1)
    referees.openssl(*signed_parts(finished.content, "Signature1"))
    await referees.etsi(finished.content, "Signature1", level)


async def test_second_signer_leaves_the_first_as_it_was(desk: Desk, referees: Referees) -> None:
    first = await desk.sign_pdf(pdf(turned=90), desk.authority.elliptic, Level.B_LTA, PLACED)
    beside = Placing(stamp=STAMP, box=Box(page=1, left=300, top=100, width=200, height=80))
    second = await desk.sign_pdf(first.content, desk.authority.rsa, Level.B_LTA, beside, hash=Hash.SHA_512)
    assert second.content.startswith(first.content)
    referees.qpdf(second.content)
    referees.pdfsig(second.content, 2)
    for field in ("Signature1", "Signature2"):
        await referees.etsi(second.content, field, Level.B_LTA)
    found = await desk.documents.inspect(second.content)
    assert [(one.field, one.timestamp, one.intact) for one in found.signatures] == [
        ("Signature1", False, True),
        ("Timestamp1", True, True),
        ("Signature2", False, True),
        ("Timestamp2", True, True),
    ]


async def test_what_the_signer_says_stands_in_the_signature(desk: Desk, referees: Referees) -> None:
    finished = await desk.sign_pdf(
        pdf(),
        desk.authority.elliptic,
        Level.B_B,
        commitment="1.2.840.113549.1.9.16.6.5",
        role="Treasurer",
        reason="I agree",
        place="Gent",
        policy=Policy(oid="2.5.29.32.0", hash=Hash.SHA_256, digest=bytes(32), url="https://example.org/policy"),
    )
    signature = signature_of(finished.content, "Signature1")
    said = {attribute["type"].native: attribute["values"][0] for attribute in signature.signer_info["signed_attrs"]}
    assert said["commitment_type"]["commitment_type_id"].native == "proof_of_approval"
    assert said["signature_policy_identifier"].chosen["sig_policy_id"].native == "2.5.29.32.0"
    assert b"Treasurer" in said["signer_attributes_v2"].dump()
    assert "signing_time" not in said
    assert signature.sig_object["/Location"] == "Gent"
    assert "/Reason" not in signature.sig_object
    referees.openssl(*signed_parts(finished.content, "Signature1"))


async def test_a_certifying_signature_holds_others_to_it(desk: Desk, referees: Referees) -> None:
    final = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_LTA, certifying=Certifying.NOTHING)
    await referees.etsi(final.content, "Signature1", Level.B_LTA)
    with pytest.raises(DocumentNotSignable) as refusal:
        await desk.sign_pdf(final.content, desk.authority.rsa, Level.B_B)
    assert refusal.value.fields["problems"] == ("certified_final",)
    forms = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_T, certifying=Certifying.FORMS)
    both = await desk.sign_pdf(forms.content, desk.authority.rsa, Level.B_T)
    found = await desk.documents.inspect(both.content)
    assert [(one.certifying, one.intact) for one in found.signatures] == [(Certifying.FORMS, True), (None, True)]
    with pytest.raises(DocumentNotSignable):
        await desk.sign_pdf(forms.content, desk.authority.rsa, Level.B_B, certifying=Certifying.FORMS)


async def test_a_field_that_waits_is_signed(desk: Desk, referees: Referees) -> None:
    field = "<< /FT /Sig /T (Buyer) /Type /Annot /Subtype /Widget /Rect [50 50 250 120] /P 10 0 R >>"
    waiting = pdf(extra="/AcroForm << /Fields [12 0 R] >>", more=(field,)).replace(
        b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 595 842] "
    )
    found = await desk.documents.inspect(waiting)
    assert [one.name for one in found.fields] == ["Buyer"]
    assert found.fields[0].box == Box(page=1, left=50, top=722, width=200, height=70)
    signed = await desk.sign_pdf(waiting, desk.authority.rsa, Level.B_T, Placing(stamp=STAMP), field="Buyer")
    referees.pdfsig(signed.content, 1)
    with pytest.raises(DocumentNotSignable):
        await desk.sign_pdf(signed.content, desk.authority.rsa, Level.B_T, field="Buyer")


async def test_evidence_is_what_openssl_wants(desk: Desk, referees: Referees) -> None:
    from io import BytesIO

    finished = await desk.sign_pdf(pdf(), desk.authority.rsa, Level.B_LT)
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(finished.content)))
    answers = [reference.get_object().data for reference in store.ocsps]
    assert len(answers) == 2
    referees.ocsp(answers[0], der(desk.authority.rsa.certificate))
    referees.ocsp(answers[1], der(desk.authority.stamper.certificate))


@pytest.mark.parametrize(
    ("down", "level", "missing"),
    [
        ({"timestamp"}, Level.B_B, Missing.TIMESTAMP),
        ({"ocsp", "crl"}, Level.B_T, Missing.REVOCATION),
        ({"crl"}, Level.B_T, Missing.REVOCATION),
    ],
)
async def test_what_is_down_is_added_later(
    desk: Desk, referees: Referees, down: set[str], level: Level, missing: Missing
) -> None:
    desk.authority.down.update(down)
    finished = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_LTA)
    assert (finished.level, finished.missing) == (level, missing)
    await referees.etsi(finished.content, "Signature1", level)
    desk.authority.down.clear()
    later = await desk.documents.upgrade_pdf(finished.content, desk.aim(Level.B_LTA), desk.authority)
    assert (later.level, later.missing) == (Level.B_LTA, None)
    await referees.etsi(later.content, "Signature1", Level.B_LTA)
    again = await desk.documents.upgrade_pdf(later.content, desk.aim(Level.B_LTA), desk.authority)
    assert again.content == later.content


async def test_the_next_signature_brings_what_an_earlier_one_lacked(desk: Desk, referees: Referees) -> None:
    desk.authority.down.update({"ocsp", "crl"})
    first = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_LT)
    desk.authority.down.clear()
    second = await desk.sign_pdf(first.content, desk.authority.rsa, Level.B_LT)
    assert (first.level, second.level) == (Level.B_T, Level.B_LT)
    for name in ("Signature1", "Signature2"):
        await referees.etsi(second.content, name, Level.B_LT)


async def test_an_answer_older_than_the_time_stamp_does_not_do(desk: Desk) -> None:
    desk.authority.delay = timedelta(minutes=30)
    finished = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_LT)
    assert (finished.level, finished.missing) == (Level.B_T, Missing.REVOCATION_OLD)


async def test_clocks_may_differ_by_moments(desk: Desk) -> None:
    desk.authority.delay = timedelta(seconds=1)
    finished = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_LT)
    assert (finished.level, finished.missing) == (Level.B_LT, None)


async def test_a_restart_between_the_steps_loses_nothing(desk: Desk) -> None:
    signer = desk.authority.rsa
    prepared = await desk.documents.prepare_pdf(pdf(), Statement(certificates=signer.certificates, claimed_at=now()))
    await desk.documents.stop()
    signature = signer.sign(prepared.digest)
    finished = await desk.documents.finish_pdf(prepared.state, signature, desk.aim(Level.B_B), desk.authority)
    assert finished.level is Level.B_B


async def test_a_revoked_certificate_gets_no_further(desk: Desk) -> None:
    desk.authority.revoked.add(desk.authority.elliptic.certificate.serial_number)
    finished = await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_LT)
    assert (finished.level, finished.missing) == (Level.B_T, Missing.REVOKED)


async def test_strangers_time_stamps_are_not_taken(desk: Desk) -> None:
    stranger = Authority()
    prepared = await desk.documents.prepare_pdf(
        pdf(), Statement(certificates=desk.authority.elliptic.certificates, claimed_at=now())
    )
    signature = desk.authority.elliptic.sign(prepared.digest)
    finished = await desk.documents.finish_pdf(prepared.state, signature, desk.aim(Level.B_T), stranger)
    assert (finished.level, finished.missing) == (Level.B_B, Missing.TIMESTAMP)


async def test_only_the_value_that_was_prepared_for_fits(desk: Desk) -> None:
    signer = desk.authority.elliptic
    statement = Statement(certificates=signer.certificates, claimed_at=now())
    one = await desk.documents.prepare_pdf(pdf(title="One"), statement)
    other = await desk.documents.prepare_pdf(pdf(title="Other"), statement)
    for signature in (signer.sign(other.digest), desk.authority.rsa.sign(one.digest), b"", bytes(64)):
        with pytest.raises(SignatureUnfit):
            await desk.documents.finish_pdf(one.state, signature, desk.aim(Level.B_B), desk.authority)
    same = [
        await desk.documents.finish_pdf(one.state, signer.sign(one.digest), desk.aim(Level.B_B), desk.authority)
        for _ in range(2)
    ]
    assert cms.ContentInfo.load(signed_parts(same[0].content, "Signature1")[1])
    assert signed_parts(same[0].content, "Signature1")[0] == signed_parts(same[1].content, "Signature1")[0]


@pytest.mark.parametrize(
    ("extra", "more", "problem"),
    [
        ("/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", (), Problem.SCRIPTS),
        ("/OpenAction << /S /Launch /F (cmd.exe) >>", (), Problem.LAUNCHES),
        ("/AcroForm << /Fields [] /XFA (x) >>", (), Problem.XFA),
        ("/OCProperties << /OCGs [] /D << >> >>", (), Problem.HIDDEN_LAYERS),
        ("/Names << /EmbeddedFiles << /Names [] >> >>", (), Problem.ATTACHMENTS),
        ("/Outlines 12 0 R", ("<< /Subtype /Screen /Rect [0 0 1 1] >>",), Problem.MEDIA),
        ("/AcroForm << /Fields [12 0 R] >>", ("<< /FT /Tx /T (a) >>",), Problem.FORM),
        ("/Extra 12 0 R", ("<< /F (elsewhere) /Length 0 >>\nstream\n\nendstream",), Problem.EXTERNAL_CONTENT),
    ],
)
async def test_what_could_deceive_is_named(desk: Desk, extra: str, more: tuple[str, ...], problem: Problem) -> None:
    found = await desk.documents.inspect(pdf(extra=extra, more=more))
    assert found.problems == (problem,)
    if found.refused:
        with pytest.raises(DocumentNotSignable) as refusal:
            await desk.sign_pdf(pdf(extra=extra, more=more), desk.authority.elliptic, Level.B_B)
        assert refusal.value.fields["problems"] == (problem.value,)


async def test_a_change_after_a_signature_is_seen(desk: Desk) -> None:
    signed = await desk.sign_pdf(pdf(title="Ten euros"), desk.authority.elliptic, Level.B_B)
    changed = signed.content.replace(b"Ten euros", b"Six euros")
    found = await desk.documents.inspect(changed)
    assert not found.signatures[0].intact
    assert found.refused == (Problem.CHANGED_AFTER_SIGNATURE,)


async def test_a_stamp_stays_on_its_page(desk: Desk) -> None:
    for box in (
        Box(page=2, left=0, top=0, width=10, height=10),
        Box(page=1, left=500, top=0, width=100, height=10),
        Box(page=1, left=-5, top=0, width=50, height=10),
        Box(page=1, left=0, top=840, width=50, height=10),
    ):
        with pytest.raises(DocumentNotSignable):
            await desk.sign_pdf(pdf(), desk.authority.elliptic, Level.B_B, Placing(stamp=STAMP, box=box))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
async def test_a_stamp_is_seen_where_it_was_placed(desk: Desk, turned: int) -> None:
    from io import BytesIO

    from PIL import Image

    box = Box(page=1, left=100, top=300, width=200, height=100)
    signed = await desk.sign_pdf(pdf(turned=turned), desk.authority.elliptic, Level.B_B, Placing(stamp=STAMP, box=box))
    width = 842 if turned % 180 else 595
    picture = Image.open(BytesIO(await desk.documents.page(signed.content, 1, width))).convert("RGB")
    assert picture.width == width
    red, green, blue = picture.getpixel((280, 304))  # type: ignore[misc]
    assert red > 150 and green < 60 and blue < 60  # noqa: PT018 - one colour: the band of the mark, top right
    blue_bar = picture.getpixel((101, 380))
    assert blue_bar[2] > 150 > blue_bar[0]  # type: ignore[index]
    assert picture.getpixel((320, 350)) == (255, 255, 255)
