"""`info`: what this service is and offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ipse.csc.http.answers import answer
from ipse.csc.model import PATHS, Version
from ipse.csc.rules.documents import ENVELOPES, TOLD_LEVELS
from ipse.csc.rules.reading import body
from ipse.kernel.errors import PlatformError
from ipse.kernel.settings import Settings
from ipse.standards.signature_activation import SIGN_ALGORITHMS
from ipse.web import languages
from ipse.web.forms import read_body
from ipse.web.pages import Pages
from ipse.web.routes import Endpoint

_MOST_BYTES: Final = 4096
_REGION: Final = "BE"
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "en": "Signatures that people make with their phone and a code",
    "nl": "Handtekeningen die mensen met hun telefoon en een code zetten",
    "fr": "Des signatures que chacun appose avec son téléphone et un code",
    "de": "Unterschriften, die Menschen mit ihrem Telefon und einem Code leisten",
}
METHODS: Final = {
    Version.ONE: (
        "info",
        "auth/revoke",
        "oauth2/authorize",
        "oauth2/token",
        "credentials/list",
        "credentials/info",
        "signatures/signHash",
    ),
    Version.TWO: (
        "info",
        "auth/revoke",
        "oauth2/authorize",
        "oauth2/pushed_authorize",
        "oauth2/token",
        "oauth2/revoke",
        "credentials/list",
        "credentials/info",
        "signatures/signHash",
        "signatures/prepareDoc",
        "signatures/signDoc",
        "signatures/signPolling",
        "signatures/timestamp",
    ),
}


class Described:
    """What anybody may know."""

    def __init__(self, settings: Settings, pages: Pages) -> None:
        self._settings = settings
        self._logo = settings.base_url + pages.assets.url("mark.svg")

    def info(self, version: Version) -> Endpoint:
        """The endpoint of one version."""

        async def told(request: Request) -> Response:
            return answer(self._described(version, await _language(request)))

        return told

    def _described(self, version: Version, language: str) -> dict[str, Any]:
        base = self._settings.base_url + PATHS[version]
        common = {
            "name": self._settings.name,
            "logo": self._logo,
            "region": _REGION,
            "description": _DESCRIPTIONS[language],
            "authType": ["oauth2code"],
            "methods": list(METHODS[version]),
        }
        if version is Version.ONE:
            return {"specs": "1.0.3.0", "lang": language.upper(), "oauth2": f"{base}/oauth2/authorize", **common}
        signing = self._settings.signing
        algorithm = signing.algorithm if signing is not None else ""
        formats = ["P", "C", "X"]
        return {
            "specs": "2.0.0.0",
            "lang": language,
            "oauth2": f"{base}/",
            **common,
            "asynchronousOperationMode": True,
            "validationInfo": True,
            "signature_formats": {
                "formats": formats,
                "envelope_properties": [list(ENVELOPES[each]) for each in formats],
            },
            "conformance_levels": list(TOLD_LEVELS),
            "signAlgorithms": {"algos": [oid for oid, (key, _) in SIGN_ALGORITHMS.items() if key == algorithm]},
        }


async def _language(request: Request) -> str:
    """The language that is wished, in any ISO form; English where it is none of ours or the body is unreadable."""
    try:
        wished = body(await read_body(request, most=_MOST_BYTES)).get("lang")
    except PlatformError:
        wished = None
    return languages.choose(wished if isinstance(wished, str) else None, None)
