"""Requests as a phone shows them, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from ipse.kernel.ids import b64u_decode
from ipse.softphone import contents
from ipse.softphone.channel import Answer
from ipse.softphone.errors import CannotDecline
from ipse.softphone.signing_contents import TYPES


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the phone shows it."""

    action: str
    shown: bytes
    """What is shown, as received: its digest is what the phone signs."""
    challenge: str
    expires_at: int
    start: Literal["qr", "link", "push"]
    activation_key: Mapping[str, Any] | None = None
    """The key of signature activation, where something is signed."""

    @classmethod
    def of(cls, answer: Answer) -> Request:
        """Read the answer to `claim` or `show`."""
        return cls(
            action=answer["action"],
            shown=b64u_decode(answer["shown"]),
            challenge=answer["challenge"],
            expires_at=answer["expires_at"],
            start=answer["start"],
            activation_key=answer.get("signature_activation"),
        )

    @property
    def content(self) -> dict[str, Any]:
        """The shown bytes, read."""
        content: dict[str, Any] = msgspec.json.decode(self.shown)
        return content

    @property
    def attributes(self) -> list[dict[str, Any]]:
        """The attributes asked for, in the order shown."""
        return list(self.content.get("attributes", ()))

    @property
    def confirms(self) -> list[dict[str, Any]]:
        """What is to be confirmed, as it was written; empty for a login."""
        return list(self.content.get("confirms", ()))

    @property
    def signs(self) -> bool:
        """Whether something is signed, or a signing certificate made: only the code approves it then."""
        return any(one.get("type") in TYPES for one in self.confirms)

    @property
    def documents(self) -> list[dict[str, str]]:
        """What is to be signed, in order; empty where nothing is."""
        return [document for one in self.confirms if one["type"] == "signature" for document in one["documents"]]

    @property
    def warnings(self) -> list[str]:
        """What is strange about it: `far`, `reported`, `call`."""
        return list(self.content.get("warnings", ()))

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """Where it was started (`browser`) and where this phone is (`phone`), as far as anybody knows."""
        return dict(self.content.get("places", {}))

    @property
    def strange(self) -> str | None:
        """What of it this phone cannot show; such a request can only be refused."""
        return contents.strange(self.content)

    def shared(self, declined: Iterable[str] = ()) -> list[str]:
        """The names to share when `declined` are switched off.

        Raises:
            CannotDecline: one of them is required, or not asked for.
        """
        voluntary = {attribute["name"] for attribute in self.attributes if not attribute["required"]}
        off = set(declined)
        if off - voluntary:
            raise CannotDecline(f"cannot be switched off: {', '.join(sorted(off - voluntary))}")
        return [attribute["name"] for attribute in self.attributes if attribute["name"] not in off]

    def renewed(self, challenge: str) -> Request:
        """The same request with the challenge that a wrong code brought."""
        return replace(self, challenge=challenge)


@dataclass(frozen=True, slots=True)
class Connecting:
    """A scan said who is here; what the partner asks arrives as a request addressed to this phone."""

    action: str
    partner: str
    service: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a decision ended."""

    outcome: Literal["approved", "rejected"]
    return_url: str | None = None
    """Only for an approval after an app link: open it in the browser the link came from."""
