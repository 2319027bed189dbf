"""A year of a country's use, as folding would have left it."""

from __future__ import annotations

from ipse.kernel.clock import SECOND
from ipse.partners.model import AuthMethod, Partner, Preset, Sector, Service, ServiceType, preset_algorithms
from ipse.partners.service import Partners
from ipse.statistics import store
from ipse.statistics.model import FALLBACKS, KINDS, Outcome, Tally
from ipse.statistics.rules import spans
from ipse.storage.database import Database
from ipse.storage.statement import Statement, Transaction, run

PARTNERS = (
    ("belastingen", "Belastingdienst", Sector.GOVERNMENT, "identification"),
    ("stad", "Stad Linde", Sector.GOVERNMENT, "authentication"),
    ("ziekenfonds", "Onderling Ziekenfonds", Sector.HEALTH, "identification"),
    ("bank", "Bank van de Dijle", Sector.FINANCE, "confirmation"),
    ("winkel", "Pot & Linde", Sector.COMMERCE, "authentication"),
    ("kleintje", "Small Club", Sector.COMMERCE, "authentication"),
    ("notaris", "Notaris Peeters & Dochter", Sector.OTHER, "signing"),
)


async def register(partners: Partners) -> None:
    """The partners of that year."""
    method = AuthMethod.CLIENT_SECRET_POST
    algorithms = preset_algorithms(Preset.NEW, method, encryption_key_type=None)
    for partner_id, name, sector, kind in PARTNERS:
        partner = Partner(partner_id, name, "active", method, None, algorithms, sector=sector)
        await partners.register_partner(partner, secret="s" * 43, actor="test")
        names = {"nl": f"Dienst {name}", "fr": f"Service {name}", "de": f"Dienst {name}", "en": f"Service {name}"}
        contract = {"phone_number": "required"} if kind in {"identification", "data_sharing"} else {}
        service = Service(
            code=partner_id.upper(),
            partner_id=partner_id,
            type=ServiceType(kind),
            state="active",
            name=names,
            purpose=names,
            redirect_uris=("https://partner.example/back",),
            contract=contract,
        )
        await partners.register_service(service, actor="test")


async def fill(database: Database, now: int) -> None:
    """Four hundred days up to now."""
    await database.transact(lambda: _filling(spans.floor(now, spans.DAY)))


def _filling(today: int) -> Transaction[None]:
    for ago in range(400, -1, -1):
        day = today - ago * spans.DAY
        people = 40_000 + (400 - ago) * 61 + (ago % 7) * 5
        samples = {
            "people": people,
            "people_new": 4 if ago == 11 else 40 + (ago * 37) % 55,
            "people_active": people * 8 // 10,
        }
        samples |= {f"partners_{kind}": 12 + place * 7 for place, kind in enumerate(KINDS)}
        for name, amount in samples.items():
            yield from run(store.SAMPLE, name, day, amount)
        for place, (partner_id, _, _, kind) in enumerate(PARTNERS):
            if partner_id == "kleintje" and ago != 3:
                continue
            busy = 6 if partner_id == "kleintje" else (place + 1) * 90 + (400 - ago) // 4 + (ago * 13) % 30
            yield _one(day, partner_id, kind, "code", busy)
            if ago % 3 == 0 and place < 2:
                yield _one(day, partner_id, kind, FALLBACKS[ago % 5], 2 + place * 9)
            yield store.adding("day", day, Tally(partner_id, partner_id.upper(), kind, Outcome.EXPIRED, "", 20))


def _one(day: int, partner_id: str, kind: str, method: str, times: int) -> Statement:
    tally = Tally(
        partner_id, partner_id.upper(), kind, Outcome.APPROVED, method, times, times * 9 * SECOND, (0, *(times,) * 5)
    )
    return store.adding("day", day, tally)
