"""What `verified_claims` may look like, as a JSON Schema (draft 2020-12) of our own.

Written from OpenID Identity Assurance Schema Definition 1.0, for the members that our profile of it takes: evidence of
the types `document`, `electronic_record`, `vouch` and `electronic_signature`. It allows nothing there that the
specification's own schema refuses. Members it does not name are allowed, as the specification asks, except beside
`verification` and `claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError

_TEXT: Final = {"type": "string"}
_FILLED: Final = {"type": "string", "minLength": 1}
_DAY: Final = {"type": "string", "pattern": r"^[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}
_MOMENT: Final = {
    "type": "string",
    "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?"
    r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$",
}


def _object(members: Mapping[str, Any], *required: str, **more: object) -> dict[str, Any]:
    return {"type": "object", "properties": dict(members), "required": list(required), **more}


def _list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(item), "minItems": 1}


def _when(type_: str, members: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """The members of one type of evidence."""
    return {
        "if": {"properties": {"type": {"const": type_}}, "required": ["type"]},
        "then": _object(members, *required),
    }


_PLACE: Final = dict.fromkeys(
    ("name", "formatted", "street_address", "locality", "region", "postal_code", "country", "jurisdiction"), _TEXT
) | {"country_code": {"type": "string", "pattern": "^[A-Z]{2,3}$"}}
_CHECKS: Final = _list_of(
    _object(
        {"check_method": _FILLED, "organization": _TEXT, "check_id": _TEXT, "time": _MOMENT, "txn": _TEXT},
        "check_method",
    )
)
_DIGEST: Final = _object({"alg": _TEXT, "value": _TEXT}, "alg", "value")
_ATTACHMENT: Final = {
    "oneOf": [
        _object(
            {"desc": _TEXT, "digest": _DIGEST, "url": _FILLED, "access_token": {"type": ["string", "null"]}},
            "digest",
            "url",
        ),
        _object({"desc": _TEXT, "content_type": _FILLED, "content": _TEXT}, "content_type", "content"),
    ]
}
_DOCUMENT: Final = _object(
    {
        "type": _FILLED,
        "document_number": _FILLED,
        "serial_number": _TEXT,
        "personal_number": _TEXT,
        "date_of_issuance": _DAY,
        "date_of_expiry": _DAY,
        "issuer": _object(_PLACE),
        "derived_claims": _object({}, minProperties=1),
    },
    "type",
)
_RECORD: Final = _object(
    {
        "type": _FILLED,
        "personal_number": _TEXT,
        "created_at": {"anyOf": [_MOMENT, _DAY]},
        "date_of_expiry": _DAY,
        "source": _object(_PLACE),
        "derived_claims": _object({}, minProperties=1),
    },
    "type",
)
_ATTESTATION: Final = _object(
    {
        "type": _FILLED,
        "reference_number": _TEXT,
        "date_of_issuance": _DAY,
        "date_of_expiry": _DAY,
        "voucher": _object({"name": _TEXT, "birthdate": _DAY, "country": _TEXT, "organization": _TEXT}),
    },
    "type",
)
_EVIDENCE: Final = _object(
    {
        "type": {"enum": ["document", "electronic_record", "vouch", "electronic_signature"]},
        "check_details": _CHECKS,
        "time": _MOMENT,
        "attachments": _list_of(_ATTACHMENT),
    },
    "type",
    allOf=[
        _when("document", {"document_details": _DOCUMENT}, "document_details"),
        _when("electronic_record", {"record": _RECORD}, "record"),
        _when("vouch", {"attestation": _ATTESTATION}),
        _when(
            "electronic_signature",
            {"signature_type": _FILLED, "issuer": _FILLED, "serial_number": _FILLED, "created_at": _MOMENT},
            "signature_type",
            "issuer",
            "serial_number",
        ),
    ],
)
_ASSURANCE: Final = _object(
    {
        "policy": _TEXT,
        "procedure": _TEXT,
        "assurance_details": _list_of(
            _object(
                {
                    "assurance_type": _TEXT,
                    "assurance_classification": _TEXT,
                    "evidence_ref": _list_of(_object({"check_id": _FILLED}, "check_id")),
                }
            )
        ),
    },
    minProperties=1,
)
_VERIFICATION: Final = _object(
    {
        "trust_framework": _FILLED,
        "assurance_level": _FILLED,
        "assurance_process": _ASSURANCE,
        "time": _MOMENT,
        "verification_process": _FILLED,
        "evidence": _list_of(_EVIDENCE),
    },
    "trust_framework",
)
_ENTRY: Final = _object(
    {"verification": _VERIFICATION, "claims": {"type": "object", "minProperties": 1}},
    "verification",
    "claims",
    additionalProperties=False,
)

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "verified_claims in an ID token or UserInfo answer",
    "$defs": {"entry": _ENTRY},
    "if": {"type": "array"},
    "then": {"items": {"$ref": "#/$defs/entry"}, "minItems": 1},
    "else": {"$ref": "#/$defs/entry"},
}
"""The whole document."""

_VALIDATOR: Final = Draft202012Validator(SCHEMA)


def violations(value: object) -> list[tuple[str, str]]:
    """Return where a value breaks the schema, and which rule of it; no value is repeated."""
    found = sorted(_VALIDATOR.iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
    return [(_place(error), _rule(error.validator, error.validator_value)) for error in found]


def _place(error: ValidationError) -> str:
    path = list(error.absolute_path)
    if error.validator == "required":
        # One error for each member that is missing; its text names that one first.
        path.append(error.message.split("'")[1])
    return "verified_claims" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _rule(name: object, wanted: object) -> str:
    if name == "required":
        return "is missing"
    if name == "additionalProperties":
        return "may have no other members"
    if name in {"type", "enum"}:
        return f"must be {wanted}"
    return {"pattern": "has another form", "minLength": "is empty"}.get(str(name), f"breaks {name}")
