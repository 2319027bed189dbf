"""The house, its two services, and the things in it that can be told to do something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.sandbox.partner.model import ServiceRegistration


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The partner. `id` is its `client_id` and its path in the world."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that can be asked of the house: what the phone will show, and what happens then."""

    device: str
    action: str
    location: str
    details: str = ""
    button: str
    """What stands on the button."""
    done: str
    """What the screen says once it has happened."""
    thing: str
    """`door` or `heating`."""
    state: str
    """How that thing is afterwards."""

    def described(self) -> dict[str, str]:
        """The rich authorization request (RFC 9396) for it."""
        members = {"device": self.device, "action": self.action, "location": self.location, "details": self.details}
        return {"type": "device_action", **{name: value for name, value in members.items() if value}}


HOUSE: Final = House(id="house", name="Huis Ipse", address="Lindelaan 7")
_HALL: Final = "Lindelaan 7"
DEEDS: Final[Mapping[str, Deed]] = {
    "unlock": Deed(
        device="Front door",
        action="unlock",
        location=_HALL,
        button="Unlock the door",
        done="The door is open. Come in.",
        thing="door",
        state="open",
    ),
    "lock": Deed(
        device="Front door",
        action="lock",
        location=_HALL,
        button="Lock the door",
        done="The door is locked.",
        thing="door",
        state="locked",
    ),
    "warm": Deed(
        device="Heating",
        action="turn_on",
        location=_HALL,
        details="21 °C until 22:00",
        button="Turn on the heating",
        done="The heating is on. It will be warm soon.",
        thing="heating",
        state="on",
    ),
    "cool": Deed(
        device="Heating",
        action="turn_off",
        location=_HALL,
        button="Turn off the heating",
        done="The heating is off.",
        thing="heating",
        state="off",
    ),
}
"""By the name of their button."""

PAIR: Final = ServiceRegistration(
    code="HOUSE_PAIR",
    type="authentication",
    name={"nl": "Telefoon koppelen", "fr": "Associer un téléphone", "de": "Telefon koppeln", "en": "Pair a phone"},
    purpose={
        "nl": "Om deze telefoon als sleutel van het huis te gebruiken",
        "fr": "Pour utiliser ce téléphone comme clé de la maison",
        "de": "Um dieses Telefon als Schlüssel des Hauses zu benutzen",
        "en": "To use this phone as a key of the house",
    },
    redirect_uris=(),
    contract={"given_name": "voluntary"},
    scopes=("openid", "service:HOUSE_PAIR"),
    claims=("given_name",),
    backchannel_mode="poll",
)
ACT: Final = ServiceRegistration(
    code="HOUSE_ACT",
    type="confirmation",
    name={"nl": "Deur en verwarming", "fr": "Porte et chauffage", "de": "Tür und Heizung", "en": "Door and heating"},
    purpose={
        "nl": "Om te doen wat u op het scherm van het huis hebt gekozen",
        "fr": "Pour faire ce que vous avez choisi sur l’écran de la maison",
        "de": "Um zu tun, was Sie am Bildschirm des Hauses gewählt haben",
        "en": "To do what you chose on the screen of the house",
    },
    redirect_uris=(),
    contract={},
    scopes=("openid", "service:HOUSE_ACT"),
    claims=(),
    backchannel_mode="poll",
)
