"""What the scheme publishes for phones (protocol section 4, Configuration)."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
import msgspec

from ipse.kernel.clock import SECOND, Clock
from ipse.softphone.errors import NoAnswer

_FRESH_SECONDS = 300


class Document(msgspec.Struct, frozen=True):
    """A document the person accepts: terms or privacy notice."""

    kind: str
    version: str
    language: str
    sha256: str
    url: str = ""


class KeySet(msgspec.Struct, frozen=True):
    """A JWK set (RFC 7517 §5)."""

    keys: tuple[dict[str, str], ...]


class Configuration(msgspec.Struct, frozen=True):
    """The members a phone without a screen needs."""

    issuer: str
    app_origin: str
    phone_channel_keys: KeySet
    documents: tuple[Document, ...] = ()
    push_key: str | None = None
    signature_activation_key: dict[str, str] | None = None
    """What approvals that make a signing certificate are sealed to; None where nothing is signed."""

    @property
    def sealing_key(self) -> dict[str, str]:
        """The phone-channel key to seal to: the first."""
        return self.phone_channel_keys.keys[0]

    def accepted(self, language: str) -> list[dict[str, str]]:
        """All documents in that language, as `enrol` lists them; in any language where that one is missing."""
        chosen: dict[str, Document] = {}
        for document in self.documents:
            if document.language == language or document.kind not in chosen:
                chosen[document.kind] = document
        return [
            {"kind": one.kind, "version": one.version, "language": one.language, "sha256": one.sha256}
            for one in chosen.values()
        ]


@dataclass(slots=True)
class Configurations:
    """Configurations by base address; each is fetched again after five minutes, so that no rotated key is missed."""

    http: httpx.Client
    clock: Clock
    _known: dict[str, tuple[Configuration, int]] = field(default_factory=dict)

    def fresh(self, base: str) -> Configuration:
        """The configuration of the scheme at `base`, fetched now. Raises as `fetch`."""
        self._known.pop(base, None)
        return self.at(base)

    def at(self, base: str) -> Configuration:
        """The configuration of the scheme at `base`. Raises as `fetch`."""
        now = self.clock.now()
        known = self._known.get(base)
        if known is None or not 0 <= now - known[1] < _FRESH_SECONDS * SECOND:
            known = (fetch(self.http, base), now)
            self._known[base] = known
        return known[0]


def fetch(http: httpx.Client, base: str) -> Configuration:
    """Fetch the configuration of the scheme at `base`.

    Raises:
        NoAnswer: there is no scheme at that address.
    """
    url = f"{base}/phone/v1/configuration"
    try:
        response = http.get(url)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=Configuration)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise NoAnswer(f"{url} does not answer as a scheme: {error}") from error
