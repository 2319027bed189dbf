"""What a scanner reads and what a link opens (protocol section 5, Starts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ipse.kernel.ids import b64u, sha256
from ipse.softphone.errors import UnusableLink

_KINDS: dict[str, Literal["frame", "link"]] = {"f": "frame", "l": "link"}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a request begins: a frame of a moving QR, or an app link."""

    kind: Literal["frame", "link"]
    value: str

    @property
    def digest(self) -> str:
        """Names the start in the phone's memory without keeping it."""
        return b64u(sha256(self.value))


def parse(content: str) -> Start:
    """Read `{app_origin}/#f=<frame>` or `{app_origin}/#l=<link>`.

    The origin is not judged: like the app's own scanner, the phone talks only to the scheme it was activated at.

    Raises:
        UnusableLink: something else.
    """
    fragment = urlsplit(content.strip()).fragment
    letter, _, value = fragment.partition("=")
    if letter not in _KINDS or not value:
        raise UnusableLink("this is neither a QR's content (…/#f=…) nor an app link (…/#l=…)")
    return Start(kind=_KINDS[letter], value=value)
