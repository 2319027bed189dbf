"""The notary's office and its deeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from ipse.sandbox.partner.model import PartnerRegistration, ServiceRegistration

SERVICE: Final = "NOTARY_SIGN"
CALLBACK: Final = "/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a client comes for: one deed or many, signed by one approval."""

    id: str
    title: str
    what: str
    button: str
    deeds: tuple[str, ...]
    """Their titles."""


@dataclass(frozen=True, slots=True)
class Notary:
    """`id` is its client id and its path in the world."""

    id: str
    name: str
    cases: tuple[Case, ...]

    def case(self, case_id: str) -> Case | None:
        """The case of that id."""
        return next((case for case in self.cases if case.id == case_id), None)


BOAT: Final = Case(
    id="boat",
    title="A rowing boat changes hands",
    what="One deed of sale, on one page.",
    button="Sign the deed",
    deeds=("Deed of sale of the rowing boat Zeemeeuw",),
)
MILL: Final = Case(
    id="mill",
    title="Twelve shares in a windmill",
    what="One share for each month, twelve deeds, one code.",
    button="Sign twelve deeds",
    deeds=tuple(f"Transfer of share {number} of 12 in the windmill De Hoop" for number in range(1, 13)),
)
NOTARY: Final = Notary("notary", "Lindeman notaries", (BOAT, MILL))


class Unsigned(msgspec.Struct, frozen=True):
    """A deed that waits for its signature: bytes and numbers alone, so that it survives a restart."""

    title: str
    content: bytes
    document_digest: bytes
    region: tuple[int, int]
    """Where the signature will stand in `content`."""
    attributes: bytes
    """What is signed (CMS signed attributes, DER)."""
    digest: bytes
    """SHA-256 of `attributes`."""


class Signed(msgspec.Struct, frozen=True):
    """A deed with its signature."""

    title: str
    content: bytes


class Credential(msgspec.Struct, frozen=True):
    """The client's signing credential, as the scheme describes it."""

    credential_id: str
    certificates: tuple[bytes, ...]
    """DER, the client's first."""
    subject: str


def registration(secret: str, world: str) -> PartnerRegistration:
    """What the scheme must be told."""
    service = ServiceRegistration(
        code=SERVICE,
        type="signing",
        name={"nl": "Akten tekenen", "fr": "Signature d’actes", "de": "Urkunden unterzeichnen", "en": "Sign deeds"},
        purpose={
            "nl": "Om uw akten te ondertekenen",
            "fr": "Pour signer vos actes",
            "de": "Um Ihre Urkunden zu unterzeichnen",
            "en": "To sign your deeds",
        },
        redirect_uris=(f"{world}/{NOTARY.id}{CALLBACK}",),
        contract={},
        scopes=(),
        claims=(),
        pkce_required=False,
        batch=12,
    )
    return PartnerRegistration(
        client_id=NOTARY.id,
        name=NOTARY.name,
        auth_method="client_secret_post",
        preset="migrating",
        secret=secret,
        services=(service,),
    )
