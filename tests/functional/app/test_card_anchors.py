"""Trust anchors of cards: a sandbox's are refused in production, any other in a sandbox, before anybody is served."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.app.cards import card_findings, open_anchors
from ipse.eid.model import ProductionAnchors, SandboxAnchors
from ipse.kernel.clock import SystemClock
from ipse.kernel.settings import SettingsError, parse_settings, read_settings
from ipse.sandbox.eid.authorities import ISSUING, ROOTS, Authorities
from ipse.standards import sandbox_mark
from tests.functional.app.installation import Place
from tests.support import eid_pki as pki


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `ipse sandbox` writes."""
    folder = tmp_path_factory.mktemp("anchors")
    made = Authorities.create(folder / "world", "http://127.0.0.1:1/eid")
    return written(folder, made.pem(*ISSUING), made.pem(*ROOTS))


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Authorities without the mark, as a state's are."""
    folder = tmp_path_factory.mktemp("state")
    return written(folder, pki.citizen().public_bytes(Encoding.PEM), pki.root().public_bytes(Encoding.PEM))


def written(folder: Path, issuing: bytes, register: bytes) -> dict[str, str]:
    (folder / "issuing.pem").write_bytes(issuing)
    (folder / "register.pem").write_bytes(register)
    return {
        "issuing_authorities": str(folder / "issuing.pem"),
        "register_authorities": str(folder / "register.pem"),
    }


def test_production_does_not_start_with_a_sandboxs_anchors(proper: Place, sandboxes: dict[str, str]) -> None:
    told = proper.changed(eid=sandboxes).refusal()
    assert "is of a sandbox: anybody can make its cards" in told
    assert "mend: name PEM files of authorities" in told


def test_production_does_not_start_with_one_of_them_among_its_own(
    proper: Place, sandboxes: dict[str, str], states: dict[str, str]
) -> None:
    mixed = states | {"register_authorities": sandboxes["register_authorities"]}
    assert "is of a sandbox" in proper.changed(eid=mixed).refusal()


def test_a_sandbox_does_not_start_with_anchors_of_real_cards(small: Place, states: dict[str, str]) -> None:
    told = small.changed(eid=states).refusal()
    assert "does not carry the sandbox's mark" in told
    assert "mend: name PEM files of authorities" in told


def test_neither_starts_with_a_file_that_is_none(small: Place, states: dict[str, str]) -> None:
    told = small.changed(eid=states | {"issuing_authorities": "/nowhere.pem"}).refusal()
    assert "eid.issuing_authorities /nowhere.pem cannot be used: No such file" in told


def test_a_sandbox_starts_with_its_own(small: Place, sandboxes: dict[str, str]) -> None:
    with small.changed(eid=sandboxes).serving():
        pass


def test_each_environment_has_anchors_of_its_own_kind(
    small: Place, proper: Place, sandboxes: dict[str, str], states: dict[str, str]
) -> None:
    of_sandbox = open_anchors(parse_settings(small.changed(eid=sandboxes).config.read_bytes()))
    of_production = open_anchors(parse_settings(proper.changed(eid=states).config.read_bytes()))
    assert isinstance(of_sandbox, SandboxAnchors)
    assert isinstance(of_production, ProductionAnchors)


@pytest.mark.parametrize("part", ["unit", "policy"])
def test_half_a_mark_is_enough_for_production_and_not_for_a_sandbox(
    small: Place, proper: Place, states: dict[str, str], tmp_path: Path, part: str
) -> None:
    """Whoever takes one part away gains nothing on either side."""
    draft = pki.authority_draft()
    if part == "policy":
        draft = replace(draft, policies=(sandbox_mark.POLICY.dotted_string,))
    else:
        unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, sandbox_mark.UNIT)
        draft = replace(draft, subject=x509.Name([*draft.subject, unit]))
    half = written(
        tmp_path, pki.certificate(draft).public_bytes(Encoding.PEM), Path(states["register_authorities"]).read_bytes()
    )
    for place in (small, proper):
        with pytest.raises(SettingsError):
            open_anchors(parse_settings(place.changed(eid=half).config.read_bytes()))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"reader": "http://reader.example:35960"}, "a card is read on the person's own computer"),
        ({"reader": "localhost"}, "eid.reader is 'localhost'"),
        ({"ocsp_age": 5}, "eid.ocsp_age is 5"),
        ({"ocsp_responder": "ocsp.example"}, "eid.ocsp_responder is 'ocsp.example'"),
    ],
)
def test_other_settings_of_cards(small: Place, sandboxes: dict[str, str], changed: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings(small.changed(eid=sandboxes | changed).config.read_bytes())


def test_cards_are_not_asked_on_a_plain_address(small: Place, sandboxes: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="cards sign for https only"):
        read_settings(small.changed(eid=sandboxes, base_url="http://id.example").config.read_bytes())


def test_an_anchor_that_has_ended_is_told(proper: Place, tmp_path: Path, states: dict[str, str]) -> None:
    over = pki.certificate(replace(pki.authority_draft(), ends=pki.NOW - (pki.NOW - pki.authority_draft().begins) / 2))
    files = written(tmp_path, over.public_bytes(Encoding.PEM), Path(states["register_authorities"]).read_bytes())
    settings = parse_settings(proper.changed(eid=files).config.read_bytes())
    found = list(card_findings(settings, SystemClock()))
    assert [finding.unsafe for finding in found] == [False]
    assert "has ended: its cards are refused" in str(found[0])
