"""The public coverage page and its JSON: which countries, documents, routes and claims this installation serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ipse.attributes.model import ATTRIBUTES, claim_name
from ipse.attributes.rules.availability import COUNTRIES, Availability, availability, documents
from ipse.kernel.settings import Registrar
from ipse.standards.countries import alpha_3
from ipse.web.pages import Pages, language_of
from ipse.web.routes import Caller, Route

PATH = "/coverage"
_KEPT = "public, max-age=300"


def coverage(claim_prefix: str, registrars: Sequence[Registrar]) -> dict[str, Any]:
    """Countries with documents, routes and claims; the same table that decides each answer."""
    return {
        "countries": [
            {
                "country": country,
                "country_alpha_3": alpha_3(country),
                "documents": list(documents(country)),
                "routes": [
                    {"route": "bank", "id": bank.id, "name": bank.name, "highest_level": bank.assurance}
                    for bank in registrars
                    if bank.country == country
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


def routes(pages: Pages, *, claim_prefix: str, registrars: Sequence[Registrar]) -> list[Route]:
    """The two addresses."""
    endpoints = _Coverage(pages, coverage(claim_prefix, registrars))
    return [
        Route(PATH, endpoints.page, caller=Caller.PUBLIC, limit="page"),
        Route(PATH + ".json", endpoints.document, caller=Caller.PUBLIC, limit="page"),
    ]


@dataclass(frozen=True)
class _Coverage:
    pages: Pages
    covered: dict[str, Any]

    async def document(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """All of it for programs."""
        headers = {"cache-control": _KEPT, "access-control-allow-origin": "*"}
        return Response(msgspec.json.encode(self.covered), media_type="application/json", headers=headers)

    async def page(self, request: Request) -> Response:
        """The same for people: one country at a time, or all of them in short."""
        language = language_of(request)
        wanted = request.query_params.get("country", "")
        one = next((entry for entry in self.covered["countries"] if entry["country"] == wanted), None)
        names = {entry["country"]: self._name(language, entry["country"]) for entry in self.covered["countries"]}
        return self.pages.render(
            "attributes/coverage.html",
            language,
            address=PATH,
            one=one,
            names=names,
            countries=sorted(self.covered["countries"], key=lambda entry: names[entry["country"]]),
            claims={entry["claim"]: entry for entry in self.covered["claims"]},
        )

    def _name(self, language: str, country: str) -> str:
        return self.pages.text(language, f"attributes.country.{country}")
