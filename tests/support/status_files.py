"""The files behind the status page, as scheme and probes would write them, and a past to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from ipse.status.model import Change, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from ipse.status.service.history import History

NOW = 1_795_363_200  # 2026-11-22 16:00 UTC
COMPONENTS = (
    ("sign-in", "sign-in", "Sign-in"),
    ("approval", "approval", "Approval with the app"),
    ("signing", "signing", "Signing"),
    ("partner-api", "partner-api", "Partner API"),
    ("enrolment-bank-vesta", "enrolment-bank", "Activation with Vesta Bank"),
    ("enrolment-bank-lys", "enrolment-bank", "Activation with Banque du Lys"),
    ("enrolment-card", "enrolment-card", "Activation with the eID card"),
    ("mobile-operator-lumo", "mobile-operator", "Lumo"),
    ("mobile-operator-tellus", "mobile-operator", "Tellus"),
)
PROBES = {
    "health": ("sign-in", "approval", "signing", "partner-api"),
    "login": ("sign-in",),
    "phone-channel": ("approval",),
    "partner-api": ("partner-api",),
    "certification": ("signing",),
    "bank:vesta": ("enrolment-bank-vesta",),
    "bank:lys": ("enrolment-bank-lys",),
    "card": ("enrolment-card",),
    "mobile-operator:lumo": ("mobile-operator-lumo",),
    "mobile-operator:tellus": ("mobile-operator-tellus",),
}


def text(said: str) -> dict[str, str]:
    """One text in all languages."""
    return dict.fromkeys(("nl", "fr", "de", "en"), said)


def write(folder: Path, name: str, document: dict[str, Any]) -> None:
    """Write as the scheme does: beside the place, then renamed."""
    fresh = folder / f".{name}.new"
    fresh.write_bytes(msgspec.json.encode(document))
    fresh.replace(folder / name)


@dataclass
class Publishers:
    """Scheme and probes, writing into a folder."""

    folder: Path
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    maintenance: list[dict[str, Any]] = field(default_factory=list)
    unoffered: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    """Probes that there are no more."""

    def scheme(self, now: int, counts: dict[str, dict[str, int]] | None = None) -> None:
        """What the scheme writes."""
        head = {"version": 1, "written_at": now}
        named = [
            {"id": one, "kind": kind, "name": text(name), "offered": one not in self.unoffered}
            for one, kind, name in COMPONENTS
        ]
        incidents = {"format": "ipse-incidents", **head, "scheme": "Ipse", "address": "https://id.example"}
        incidents |= {"components": named, "incidents": self.incidents, "maintenance": self.maintenance}
        write(self.folder, "incidents.json", incidents)
        outcomes = [{"id": one, "last_5_minutes": (counts or {}).get(one, {})} for one, _, _ in COMPONENTS]
        write(self.folder, "outcomes.json", {"format": "ipse-outcomes", **head, "components": outcomes})

    def probe(self, now: float, failing: dict[str, str] | None = None, *, slow: tuple[str, ...] = ()) -> None:
        """One try of each probe; `failing` names what a failure means by the name of the probe."""
        for name in PROBES.keys() - self.forgotten:
            sample: dict[str, Any] = {"at": now, "outcome": "ok", "milliseconds": 120 + 7 * len(name)}
            if name in slow:
                sample |= {"outcome": "slow", "milliseconds": 6100}
            if failing and name in failing:
                sample |= {"outcome": "failed", "effect": failing[name], "step": "page", "reason": "no answer in time"}
            self.samples[name] = [*self.samples.get(name, []), sample][-10:]
        self.publish_probes(now)

    def publish_probes(self, now: float) -> None:
        """Write what the probes saw."""
        probes = [{"name": name, "components": PROBES[name], "samples": seen} for name, seen in self.samples.items()]
        document = {"format": "ipse-probes", "version": 1, "written_at": int(now), "interval_seconds": 30}
        write(self.folder, "probes.json", {**document, "probes": probes})


def incident(now: int, *, ended: bool = False, name: str = "0f6c2c4e7a5b4d0e9f1a") -> dict[str, Any]:
    """An incident with a timeline, a guide and, when it has ended, what was learnt."""
    update = {"id": "6b1d", "at": now - 600, "state": "identified", "text": text("A certificate has run out.")}
    told: dict[str, Any] = {
        "id": name,
        "kind": "outage",
        "state": "resolved" if ended else "identified",
        "impact": "full",
        "title": text("Approving with the phone"),
        "sentence": text("Approving with the phone does not work at the moment."),
        "components": ["approval"],
        "functions": ["login"],
        "started_at": now - 1200,
        "ended_at": now - 60 if ended else None,
        "changed_at": now - 60,
        "updates": [update],
        "guides": [{"function": "login", "ways": ["eid_card", "bank"], "text": text("Use your eID card.")}],
        "technical": "The gateway refuses our certificate since 11:40 UTC.",
        "post_mortem": {"published_at": now, "text": text("We renew certificates earlier.")} if ended else None,
    }
    return told


def window(now: int, *, announced: int = 86_400, starts: int = 3600, lasts: int = 3600) -> dict[str, Any]:
    """A planned window for sign-in and approval."""
    return {
        "id": "52d0",
        "title": text("Database upgrade"),
        "text": text("Signing in may take some seconds longer."),
        "components": ["sign-in", "approval"],
        "starts_at": now + starts,
        "ends_at": now + starts + lasts,
        "announced_at": now - announced,
        "cancelled_at": None,
    }


async def fill(history: History, now: int) -> None:
    """Ninety days with a few bad hours."""
    bad = {
        "sign-in": [(71, 1900, "major_outage"), (23, 700, "partial_outage"), (8, 5400, "degraded")],
        "approval": [(71, 1900, "major_outage"), (23, 700, "major_outage")],
        "partner-api": [(71, 1900, "major_outage")],
        "enrolment-bank-lys": [(60, 7200, "major_outage"), (59, 30_000, "partial_outage"), (12, 3600, "major_outage")],
        "mobile-operator-tellus": [(33, 86_400, "degraded")],
    }
    for component, _, _ in COMPONENTS:
        await history.add(Change(component, now - 80 * 86_400, Severity.OPERATIONAL))
        for days, seconds, severity in bad.get(component, []):
            start = now - days * 86_400 - 20_000
            await history.add(Change(component, start, Severity(severity), "login: page: no answer in time"))
            await history.add(Change(component, start + seconds, Severity.OPERATIONAL))
    await history.looked(now)
