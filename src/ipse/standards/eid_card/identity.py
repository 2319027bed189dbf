"""What the identity and address files say, by the tags of the card specification (files of version 5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from ipse.standards.eid_card import dates, tlv
from ipse.standards.eid_card.errors import TlvError

CARD_NUMBER, CHIP_NUMBER, VALID_FROM, VALID_TO, MUNICIPALITY, NATIONAL_NUMBER = range(1, 7)
SURNAME, GIVEN_NAMES, THIRD_INITIAL, NATIONALITY, BIRTHPLACE, BIRTHDATE, SEX, NOBLE_TITLE = range(7, 15)
DOCUMENT_TYPE, SPECIAL_STATUS, PHOTO_DIGEST, DUPLICATE = range(15, 19)
BASIC_KEY_DIGEST: Final = 26
STREET, POSTCODE, TOWN = range(1, 4)

_BINARY: Final = frozenset({CHIP_NUMBER, PHOTO_DIGEST, BASIC_KEY_DIGEST})
_SEXES: Final[Mapping[str, Literal["male", "female"]]] = {"M": "male", "F": "female", "V": "female", "W": "female"}
_LONGEST: Final = 200
_SPACES: Final = re.compile(r"\s+")


class DocumentFamily(StrEnum):
    """What kind of card it is."""

    CITIZEN = "citizen"
    KIDS = "kids"
    """Of Belgian children under 12."""
    FOREIGNER = "foreigner"
    """A residence card or permit."""
    KIDS_FOREIGNER = "kids_foreigner"
    TECHNICAL = "technical"
    """Bootstrap and habilitation cards of civil servants: no identity document."""
    UNKNOWN = "unknown"


_FAMILIES: Final[Mapping[DocumentFamily, tuple[int, ...]]] = {
    DocumentFamily.CITIZEN: (1,),
    DocumentFamily.KIDS: (6,),
    DocumentFamily.TECHNICAL: (7, 8),
    DocumentFamily.FOREIGNER: (*range(11, 24), 27, 28, *range(31, 37)),
    DocumentFamily.KIDS_FOREIGNER: tuple(range(61, 70)),
}


class SpecialStatus(StrEnum):
    """What else a card may say of its holder."""

    NONE = "0"
    WHITE_CANE = "1"
    EXTENDED_MINORITY = "2"
    WHITE_CANE_AND_EXTENDED_MINORITY = "3"
    YELLOW_CANE = "4"
    YELLOW_CANE_AND_EXTENDED_MINORITY = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIdentity:
    """The identity file."""

    card_number: str
    valid_from: date
    valid_to: date
    municipality: str | None
    """Where the card was issued."""
    national_number: str
    surname: str
    given_names: str | None
    third_initial: str | None
    nationality: str | None
    """In words, in the language of the card."""
    birthplace: str | None
    birth_printed: str
    """The birth date as printed: free text, perhaps only a year."""
    birthdate: date | None
    """The day, where the card tells it."""
    sex: Literal["male", "female"] | None
    sex_printed: str | None
    noble_title: str | None
    document_type: int
    special_status: str
    """One of `SpecialStatus`, or what a newer specification says."""
    photo_digest: bytes = field(repr=False)
    basic_key_digest: bytes | None = field(repr=False)
    """SHA-384 of the card's own key; None for cards without one (applet 1.7)."""

    @property
    def family(self) -> DocumentFamily:
        """What kind of card it is."""
        kinds = (family for family, types in _FAMILIES.items() if self.document_type in types)
        return next(kinds, DocumentFamily.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAddress:
    """The address file: street with number in one text."""

    street: str | None
    postcode: str | None
    town: str | None


def read_identity(octets: bytes) -> CardIdentity:
    """Read an identity file.

    Raises:
        TlvError: no such file, or without what every card has.
    """
    fields = tlv.read(octets)
    printed = _needed(fields, BIRTHDATE)
    sex = _text(fields, SEX)
    return CardIdentity(
        card_number=_needed(fields, CARD_NUMBER),
        valid_from=dates.read_day(_needed(fields, VALID_FROM)),
        valid_to=dates.read_day(_needed(fields, VALID_TO)),
        municipality=_text(fields, MUNICIPALITY),
        national_number=_needed(fields, NATIONAL_NUMBER),
        surname=_needed(fields, SURNAME),
        given_names=_text(fields, GIVEN_NAMES),
        third_initial=_text(fields, THIRD_INITIAL),
        nationality=_text(fields, NATIONALITY),
        birthplace=_text(fields, BIRTHPLACE),
        birth_printed=printed,
        birthdate=dates.read_birth(printed),
        sex=_SEXES.get((sex or "").upper()),
        sex_printed=sex,
        noble_title=_text(fields, NOBLE_TITLE),
        document_type=_type(_needed(fields, DOCUMENT_TYPE)),
        special_status=_text(fields, SPECIAL_STATUS) or SpecialStatus.NONE,
        photo_digest=fields.get(PHOTO_DIGEST, b""),
        basic_key_digest=fields.get(BASIC_KEY_DIGEST) or None,
    )


def read_address(octets: bytes) -> CardAddress:
    """Read an address file.

    Raises:
        TlvError: no such file.
    """
    fields = tlv.read(octets)
    return CardAddress(street=_text(fields, STREET), postcode=_text(fields, POSTCODE), town=_text(fields, TOWN))


def _needed(fields: Mapping[int, bytes], tag: int) -> str:
    text = _text(fields, tag)
    if text is None:
        raise TlvError(f"the file of the card lacks tag {tag}")
    return text


def _text(fields: Mapping[int, bytes], tag: int) -> str | None:
    """A text in Unicode's composed form with single spaces; empty is None."""
    try:
        text = fields.get(tag, b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise TlvError(f"tag {tag} is not UTF-8") from error
    if len(text) > _LONGEST or any(unicodedata.category(letter) in {"Cc", "Cs", "Co"} for letter in text):
        raise TlvError(f"tag {tag} is too long or holds control characters")
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip() or None


def _type(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise TlvError("the document type is no number")
    return int(text)
