"""The file of a lab: who takes part, and which switches are on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec

from ipse.kernel.settings import SettingsError
from ipse.sandbox.places import Places

Mode = Literal["approve", "reject", "ask"]
_GENEROUS = {"burst": 100_000, "per_minute": 1_000_000}


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who approves: a test person of the sandbox's world, through one of its banks."""

    id: str = "ada"
    bank: str = "bank-vesta"
    code: str = "24680"


class LabService(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One service of a client."""

    code: str
    type: str = "authentication"
    redirect_uris: tuple[str, ...] = ()
    everything: bool = True
    """Whether it may ask every attribute, all of them voluntary."""
    default: bool = False
    """Whether it is meant where a scope names no service."""
    pkce_required: bool = False
    profile: str = "default"
    message_signing: bool = False
    backchannel_mode: Literal["", "poll", "ping"] = ""
    notification_endpoint: str = ""
    match_optional: bool = False
    fallbacks: tuple[str, ...] = ()
    """What may stand in for the phone."""
    essential: bool = False


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One client. Its keys or secret are made at the first start and kept."""

    id: str
    name: str
    auth: Literal["private_key_jwt", "client_secret_post", "client_secret_basic", "self_signed_tls_client_auth"]
    signing: str = "PS256"
    """What it signs with."""
    id_token: str = "RS256"
    """What its ID tokens and signed answers are signed with."""
    encryption: tuple[str, str] | None = None
    """Key management and content encryption of ID tokens; None: signed only."""
    phone: Mode = "approve"
    """What the phone does with its requests that have a page: by itself, or `ask` to be told."""
    addressed: Mode = "ask"
    """What it does with those of the back channel."""
    services: tuple[LabService, ...] = ()


class Switches(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Switches of the settings' `[lab]` table that are not worked out from the clients."""

    plain_pages: bool = True
    any_display: bool = False
    browser_session: bool = False
    requests_per_person: int | None = None
    outgoing_authorities: str | None = None


class LabFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    clients: tuple[Client, ...]
    port: int = 8200
    """The scheme; the world is on the next, then the app, the authority's page, the phone, and the proxy for client
    certificates."""
    host: str = "localhost"
    tls: bool = True
    suite: str = "https://localhost.emobix.co.uk:8443"
    """Where the judges' program is reached: `{suite}` in addresses becomes this."""
    phone_seconds: float = 2.0
    """How long the phone waits before it answers by itself: so long a page can be cancelled."""
    person: Person = Person()
    switches: Switches = Switches()

    def client(self, client_id: str) -> Client:
        """The client of this id. Raises KeyError."""
        return next(client for client in self.clients if client.id == client_id)

    def places(self, folder: Path) -> Places:
        """Where everything listens: on loopback."""
        if not self.tls:
            return Places.on_this_machine(self.port)
        return replace(Places.on_the_network(self.port, self.host, folder / "world" / "tls"), listen="127.0.0.1")

    @property
    def phone_port(self) -> int:
        """Where the phone is told what to do."""
        return self.port + 6

    @property
    def certificate_port(self) -> int:
        """Where a proxy that asks for client certificates may listen."""
        return self.port + 5

    def lab(self) -> dict[str, object]:
        """The `[lab]` table of the settings."""
        chosen: dict[str, object] = {
            name: value for name, value in msgspec.to_builtins(self.switches).items() if value is not None
        }
        chosen["open_requests"] = True
        chosen["default_services"] = {
            client.id: service.code for client in self.clients for service in client.services if service.default
        }
        chosen["basic_clients"] = [client.id for client in self.clients if client.auth == "client_secret_basic"]
        return chosen

    def settings(self, folder: Path) -> dict[str, object]:
        """The scheme's settings."""
        places = self.places(folder)
        chosen: dict[str, object] = {
            "environment": "lab",
            "name": "Ipse lab",
            "base_url": places.scheme,
            "app_origin": places.app,
            "database": f"sqlite:///{folder}/ipse.db",
            "keystore": f"file:{folder}/keystore.json",
            "unknown_scopes": "ignore",
            "listen": {"host": places.listen, "port": places.port},
            "app_listen": {"host": places.listen, "port": places.port + 2},
            "limits": dict.fromkeys(("page", "wait", "partner", "phone", "enrolment", "static"), _GENEROUS),
            "lab": self.lab(),
        }
        if places.tls_certificate and places.tls_key:
            chosen |= {"tls_certificate": places.tls_certificate, "tls_key": places.tls_key}
            chosen |= {
                "certificate_proxies": ("127.0.0.2",),
                "mtls_base_url": f"https://{self.host}:{self.certificate_port}",
            }
        return chosen


def read(path: Path) -> LabFile:
    """Read the file.

    Raises:
        SettingsError: missing, or not a lab's file; says why.
    """
    try:
        text = path.read_text()
        suite = msgspec.toml.decode(text).get("suite", LabFile.__struct_defaults__[3])
        return msgspec.toml.decode(text.replace("{suite}", str(suite)), type=LabFile)
    except OSError as error:
        raise SettingsError(f"the lab's file {path} cannot be read: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
