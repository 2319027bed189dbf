"""What is shown to the person, and what of it is released to the partner."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from ipse.actions.errors import SignedOtherwise, WrongShared
from ipse.actions.model import SIGNING_CONTENT, Action, Approval, AskedAttribute, Confidential, Shown, Start
from ipse.attributes.model import ATTRIBUTES
from ipse.fraud.model import Place, Risk, Verdict
from ipse.kernel.clock import seconds
from ipse.kernel.ids import b64u, b64u_decode

COMPANIONS: Mapping[str, str] = {"email_verified": "email", "phone_number_verified": "phone_number"}
"""Attributes that say something about another one: shown and released with it, never alone on the screen."""
_LEVELS = ("low", "substantial", "high")
_MASK = "*"
_KEPT = 2


def weakest(*levels: str) -> str:
    """The lowest of eIDAS levels."""
    return min(levels, key=_LEVELS.index)


def capped(level: str, risk: Risk) -> str:
    """The level that is left when nothing proves that the browser is near its person (T-7)."""
    return weakest(level, "low") if risk.lowered else level


def phone_level(key_protection: str) -> str:
    """What a phone can carry: one that is not attested caps at substantial."""
    return "high" if key_protection == "attested" else "substantial"


def mask(value: object) -> str:
    """All but the last two characters hidden; nothing of a picture or object."""
    text = value if isinstance(value, str) else ""
    hidden = max(len(text) - _KEPT, 6)
    return _MASK * hidden + (text[-_KEPT:] if len(text) > _KEPT * 2 else "")


def commitment(salt: bytes, name: str, value: object) -> str:
    """Binds what is masked: SHA-256(salt ‖ name ‖ 0x00 ‖ JSON of the value), base64url."""
    return b64u(hashlib.sha256(salt + name.encode() + b"\x00" + msgspec.json.encode(value)).digest())


class Seen(NamedTuple):
    """Under which circumstances a request is shown."""

    salt: bytes
    language: str
    level: str
    start: Start
    risk: Risk = Risk()


def build_shown(action: Action, values: Mapping[str, Any], confidential: Confidential, seen: Seen) -> Shown:
    """The byte string the phone shows and signs the digest of (device protocol §5), with the values behind it."""
    request, salt, language = action.request, seen.salt, seen.language
    service = {"code": action.service_code, "name": request.service_in(language)}
    if request.purpose:
        service["purpose"] = request.purpose_in(language)
    asked = {attribute.name for attribute in request.attributes}
    document: dict[str, Any] = {
        "v": 1,
        "salt": b64u(salt),
        "action": action.action_id,
        "type": action.kind,
        "level": seen.level,
        "partner": {"id": action.partner_id, "name": request.partner_name},
        "service": service,
        "assurance": "basic" if seen.risk.lowered else request.assurance,
        "started": {"at": seconds(action.created_at), "how": seen.start.value},
        "attributes": [
            _shown_attribute(attribute, values[attribute.name], salt)
            for attribute in request.attributes
            if attribute.name in values and COMPANIONS.get(attribute.name) not in asked
        ],
    }
    if request.broker_name:
        document["broker"] = request.broker_name
    document |= _noticed(seen.risk)
    if confidential.content:
        document["confirms"] = confidential.content
    if confidential.content_digest:
        document["confirms_digest"] = confidential.content_digest
    return Shown(msgspec.json.encode(document), values, confidential)


def _noticed(risk: Risk) -> dict[str, Any]:
    """What is known of where a request came from, and what is strange about it (device protocol §5)."""
    members: dict[str, Any] = {}
    if risk.browser is not None and risk.phone is not None:
        members["places"] = {"browser": _place(risk.browser), "phone": _place(risk.phone)}
    if risk.signals:
        members["warnings"] = risk.signals
    if risk.verdict is Verdict.STEP_UP:
        members["code_needed"] = True
    return members


def _place(place: Place) -> dict[str, str]:
    return {"name": place.name, "country": place.country}


def needs_code(shown: Shown) -> bool:
    """Whether only the code approves what was shown."""
    document = msgspec.json.decode(shown.octets)
    return document["assurance"] == "advanced" or bool(document.get("code_needed"))


def signs(shown: Shown) -> bool:
    """Whether what was shown makes a signing key, or signs."""
    return any(isinstance(each, SIGNING_CONTENT) for each in shown.confidential.content)


def is_troubled(shown: Shown) -> bool:
    """Whether anything strange was shown: then nothing lasting comes of the approval."""
    return "warnings" in msgspec.json.decode(shown.octets)


def is_lowered(shown: Shown, assurance: str) -> bool:
    """Whether a weaker manner was shown than asked for."""
    return bool(msgspec.json.decode(shown.octets)["assurance"] != assurance)


def level_of(shown: Shown) -> str:
    """The eIDAS level that was shown and signed."""
    return str(msgspec.json.decode(shown.octets)["level"])


def check_signed(shown: Shown, approval: Approval) -> None:
    """What is kept as confirmed is, byte for byte, what the phone was shown and has signed (dynamic linking, B-41).

    Raises:
        SignedOtherwise: it is not; nobody is told that anything was confirmed.
    """
    signed = msgspec.json.decode(b64u_decode(approval.message.split(".")[1]))
    document = msgspec.json.decode(shown.octets)
    kept = msgspec.json.decode(msgspec.json.encode(shown.confidential.content))
    if (
        signed.get("shown") != digest_of(shown)
        or document.get("confirms", []) != kept
        or document.get("confirms_digest", "") != shown.confidential.content_digest
    ):
        raise SignedOtherwise


def digest_of(shown: Shown) -> str:
    """base64url SHA-256 of what was shown: what a phone signs."""
    return b64u(hashlib.sha256(shown.octets).digest())


def reaches(level: str, demanded: str) -> bool:
    """Whether an eIDAS level is at least the one demanded; an empty demand is always met."""
    return not demanded or _LEVELS.index(level) >= _LEVELS.index(demanded)


def check_shared(shown: Shown, shared: Collection[str]) -> None:
    """The chosen set holds every required attribute shown and nothing that was not.

    Raises:
        WrongShared: names what is wrong.
    """
    attributes = msgspec.json.decode(shown.octets)["attributes"]
    known = {attribute["name"] for attribute in attributes}
    required = {attribute["name"] for attribute in attributes if attribute["required"]}
    if missing := required - set(shared):
        raise WrongShared(public=f"shared lacks the required {', '.join(sorted(missing))}")
    if unknown := set(shared) - known:
        raise WrongShared(public=f"shared holds what was not asked: {', '.join(sorted(unknown))}")


def released(shown: Shown, shared: Collection[str]) -> dict[str, Any]:
    """The approved values: chosen ones, their companions, and metadata about chosen ones only."""
    kept = {name for name in shown.values if name in shared or COMPANIONS.get(name) in shared}
    values = {}
    for name in kept:
        value = shown.values[name]
        if name in ATTRIBUTES and ATTRIBUTES[name].metadata and isinstance(value, dict):
            value = {about: text for about, text in value.items() if about in kept}
            if not value:
                continue
        values[name] = value
    return values


def _shown_attribute(attribute: AskedAttribute, value: object, salt: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": attribute.name, "required": attribute.required}
    if not attribute.protected:
        return {**entry, "value": value}
    return {**entry, "protected": True, "masked": mask(value), "commitment": commitment(salt, attribute.name, value)}
