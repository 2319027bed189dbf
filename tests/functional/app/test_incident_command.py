"""`ipse incident` and `ipse reference`: what an operator types in the middle of the night."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.cli import app
from ipse.kernel.errors import PlatformError
from tests.functional.app.installation import Place

Ipse = Callable[..., str]
WORDS = ("nl=Een", "fr=Deux", "de=Drei", "en=Four")


@pytest.fixture
def ipse(small: Place, capsys: pytest.CaptureFixture[str]) -> Ipse:
    """The command line in this process; what it printed, or what it refused with."""

    def run(*tokens: str) -> str:
        capsys.readouterr()
        try:
            app([*tokens, "--config", str(small.config)], result_action="return_value")
        except PlatformError as error:
            return f"refused: {error.public}"
        except SystemExit:
            return f"exit: {capsys.readouterr().out}"
        return capsys.readouterr().out

    return run


def _texts(option: str) -> list[str]:
    return [part for words in WORDS for part in (option, words)]


def test_from_the_first_minute_to_the_post_mortem(ipse: Ipse, tmp_path: Path) -> None:
    opened = ipse("incident", "open", "--component", "approval", "--impact", "full")
    incident = opened.split()[0]
    assert "people are told" in opened
    changed = ipse(
        "incident", "update", incident.lower(), "--state", "identified", "--technical", "TLS alert 42.",
        "--way", "login=bank,later", "--number", "limited_people=12", *_texts("--text"),
    )  # fmt: skip
    assert "identified, full, people are told" in changed
    found = json.loads(ipse("incident", "show", incident, "--json"))
    assert found["guides"][0]["ways"] == ["bank", "later"]
    assert found["extent"]["limited_people"] == 12
    assert found["updates"][0]["text"]["en"] == "Four"
    assert incident in ipse("incident", "list")
    assert "TLS alert 42." in ipse("incident", "show", incident)
    assert "is over" in ipse("incident", "resolve", incident)
    learnt = tmp_path / "learnt.toml"
    learnt.write_text('nl = "a"\nfr = "b"\nde = "c"\nen = "d"\n')
    assert "and published" in ipse("incident", "post-mortem", incident, str(learnt), "--publish")
    acts = [line.split()[-2] for line in ipse("audit", "list").splitlines() if "incident." in line]
    assert len(acts) == 4


def test_duties_are_shown_drafted_and_done(ipse: Ipse) -> None:
    opened = ipse(
        "incident", "open", "--kind", "personal_data", "--component", "sign-in", "--impact", "degraded",
        "--number", "high_risk=yes", "--started", "2026-01-01T00:00:00Z", "--aware", "2026-01-01T06:00:00Z",
    )  # fmt: skip
    incident = opened.split()[0]
    assert "nobody outside is told" in opened
    duties = ipse("incident", "duties")
    assert "GDPR 33" in duties
    assert "2026-01-04T06:00:00Z" in duties
    assert "breached" in duties
    draft = ipse("incident", "draft", incident, "gdpr_authority", "--language", "de")
    assert "DSGVO, Art. 33" in draft
    assert "is done" in ipse("incident", "done", incident, "gdpr_authority", "--note", "case 7")
    assert ipse("incident", "done", incident, "gdpr_authority").startswith("refused: ")


def test_maintenance_is_announced_and_called_off(ipse: Ipse) -> None:
    planned = ipse(
        "incident", "maintenance", "plan", "--component", "sign-in", "--starts", "2096-11-29T02:00:00Z",
        "--ends", "2096-11-29T03:00:00Z",
    )  # fmt: skip
    window = planned.split()[0]
    assert "planned" in ipse("incident", "maintenance", "list")
    assert "called off" in ipse("incident", "maintenance", "cancel", window)
    assert "cancelled" in ipse("incident", "maintenance", "list")


def test_what_cannot_be_is_refused_in_words(ipse: Ipse) -> None:
    for arguments, says in (
        (("incident", "open", "--component", "moon", "--impact", "full"), "There is no component"),
        (("incident", "open", "--impact", "full"), "Name at least one component"),
        (("incident", "open", "--component", "approval", "--impact", "full", "--text", "nl=x"), "lacks fr, de, en"),
        (("incident", "open", "--component", "approval", "--impact", "full", "--number", "x=1"), "The numbers"),
        (("incident", "update", "0000-0000", "--state", "monitoring"), "There is no incident 0000-0000"),
        (("incident", "update", "0000-0000"), "Say what changes"),
        (("incident", "show", "nonsense"), "There is no incident"),
    ):
        answer = ipse(*arguments)
        assert answer.startswith("refused: "), arguments
        assert says in answer, arguments
    assert ipse("reference", "7qk2 m4px").startswith("exit: Nothing is kept")
