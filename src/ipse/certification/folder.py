"""Everything a sandbox needs in one folder: keys, a root, an issuing authority, settings, somebody who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.certification import ceremony, keys
from ipse.certification.applicants import add_client
from ipse.certification.ceremony import Ceremony, RootKey
from ipse.certification.settings import CertificationSettings, read_settings
from ipse.kernel.clock import Clock
from ipse.kernel.ids import Ids
from ipse.kernel.settings import SettingsError
from ipse.storage.private_files import write_private

_KEYS = ("issuing", "responder", "timestamps")
CLIENT = "ipse"


@dataclass(frozen=True, slots=True)
class Token:
    """A security module for the keys."""

    module: str
    """Its library."""
    label: str
    """Of the token."""
    pin: str
    """File of its PIN."""

    def key(self, name: str) -> str:
        """The address of a key in it."""
        place = f"token={self.label};object=certification-{name}"
        return f"pkcs11:{place}?module-path={self.module}&pin-source=file:{self.pin}"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where everything lies: what the scheme's settings name."""

    path: Path
    port: int

    @property
    def config(self) -> Path:
        """Settings of the service."""
        return self.path / "certification.toml"

    @property
    def url(self) -> str:
        """`signing.certification.url` of the scheme."""
        return f"unix:{self.path / 'registration.sock'}"

    @property
    def credentials(self) -> Path:
        """`signing.certification.credentials`."""
        return self.path / "credentials"

    @property
    def authorities(self) -> Path:
        """`signing.certification.authorities`."""
        return self.path / "authorities.pem"

    @property
    def public_url(self) -> str:
        """Where everybody asks."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def timestamps(self) -> str:
        """`signing.certification.timestamps`."""
        return f"{self.public_url}/timestamps"


def make_folder(
    path: Path, port: int, clock: Clock, ids: Ids, *, environment: str = "sandbox", token: Token | None = None
) -> Folder:
    """Make what is missing for a sandbox or lab; what is there stays. With `token` the keys are made in it.

    Raises:
        SettingsError: production; or what is there is of another address.
    """
    folder = Folder(path.absolute(), port)
    if environment == "production":
        raise SettingsError("a folder with everything in it is for a sandbox; production holds a ceremony")
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    secret = folder.path / "passphrase"
    if not secret.exists():
        write_private(secret, f"{ids.secret()}\n".encode(), exclusive=True)
    if not folder.config.exists():
        write_private(folder.config, _settings(folder, environment, token).encode(), exclusive=True)
    settings = read_settings(folder.config.read_bytes())
    if settings.public_url != folder.public_url:
        raise SettingsError(f"{folder.config} is for {settings.public_url}: certificates name that address for ever")
    if not folder.authorities.exists():
        _found(folder, settings, clock, ids)
    return folder


def scheme_settings(folder: Folder) -> dict[str, str]:
    """The table `signing.certification` of a sandbox's scheme."""
    return {
        "url": folder.url,
        "credentials": str(folder.credentials),
        "authorities": str(folder.authorities),
        "timestamps": folder.timestamps,
        "quality": "test",
    }


def make_keys(settings: CertificationSettings) -> tuple[list[str], keys.PrivateKey]:
    """Make those of the service's keys that are missing: their names, and the issuing authority's key."""
    passphrase = keys.read_passphrase(settings.keys.passphrase)
    made = []
    for name in _KEYS:
        location = getattr(settings.keys, name)
        if location.startswith("file:") and not passphrase:
            raise SettingsError("keys.passphrase is missing, and keys in files need one")
        if not keys.exists(location):
            keys.make_key(location, settings.algorithm, passphrase)
            made.append(name)
    return made, keys.open_key(settings.keys.issuing, passphrase)


def _found(folder: Folder, settings: CertificationSettings, clock: Clock, ids: Ids) -> None:
    """A ceremony of one, whose root's key is beside the rest: a sandbox has nothing to protect."""
    _, issuing_key = make_keys(settings)
    for name in ("root.key.pem", ceremony.ROOT, ceremony.ISSUING, ceremony.LIST):
        (folder.path / name).unlink(missing_ok=True)  # of an earlier start that ended in the middle
    part = (folder.path / "passphrase").read_bytes().strip()
    held = Ceremony(settings, RootKey(f"file:{folder.path / 'root.key.pem'}", [part]), [], clock, ids)
    root = held.begin()
    issuing = held.certify(root, ceremony.authority_request(settings, issuing_key, 1))
    root_pem, issuing_pem = root.certificate.public_bytes(Encoding.PEM), issuing.public_bytes(Encoding.PEM)
    ceremony.keep(folder.path, ceremony.ROOT, root_pem)
    ceremony.keep(folder.path, ceremony.ISSUING, issuing_pem)
    ceremony.keep(folder.path, ceremony.LIST, held.revocation_list(root, None))
    line = add_client(Path(settings.clients), CLIENT, ids)
    write_private(folder.credentials, f"{line}\n".encode(), exclusive=False)
    ceremony.keep(folder.path, folder.authorities.name, issuing_pem + root_pem)


def _settings(folder: Folder, environment: str, token: Token | None) -> str:
    places = {name: token.key(name) if token else f"file:{folder.path / name}.key.pem" for name in _KEYS}
    if token is None:
        places["passphrase"] = str(folder.path / "passphrase")
    told = {
        "environment": environment,
        "public_url": folder.public_url,
        "database": f"sqlite://{folder.path / 'certification.db'}",
        "folder": str(folder.path),
        "registration": folder.url,
        "clients": str(folder.path / "clients"),
        "organisation": "Ipse sandbox",
        "own_addresses": ["127.0.0.1"],
        "listen": {"host": "127.0.0.1", "port": folder.port},
        "keys": places,
    }
    return _as_toml(told)


def _as_toml(told: Mapping[str, object]) -> str:
    lines, tables = [], []
    for name, value in told.items():
        if isinstance(value, dict):
            tables += [f"\n[{name}]", *(f"{key} = {_value(each)}" for key, each in value.items())]
        else:
            lines.append(f"{name} = {_value(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _value(value: object) -> str:
    return msgspec.json.encode(value).decode()  # strings and numbers are written alike in both
