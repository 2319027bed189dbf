"""How many signatures a core makes, and how long a signed PDF takes: real keys, real certificates, real time stamps."""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from ipse.app.signing import Clients, open_clients
from ipse.cli.bench.arena import free_ports
from ipse.cli.configuration import CLOCK
from ipse.cli.world_signing import SigningWorld, prepare_signing
from ipse.documents.model import Aim, Level, Statement
from ipse.documents.service import Documents
from ipse.kernel.clock import seconds
from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.kernel.settings import Environment, Papers, SettingsError, Signing
from ipse.sandbox.places import Places
from ipse.sandbox.processes import Together
from ipse.signature_activation.own_secrets import place_of
from ipse.signature_activation.server import open_keys
from ipse.signature_activation.settings import read_settings
from ipse.signature_activation.speed import measure
from ipse.standards import phone_channel
from ipse.standards.certification import Subject
from ipse.standards.signature_activation import ECDSA_SHA256, RSA_SHA256, Activated, NewCredential

_START_SECONDS: Final = 30
_ALGORITHMS: Final = {"RSA-2048": RSA_SHA256, "P-256": ECDSA_SHA256}
_SUBJECT: Final = Subject("BE", "Ada Lovelace", "Ada", "Lovelace", "PNOBE-85073003328")


class Timed(msgspec.Struct, frozen=True):
    """Milliseconds from an approval to a finished file of level B-LT: medians, and the slowest of all."""

    algorithm: str
    activation: float
    """Until signature activation has judged the approval and signed."""
    finishing: float
    """Until a worker has put value, time stamp, OCSP answers and lists into the file."""
    whole: float
    slowest: float


@dataclass(slots=True)
class _Signer:
    """A phone as signature activation meets it."""

    receiving: Mapping[str, str]
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    salt: bytes = field(default_factory=lambda: os.urandom(32))

    def approve(self, content: dict[str, Any]) -> Activated:
        """Show, sign, seal."""
        making = content["type"] == "credential"
        action, credential = RandomIds().identifier(), content["credential"]
        code_key = phone_channel.signing_code_key("24680", self.salt, credential)
        shown = {
            "v": 1,
            "salt": b64u(os.urandom(32)),
            "action": action,
            "type": "signing",
            "partner": {"id": "bench", "name": "Bench"},
            "assurance": "advanced",
            "started": {"at": seconds(CLOCK.now()), "how": "qr"},
            "attributes": [],
            "confirms": [content],
        }
        octets = msgspec.json.encode(shown)
        message = {
            "v": 1,
            "type": "approval",
            "phone": "bench",
            "chain": "c",
            "iat": seconds(CLOCK.now()),
            "action": action,
            "decision": "approved",
            "method": "code",
            "shown": b64u(hashlib.sha256(octets).digest()),
            **({"signing_code_key": b64u(hashlib.sha256(code_key).digest())} if making else {}),
        }
        compact = phone_channel.sign(self.key, "bench", message)
        if making:
            return Activated(b64u(octets), phone_channel.seal_activation(self.receiving, compact, code_key=code_key))
        proof = phone_channel.code_proof(code_key, compact)
        return Activated(b64u(octets), phone_channel.seal_activation(self.receiving, compact, proof=proof))


def signing(
    *,
    times: Annotated[int, Parameter(help="Files signed with each kind of key.")] = 10,
    each: Annotated[float, Parameter(help="Seconds that each rate is measured for.")] = 2.0,
) -> None:
    """Signatures per second and core, and the time from an approval to a finished B-LT file."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="ipse-bench-") as temporary, _running(Path(temporary)) as world:
        keys = read_settings(world.config).keys
        rates, timed = _rates(world, each), asyncio.run(_timed(world, times))
    console.print(
        f"Keys in {'SoftHSM' if keys.startswith('pkcs11:') else 'an encrypted file (SoftHSM is not installed)'}."
    )
    for line in rates:
        console.print(line)
    table = Table("key", "activation ms", "finishing ms", "approval to B-LT ms", "slowest ms")
    for row in timed:
        table.add_row(
            row.algorithm, f"{row.activation:.1f}", f"{row.finishing:.0f}", f"{row.whole:.0f}", f"{row.slowest:.0f}"
        )
    console.print(table)


@contextmanager
def _running(folder: Path) -> Iterator[SigningWorld]:
    """Signature activation and certification, as a sandbox has them."""
    port, _ = free_ports()
    # Certification listens five ports on: as good as any other that was free a moment ago.
    world = prepare_signing(folder, Places.on_this_machine(port - 5), "")
    with Together(world.parts(folder, dict(os.environ))) as processes:
        until = time.monotonic() + _START_SECONDS
        while not world.ready():
            if time.monotonic() > until or processes.ended() is not None:
                raise SettingsError(f"signature activation or certification did not start; see {folder}")
            time.sleep(0.1)
        yield world


def _rates(world: SigningWorld, length: float) -> list[str]:
    settings = read_settings(world.config)
    keys = open_keys(settings, place_of(settings.keys).open())
    try:
        return [
            f"{speed.kind}: {speed.alone:.0f} signatures per second and core, {speed.together:.0f} in batches of twelve"
            for speed in measure(keys, length)
        ]
    finally:
        keys.close()


async def _timed(world: SigningWorld, times: int) -> list[Timed]:
    chosen = msgspec.convert(world.settings(), Signing)
    clients = open_clients(chosen, Environment.SANDBOX, CLOCK, RandomIds())
    activation = clients.activation
    documents = Documents(Papers())
    try:
        found = []
        for algorithm in _ALGORITHMS:
            signer = _Signer(msgspec.to_builtins(await activation.key()))
            credential = RandomIds().identifier()
            made = await activation.create(
                NewCredential(
                    approval=signer.approve(_creation(credential, algorithm)),
                    device_key=phone_channel.public_jwk(signer.key.public_key()),
                    serial_number=_SUBJECT.serial_number,
                )
            )
            request = b64u_decode(made.request)
            chain = await clients.certification.certify(request, _SUBJECT, valid_seconds=86_400, profile="person")
            await activation.certify(credential, chain[0])
            runs = [await _one(clients, documents, signer, chain, credential, algorithm) for _ in range(times + 1)][1:]
            signed, finished = ([run[part] for run in runs] for part in (0, 1))
            whole = [sum(run) for run in runs]
            middle = statistics.median
            found.append(Timed(algorithm, middle(signed), middle(finished), middle(whole), max(whole)))
        return found
    finally:
        await documents.stop()
        await clients.close()


async def _one(
    clients: Clients,
    documents: Documents,
    signer: _Signer,
    chain: tuple[bytes, ...],
    credential: str,
    algorithm: str,
) -> tuple[float, float]:
    """Milliseconds of both parts for one file."""
    now = seconds(CLOCK.now())
    prepared = await documents.prepare_pdf(_page(), Statement(certificates=chain, claimed_at=CLOCK.now()))
    approved = signer.approve(
        {
            "type": "signature",
            "documents": [{"label": "Empty page", "digest": b64u(prepared.digest)}],
            "hash_algorithm": "SHA-256",
            "sign_algorithm": _ALGORITHMS[algorithm],
            "credential": credential,
            "expires_at": now + 600,
        }
    )
    begun = time.perf_counter()
    signed = await clients.activation.sign(approved)
    between = time.perf_counter()
    aim = Aim(level=Level.B_LT, authorities=clients.evidence.authorities, at=CLOCK.now())
    finished = await documents.finish_pdf(prepared.state, b64u_decode(signed.signatures[0]), aim, clients.evidence)
    ended = time.perf_counter()
    if finished.level is not Level.B_LT:
        raise SettingsError(f"a file reached {finished.level} only: {finished.missing}")
    return (between - begun) * 1000, (ended - between) * 1000


def _page() -> bytes:
    """A PDF of one empty page."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 595 842]>>",
    )
    text, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(text)
    return text + b"xref\n0 4\n0000000000 65535 f \n" + table + trailer


def _creation(credential: str, algorithm: str) -> dict[str, Any]:
    return {
        "type": "credential",
        "algorithm": algorithm,
        "issuer": "Bench",
        "quality": "test",
        "valid_seconds": 86_400,
        "credential": credential,
        "common_name": _SUBJECT.common_name,
        "given_name": _SUBJECT.given_name,
        "surname": _SUBJECT.surname,
        "country": _SUBJECT.country,
        "serial_number": "PNOBE-*********28",
    }
