"""Names in certificates."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from ipse.certification.requests import check_subject, name_of
from ipse.standards.certification import Subject


def test_a_name_may_have_as_many_letters_with_accents_as_without() -> None:
    name = "Zoë " + "é" * 60
    subject = Subject("LU", name, "Zoë", "é" * 60, "PNOLU-1990120100000")
    check_subject(subject)
    (found,) = x509.Name(name_of(subject)).get_attributes_for_oid(NameOID.COMMON_NAME)
    assert found.value == name
