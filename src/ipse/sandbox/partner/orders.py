"""What the shop has its customers confirm: a payment as data, a payment by template, a text.

Three ways of the partner protocol for one thing: the customer sees on their own phone what they agree to, and the shop
reads in the ID token that exactly this was agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ipse.sandbox.partner.errors import LoginFailedError
from ipse.sandbox.partner.model import CLAIM, SHOP
from ipse.standards.canonical_json import digest

IBAN: Final = "BE71096123456769"
"""The shop's account. No bank has it: it is the example of the Belgian standard."""
_APPROVAL: Final = CLAIM + "claim_approval_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something to confirm. Either `details` or `template` says it to the scheme."""

    id: str
    name: str
    amount: str = ""
    """In euro, as the shop shows it; empty where nothing is paid."""
    details: tuple[Mapping[str, Any], ...] = ()
    """`authorization_details` (RFC 9396)."""
    template: Mapping[str, str] | None = None
    """Template claims by what follows `claim_approval_`."""
    done: str = ""
    """What the shop says afterwards."""

    @property
    def claims(self) -> dict[str, str]:
        """The template claims by their names on the wire."""
        return {_APPROVAL + name: value for name, value in (self.template or {}).items()}


def _goods(name: str, title: str, amount: str) -> Order:
    payment = {
        "type": "payment",
        "instructedAmount": {"currency": "EUR", "amount": amount},
        "creditorName": SHOP.name,
        "creditorAccount": {"iban": IBAN},
        "remittanceInformationUnstructured": title,
    }
    return Order(id=name, name=title, amount=amount, details=(payment,), done="It is being wrapped as you read this.")


_RULES: Final = (
    "I join the <b>Green Thumb Club</b>.<br><br>I may bring a plant that looks sad, and I will be told the truth "
    "about it.<br>I give notice by simply not coming any more."
)
ORDERS: Final[Mapping[str, Order]] = {
    order.id: order
    for order in (
        _goods("fern", "Fern in terracotta", "24.50"),
        _goods("cactus", "Cactus, easily pleased", "18.00"),
        _goods("fig", "Rubber fig in slate blue", "39.00"),
        Order(
            id="voucher",
            name="Gift card",
            amount="50",
            template={
                "template_name": "adv_payment",
                "amount_key": "50",
                "currency_key": "EUR",
                "iban_key": IBAN,
            },
            done="The gift card is in your mailbox.",
        ),
        Order(
            id="club",
            name="Green Thumb Club",
            template={"template_name": "free_text", "text_key": _RULES},
            done="You are a member. The next evening is on Thursday.",
        ),
    )
}


def parameters(order: Order, subject: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """What an order adds to the request: to the `id_token` and `userinfo` sets of claims, and `authorization_details`.

    `subject` is the customer, if the shop knows them: then the request goes straight to their phone.
    """
    id_token = {name: {"essential": True, "value": value} for name, value in order.claims.items()}
    userinfo = {"sub": {"value": subject}} if subject else {}
    return id_token, userinfo, _json(order.details) if order.details else ""


def check_confirmed(order: Order, claims: Mapping[str, Any]) -> None:
    """The ID token says that this order was confirmed, and no other.

    Raises:
        LoginFailedError: it says something else, or nothing.
    """
    wanted: dict[str, Any] = dict(order.claims)
    if order.details:
        wanted["authorization_details"] = [dict(each) for each in order.details]
        wanted[CLAIM + "authorization_details_digest"] = digest(list(order.details))
    if any(claims.get(name) != value for name, value in wanted.items()) or not claims.get(CLAIM + "approval_digest"):
        raise LoginFailedError("suspicious", "what was confirmed is not what was ordered")


def _json(details: tuple[Mapping[str, Any], ...]) -> str:
    return msgspec.json.encode(details).decode()
