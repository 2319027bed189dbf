"""Where everything in the sandbox is reached, and where it listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import msgspec

CLIENT_ID = "ipse"
"""What every bank knows the scheme by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Public origins, ports and, with TLS, the files a server needs. Origins have no path and no trailing slash."""

    scheme: str
    app: str
    world: str
    port: int
    listen: str = "127.0.0.1"
    tls_certificate: str | None = None
    tls_key: str | None = None
    authority: str | None = None
    """Certificate of the authority that signed `tls_certificate`; whoever calls the others trusts it."""
    with_status: bool = False
    """Whether a status page runs beside."""

    @classmethod
    def on_this_machine(cls, port: int) -> Self:
        """The usual sandbox: the scheme on `localhost`, its second parties on `127.0.0.1`, another site."""
        return cls(
            scheme=f"http://localhost:{port}",
            app=f"http://localhost:{port + 2}",
            world=f"http://127.0.0.1:{port + 1}",
            port=port,
        )

    @classmethod
    def on_the_network(cls, port: int, name: str, folder: Path) -> Self:
        """The same over TLS for other machines: every party under one name, at three ports."""
        return cls(
            scheme=f"https://{name}:{port}",
            app=f"https://{name}:{port + 2}",
            world=f"https://{name}:{port + 1}",
            port=port,
            listen="0.0.0.0",  # noqa: S104 - asked for by --lan, so that a phone on the network reaches it
            tls_certificate=str(folder / "server.crt"),
            tls_key=str(folder / "server.key"),
            authority=str(folder / "authority.crt"),
        )

    @property
    def issuer(self) -> str:
        """The scheme's OpenID issuer."""
        return self.scheme + "/v2"

    @property
    def staff_port(self) -> int:
        """Where those who work for the scheme and its partners sign in."""
        return self.port + 6

    @property
    def staff(self) -> str:
        """The staff's origin."""
        return self.scheme.removesuffix(f":{self.port}") + f":{self.staff_port}"

    @property
    def status_port(self) -> int:
        """Where the status page listens."""
        return self.port + 7

    @property
    def status(self) -> str:
        """The status page's origin."""
        return self.scheme.removesuffix(f":{self.port}") + f":{self.status_port}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port the sandbox listens on, with TLS the authority's page, too."""
        authority = (self.port + 3,) if self.authority else ()
        more = (
            self.mail_port,
            self.certification_port,
            self.staff_port,
            *((self.status_port,) if self.with_status else ()),
        )
        return (self.port, self.port + 1, self.port + 2, *authority, *more)

    @property
    def mail_port(self) -> int:
        """Where the world's mail server listens (SMTP)."""
        return self.port + 4

    @property
    def certification_port(self) -> int:
        """Where the state of signing certificates, and time stamps, are asked for."""
        return self.port + 5

    @property
    def authority_key(self) -> str | None:
        """Where the authority's private key is kept."""
        return str(Path(self.authority).with_suffix(".key")) if self.authority else None

    @property
    def secure(self) -> bool:
        """Whether the world is reached over TLS."""
        return self.world.startswith("https://")

    @property
    def host(self) -> str:
        """The one name that the world's pages are served under."""
        return urlsplit(self.world).netloc

    @property
    def enrolment_return(self) -> str:
        """The only address that a bank sends people back to."""
        return self.scheme + "/enrolment/return"

    @property
    def enrolment_keys(self) -> str:
        """The keys that the scheme signs its client assertions with."""
        return self.scheme + "/enrolment/jwks"

    def bank_issuer(self, bank_id: str) -> str:
        """A bank's OpenID issuer."""
        return f"{self.world}/banks/{bank_id}"

    def operator_issuer(self, operator_id: str) -> str:
        """A mobile operator's OpenID issuer, which is also the root of its APIs."""
        return f"{self.world}/operators/{operator_id}"

    @property
    def number_return(self) -> str:
        """The only address that a mobile operator sends people back to."""
        return self.scheme + "/enrolment/number/return"

    def write(self, folder: Path) -> None:
        """Keep for the next start."""
        (folder / "places.json").write_bytes(msgspec.json.format(msgspec.json.encode(self)))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What `write` kept.

        Raises:
            FileNotFoundError: this world was never prepared.
        """
        return msgspec.json.decode((folder / "places.json").read_bytes(), type=cls)
