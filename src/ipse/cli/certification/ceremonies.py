"""`ipse certification ceremony`, `ceremony renew` and `ceremony crl`: on a machine without a network."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cyclopts import App, Parameter

from ipse.certification import ceremony
from ipse.certification.ceremony import Ceremony, RootKey
from ipse.cli.certification.desk import DEFAULT_CONFIG, Config, app, console, load
from ipse.cli.terminal import CLOCK
from ipse.kernel.clock import text
from ipse.kernel.ids import RandomIds
from ipse.kernel.settings import SettingsError
from ipse.storage.private_files import read_private

ceremonies = App(name="ceremony", help="Make the root, and certify the issuing authority with it.")
app.command(ceremonies)

Root = Annotated[str, Parameter(help="Where its key is: file:/path/on/a/stick.pem, or pkcs11:token=…")]
Keepers = Annotated[tuple[str, ...], Parameter(name="--keeper", help="Somebody present; once for each.")]
Parts = Annotated[
    tuple[Path, ...],
    Parameter(name="--part-file", help="A part of the passphrase in a file, instead of being typed; for rehearsals."),
]
Folder = Annotated[Path, Parameter(help="Where request, certificates and record lie; carried to the service and back.")]


@ceremonies.default
def hold(
    *,
    root: Root,
    folder: Folder,
    keeper: Keepers = (),
    part_file: Parts = (),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a root, certify the request of the issuing authority (issuing.csr), write root, list and record.

    Each keeper types a part of the passphrase that the root's key file opens with; all parts are needed.
    """
    held = _opened(root, keeper, part_file, config, twice=True)
    request = _request(folder)
    _refuse_existing(folder, (ceremony.ROOT, ceremony.ISSUING))
    pair = held.begin()
    issuing = held.certify(pair, request)
    listed = held.revocation_list(pair, None)
    made = [
        (ceremony.ROOT, pair.certificate.public_bytes(Encoding.PEM)),
        (ceremony.ISSUING, issuing.public_bytes(Encoding.PEM)),
        (ceremony.LIST, listed),
    ]
    _keep(held, folder, "a root was made, and certified an issuing authority", made, [pair.certificate, issuing])


@ceremonies.command
def renew(
    *,
    root: Root,
    folder: Folder,
    keeper: Keepers = (),
    part_file: Parts = (),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Certify a new issuing authority (issuing.csr) with the root there is; the old one keeps its time."""
    held = _opened(root, keeper, part_file, config)
    pair = held.resume(ceremony.read_certificate(folder / ceremony.ROOT))
    issuing = held.certify(pair, _request(folder))
    old = folder / ceremony.ISSUING
    if old.exists():
        ceremony.keep(folder, f"issuing-{_serial(old)}.pem", old.read_bytes())
    made = [
        (ceremony.ISSUING, issuing.public_bytes(Encoding.PEM)),
        (ceremony.LIST, held.revocation_list(pair, _earlier(folder))),
    ]
    _keep(held, folder, "the root certified another issuing authority", made, [pair.certificate, issuing])


@ceremonies.command
def crl(
    *,
    root: Root,
    folder: Folder,
    revoke: Annotated[tuple[Path, ...], Parameter(help="Certificate of an issuing authority to revoke (PEM).")] = (),
    keeper: Keepers = (),
    part_file: Parts = (),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Sign a new list of the root; at least once a year."""
    held = _opened(root, keeper, part_file, config)
    pair = held.resume(ceremony.read_certificate(folder / ceremony.ROOT))
    revoked = [ceremony.read_certificate(path) for path in revoke]
    made = [(ceremony.LIST, held.revocation_list(pair, _earlier(folder), revoked))]
    what = f"the root signed a new list, which revokes {len(revoked)}" if revoked else "the root signed a new list"
    _keep(held, folder, what, made, revoked)


def _opened(root: str, keepers: Sequence[str], files: Sequence[Path], config: Path, *, twice: bool = False) -> Ceremony:
    settings = load(config)
    if not root.startswith(("file:/", "pkcs11:")):
        raise SettingsError("write --root as file:/path/root.key.pem or pkcs11:token=…")
    parts = [read_private(path, what="the part").rstrip(b"\r\n") for path in files]
    if root.startswith("file:") and not parts:
        parts = [_typed(keeper, twice=twice) for keeper in keepers or ("the keeper",)]
    held = Ceremony(settings, RootKey(root, parts), keepers, CLOCK, RandomIds())
    held.check()
    return held


def _typed(keeper: str, *, twice: bool) -> bytes:
    part = getpass.getpass(f"Part of {keeper}: ")
    if twice and getpass.getpass(f"Part of {keeper} again: ") != part:
        raise SettingsError(f"{keeper} typed two different parts")
    return part.encode()


def _request(folder: Path) -> bytes:
    try:
        return (folder / ceremony.REQUEST).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{folder / ceremony.REQUEST} cannot be read; it is made by: ipse certification init"
        ) from error


def _earlier(folder: Path) -> x509.CertificateRevocationList | None:
    path = folder / ceremony.LIST
    return x509.load_der_x509_crl(path.read_bytes()) if path.exists() else None


def _refuse_existing(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        if (folder / name).exists():
            raise SettingsError(f"{folder / name} exists already; for another issuing authority: ceremony renew")


def _serial(path: Path) -> str:
    return f"{ceremony.read_certificate(path).serial_number:x}"[:16]


def _keep(
    held: Ceremony, folder: Path, what: str, made: list[tuple[str, bytes]], certificates: list[x509.Certificate]
) -> None:
    for name, content in made:
        ceremony.keep(folder, name, content)
    record = held.record(what, made, certificates)
    name = f"ceremony-{text(CLOCK.now()).replace(':', '')}.txt"
    ceremony.keep(folder, name, record.encode())
    console.print(record)
    console.print(f"wrote {', '.join(each for each, _ in made)} and {name} to {folder}")
