"""What a person confirms, judged before anything of it is approved (protocol section 5, "Contents").

The same rules as the app's: whatever cannot be shown in full can only be refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ipse.softphone import signing_contents
from ipse.softphone.signing_contents import UNSEEN

Content = Mapping[str, Any]

_KINDS = frozenset({"authentication", "identification", "data_sharing", "confirmation", "signing"})
_VERBS = frozenset({"unlock", "lock", "turn_on", "turn_off", "set"})
_MEMBERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "payment": (("amount", "currency"), ("creditor_name", "creditor_iban", "reference")),
    "text": (("text",), ()),
    "agreement": (("title", "text"), ("version", "sha256")),
    "device_action": (("device", "action"), ("location", "details")),
}
"""Members of each type: those that must be there, and the others."""
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def strange(shown: Mapping[str, Any]) -> str | None:
    """What of a shown document a phone cannot show: a word of it, or None when all of it is understood."""
    version, kind = shown.get("v"), shown.get("type")
    if version != 1 or isinstance(version, bool):
        return "v"
    if not isinstance(kind, str) or kind not in _KINDS:
        return "type"
    if any(isinstance(text, str) and UNSEEN.search(text) for text in _names(shown)):
        return "names"
    if "confirms" not in shown:
        return "confirms" if kind == "confirmation" else None
    return _strange_content(kind, shown["confirms"])


def _strange_content(document_kind: str, confirms: object) -> str | None:
    if not isinstance(confirms, list) or not confirms:
        return "confirms"
    unfit = [document for document in confirms if not understood(document)]
    if not unfit:
        return signing_contents.strange(document_kind, confirms)
    kind = unfit[0].get("type") if isinstance(unfit[0], dict) else None
    return kind if isinstance(kind, str) and re.fullmatch(r"[\w./:-]{1,40}", kind, re.ASCII) else "confirms"


def _names(shown: Mapping[str, Any]) -> list[object]:
    """Who asks, and for what."""
    groups = [group for name in ("partner", "service") if isinstance(group := shown.get(name), dict)]
    return [shown.get("broker"), *(text for group in groups for text in group.values())]


def understood(document: object) -> bool:
    """Whether all of one content can be shown."""
    kind = document.get("type") if isinstance(document, dict) else None
    if isinstance(document, dict) and kind in signing_contents.TYPES:
        return signing_contents.understood(document)
    if not isinstance(document, dict) or not isinstance(kind, str) or kind not in _MEMBERS:
        return False
    needed, other = _MEMBERS[kind]
    if not document.keys() <= {"type", *needed, *other}:
        return False
    values = {name: document.get(name, "") for name in (*needed, *other)}
    if not all(isinstance(value, str) and not UNSEEN.search(value) for value in values.values()):
        return False
    return all(values[name].strip() for name in needed) and _holds(kind, values)


def _holds(kind: str, values: Mapping[str, str]) -> bool:
    if kind == "device_action":
        return values["action"] in _VERBS
    if kind != "payment":
        return True
    payee = values["creditor_name"].strip() or values["creditor_iban"].strip()
    return bool(payee and _AMOUNT.fullmatch(values["amount"]) and _CURRENCY.fullmatch(values["currency"]))


def told(content: Content) -> str | None:
    """One line of what was confirmed, as the history keeps it; None where this phone cannot show it."""
    if content.get("type") == "credential" and {"issuer", "quality"} <= content.keys():
        return f"made a signing certificate of {content['issuer']} ({content['quality']})"
    if content.get("type") == "signature" and content.get("labels"):
        return f"signed {', '.join(content['labels'])}"
    return summary(content) if understood(content) else None


def summary(content: Content) -> str:
    """One line that says what a content is; digits of an amount as they were signed."""
    if content["type"] == "payment":
        return (
            f"{content['amount']} {content['currency']} to {content.get('creditor_name') or content['creditor_iban']}"
        )
    if content["type"] == "device_action":
        return f"{content['action'].replace('_', ' ')} – {content['device']}"
    if content["type"] == "agreement":
        return f"agree to {content['title']}"
    if content["type"] == "credential":
        return f"make a signing certificate for {content['common_name']} ({content['quality']})"
    if content["type"] == "signature":
        documents = content["documents"]
        return f"sign {documents[0]['label']}" if len(documents) == 1 else f"sign {len(documents)} documents"
    return re.sub(r"</?[biu]>", "", content["text"].replace("<br>", "\n")).strip().partition("\n")[0].strip()
