"""The public coverage page and its JSON: which countries, documents, routes and claims this installation serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.attributes.model import ATTRIBUTES, claim_name
from ipse.attributes.rules.availability import COUNTRIES, Availability, availability, documents
from ipse.standards.countries import alpha_3
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

PATH = "/coverage"
_KEPT = "public, max-age=300"


class Vouching(Protocol):
    """A registrar, as far as this page tells of it."""

    @property
    def id(self) -> str:
        """Of the registrar."""

    @property
    def name(self) -> str:
        """What people read."""

    @property
    def kind(self) -> str:
        """`bank` or `eid_card`."""

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-2."""

    @property
    def assurance(self) -> str:
        """The highest level an identity from here can have."""


Active = Callable[[], Awaitable[Sequence[Vouching]]]
"""The registrars that people can choose now."""


def coverage(claim_prefix: str, registrars: Sequence[Vouching]) -> dict[str, Any]:
    """Countries with documents, routes and claims; the same table that decides each answer."""
    return {
        "countries": [
            {
                "country": country,
                "country_alpha_3": alpha_3(country),
                "documents": list(documents(country)),
                "routes": [
                    {"route": each.kind, "id": each.id, "name": each.name, "highest_level": each.assurance}
                    for each in registrars
                    if each.country == country
                ],
                "claims": {
                    claim_name(name, claim_prefix): found.value
                    for name in ATTRIBUTES
                    if (found := availability(name, country)) is not Availability.NEVER
                },
            }
            for country in COUNTRIES
        ],
        "claims": [
            {
                "claim": claim_name(name, claim_prefix),
                "type": "string" if name == "picture" else "object" if attribute.kind == "picture" else attribute.kind,
                "scopes": list(attribute.scopes),
                "protected": attribute.protected,
                "metadata": attribute.metadata,
            }
            for name, attribute in ATTRIBUTES.items()
        ],
    }


def routes(pages: Pages, *, claim_prefix: str, registrars: Active) -> list[Route]:
    """The two addresses."""
    endpoints = _Coverage(pages, claim_prefix, registrars)
    return [
        Route(PATH, endpoints.page, caller=Caller.PUBLIC, limit="page"),
        Route(PATH + ".json", endpoints.document, caller=Caller.PUBLIC, limit="page"),
    ]


@dataclass(frozen=True)
class _Coverage:
    pages: Pages
    claim_prefix: str
    registrars: Active

    async def _covered(self) -> dict[str, Any]:
        return coverage(self.claim_prefix, await self.registrars())

    async def document(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """All of it for programs."""
        headers = {"cache-control": _KEPT, "access-control-allow-origin": "*"}
        return Response(msgspec.json.encode(await self._covered()), media_type="application/json", headers=headers)

    async def page(self, request: Request) -> Response:
        """The same for people: one country at a time, or all of them in short."""
        language = language_of(request)
        wanted = request.query_params.get("country", "")
        covered = await self._covered()
        one = next((entry for entry in covered["countries"] if entry["country"] == wanted), None)
        names = {entry["country"]: self._name(language, entry["country"]) for entry in covered["countries"]}
        return self.pages.render(
            "attributes/coverage.html",
            language,
            address=PATH,
            one=one,
            names=names,
            countries=sorted(covered["countries"], key=lambda entry: names[entry["country"]]),
            claims={entry["claim"]: entry for entry in covered["claims"]},
        )

    def _name(self, language: str, country: str) -> str:
        return self.pages.text(language, f"attributes.country.{country}")
