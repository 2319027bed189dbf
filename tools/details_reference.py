"""The page about `authorization_details`: its types with their schemas, out of the structures that judge them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ipse.oidc.rules.details import MAX_BYTES, MAX_DETAILS, TYPES, contents_of, digest_of, schema

_PAGE: Final = """\
# authorization_details

What a person confirms, as data (RFC 9396). The parameter is a JSON array of 1 to {most} objects, at most {bytes:,}
characters in all. It is for services of type `confirmation` (`ipse_signature`: `identification`), in a pushed request,
a request object or a back-channel request; a plain query is refused. `make reference` writes this page from the
structures that judge the requests.

The phone shows the content from these data, amount and payee largest. Members are texts only; names that no schema has
are refused, and so are characters that do not show, blank texts and `null`. A refusal is
`invalid_authorization_details` and names the member, never its value.

The provider serves each schema at `{{issuer}}/schemas/authorization-details/TYPE.json`;
`authorization_details_types_supported` of the discovery document lists the types.

## What comes back

The token response and the ID token hold `authorization_details` as they were asked, once they are what the phone has
signed; otherwise there is no token. The ID token has two digests more, with the installation's claim prefix, both
SHA-256 in base64url without padding:

| claim | digest of |
|---|---|
| `authorization_details_digest` | the array in canonical JSON (RFC 8785); `confirms_digest` of the signed document |
| `approval_digest` | that document: what is in the phone's signature |

The digest of the examples below, as one array in this order, is `{digest}`.
"""
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "payment": {
        "type": "payment",
        "instructedAmount": {"currency": "EUR", "amount": "24.50"},
        "creditorName": "Pot & Linde",
        "creditorAccount": {"iban": "BE71096123456769"},
        "remittanceInformationUnstructured": "Fern in terracotta",
    },
    "agreement": {
        "type": "agreement",
        "title": "Lease of a garden",
        "text": "I lease plot 12 from March to October.\nThe rent is 40 euro a month.",
        "version": "2026-11",
        "sha256": "LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
    },
    "device_action": {
        "type": "device_action",
        "device": "Front door",
        "action": "unlock",
        "location": "Lindenlaan 3",
        "details": "For ten minutes",
    },
    "ipse_signature": {
        "type": "ipse_signature",
        "documents": [{"label": "Lease of plot 12.pdf", "digest": "LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564"}],
        "hash_algorithm": "SHA-256",
        "description": "The lease of a garden",
    },
}
_MORE: Final = {
    "payment": (
        "Beyond the schema: the currency is one in use (ISO 4217) and has that many decimals, and the IBAN has the\n"
        "length of its country and the right check digits."
    ),
    "agreement": (
        "No markup: the text is shown as it is. Where the whole document is longer, `text` is its summary and\n"
        "`sha256` its digest."
    ),
    "device_action": "What the action does is the partner's matter; the scheme says who approved it.",
    "ipse_signature": (
        "For services of type `identification` whose contract lets them sign (`ipse partner service --signs`), alone\n"
        "in the array, with at most as many documents as the contract says: one approval, with the code, identifies\n"
        "and signs. Like every identification the request asks for one attribute at least. The digests are\n"
        "signed as they are. Whoever has no certificate on the phone gets one with it.\n\n"
        "In the token response and in UserInfo the object has three members more: `signatures` (base64, in the order\n"
        "of the documents; PKCS #1 v1.5, or ECDSA in DER), `sign_algorithm` (OID) and `certificates` (base64 of DER,\n"
        "the person's first, then its issuers without the root). While signing services are down the token response\n"
        "comes without them, and UserInfo has them later. What such signatures are worth is in their certificates."
    ),
}


def details_page() -> str:
    """Describe each type by a sentence, an example and its schema."""
    examples = [_EXAMPLES[name] for name in TYPES]
    contents_of(examples)  # an example that is refused would be a poor one
    head = _PAGE.format(most=MAX_DETAILS, bytes=MAX_BYTES, digest=digest_of(examples))
    return head + "".join(map(_section, TYPES))


def _section(name: str) -> str:
    document = schema(name, f"https://id.example/v2/schemas/authorization-details/{name}.json")
    return (
        f"\n## {name}\n\n{document['description']}\n{_MORE[name]}\n\n"
        f"```json\n{_json(_EXAMPLES[name])}\n```\n\n```json\n{_json(document)}\n```\n"
    )


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
