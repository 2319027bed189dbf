"""What can be asked to be signed, and how a certificate names a person."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ipse.actions.model import Signature, SignatureDocument
from ipse.attributes.model import Document, Facts, NationalNumber
from ipse.kernel.ids import b64u
from ipse.signing.errors import CannotCertify, WrongSigning
from ipse.signing.model import NewSigning
from ipse.signing.rules.naming import masked, naming
from ipse.signing.rules.requests import check
from ipse.standards.signature_activation import ECDSA_SHA384, RSA_SHA256

DIGEST = b64u(bytes(32))
RIGHT = SignatureDocument("Deed of sale — 2026.pdf", DIGEST)


def asked(*documents: SignatureDocument, **more: Any) -> NewSigning:
    signature = Signature(documents or (RIGHT,), "SHA-256", RSA_SHA256)
    return NewSigning(
        partner_id="notary",
        partner_name="Notary",
        service_code="DEEDS",
        service_name={"en": "Deeds"},
        protocol={"door": "test"},
        signature=msgspec.structs.replace(signature, **more),
    )


def document(**more: Any) -> NewSigning:
    return asked(msgspec.structs.replace(RIGHT, **more))


@pytest.mark.parametrize(
    "new",
    [
        asked(),
        asked(*[RIGHT] * 70),
        asked(description="Line one\nline two", role="Zaakvoerder", commitment="1.2.840.113549.1.9.16.6.5"),
        asked(SignatureDocument("Συμβόλαιο", b64u(bytes(48))), hash_algorithm="SHA-384", sign_algorithm=ECDSA_SHA384),
        document(file_digest=DIGEST, document="file-1"),
    ],
)
def test_what_can_be_signed(new: NewSigning) -> None:
    check(new)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (msgspec.structs.replace(asked(), signature=None), "asks for no signature"),
        (msgspec.structs.replace(asked(), signature=Signature((), "SHA-256", RSA_SHA256)), "1 to 70"),
        (asked(*[RIGHT] * 71), "1 to 70"),
        (asked(hash_algorithm="SHA-1"), "hash algorithm must be"),
        (asked(sign_algorithm="1.2.840.113549.1.1.5"), "none that is used here"),
        (asked(sign_algorithm=ECDSA_SHA384), "does not fit"),
        (asked(description="x" * 501), "description is longer"),
        (asked(role="x" * 101), "role is longer"),
        (asked(commitment="1.2.840.113549.1.9.16.6.5'"), "object identifier"),
        (asked(policy="anything"), "object identifier"),
        (asked(credential="../other"), "no identifier"),
        (document(label=" "), "label that people can read"),
        (document(label="x" * 256), "label is longer"),
        (document(label="deed\u202efdp.exe"), "cannot be shown"),
        (document(label="a\x00b"), "cannot be shown"),
        (document(label="a\ud800"), "cannot be shown"),
        (document(digest=DIGEST + "="), "base64url"),
        (document(digest=b64u(bytes(31))), "32 bytes"),
        (document(file_digest=b64u(bytes(20))), "32 bytes"),
        (document(document="file-1"), "file_digest"),
    ],
)
def test_what_cannot(new: NewSigning, says: str) -> None:
    with pytest.raises(WrongSigning) as refused:
        check(new)
    assert says in refused.value.public


CARD = Document(kind="ID", country="BE", number="592-1234567-89")
PASSPORT = Document(kind="P", country="NL", number="NX1234567")


@pytest.mark.parametrize(
    ("facts", "serial"),
    [
        (
            Facts(
                family_name="L", national_number=NationalNumber(country="BE", value="85.07.30-033.28"), document=CARD
            ),
            "PNOBE-85073003328",
        ),
        (Facts(family_name="L", document=CARD), "IDCBE-592123456789"),
        (Facts(family_name="L", document=PASSPORT), "PASNL-NX1234567"),
    ],
)
def test_a_certificate_names_people_as_en_319_412_does(facts: Facts, serial: str) -> None:
    assert naming(facts).serial_number == serial
    assert masked(serial)[:6] == serial[:6]
    assert masked(serial)[-2:] == serial[-2:]
    assert set(masked(serial)[6:-2]) == {"*"}
    assert len(masked(serial)) == len(serial)


def test_names() -> None:
    facts = Facts(family_name="van  den\tBerg", given_name="Anna Maria", document=PASSPORT)
    assert naming(facts)[:3] == ("Anna Maria van den Berg", "Anna Maria", "van den Berg")
    long = naming(Facts(family_name="x" * 300, given_name="A", document=PASSPORT))
    assert (len(long.common_name), len(long.surname)) == (64, 200)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(family_name="L"),
        Facts(family_name="L", document=Document(kind="P", country="Belgium", number="1")),
        Facts(family_name="L", document=Document(kind="P", country="BE", number="---")),
        Facts(family_name=" ", document=PASSPORT),
    ],
)
def test_nobody_is_certified_by_a_name_alone(facts: Facts) -> None:
    with pytest.raises(CannotCertify):
        naming(facts)
