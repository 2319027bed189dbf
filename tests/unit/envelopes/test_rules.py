"""Turns, places on pages, and what people type."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from ipse.envelopes.errors import EnvelopeEnded, EnvelopeRefused, NotYourTurn, UnknownEnvelope
from ipse.envelopes.model import (
    About,
    Envelope,
    EnvelopeState,
    Full,
    Paper,
    Party,
    Signer,
    SignerState,
    Size,
)
from ipse.envelopes.rules import forms, marks, turns
from ipse.envelopes.rules.turns import DAY

A4 = Paper("a.pdf", (Size(595, 842), Size(842, 595)), "", 1)
NOW = 1_790_000_000_000_000
WAITING, SIGNED = SignerState.WAITING, SignerState.SIGNED


def signers(*states: SignerState) -> tuple[Signer, ...]:
    return tuple(
        Signer(
            signer_id=str(place), place=place, account_id=f"person-{place}", serial=1, party=Party(name="x"),
            state=state, invited_at=None, opened_at=None, decided_at=None,
        )
        for place, state in enumerate(states, start=1)
    )  # fmt: skip


def full(*states: SignerState, in_order: bool = False, state: EnvelopeState = EnvelopeState.OPEN) -> Full:
    envelope = Envelope(
        envelope_id="e", account_id="person-1", state=state, about=About("t", "en"), in_order=in_order,
        same_email=False, created_at=0, deadline=NOW + DAY, ended_at=None, delete_at=0, pen=None, pen_until=None,
    )  # fmt: skip
    return Full(envelope=envelope, key=b"", documents=(), signers=signers(*states))


def test_in_order_it_is_the_first_who_has_not_signed() -> None:
    ordered = full(SIGNED, WAITING, WAITING, in_order=True)
    assert turns.check_turn(ordered, "person-2", now=NOW).place == 2
    with pytest.raises(NotYourTurn):
        turns.check_turn(ordered, "person-3", now=NOW)
    with pytest.raises(NotYourTurn):
        turns.check_turn(ordered, "person-1", now=NOW)
    following = turns.next_turn(ordered.signers, "2", in_order=True)
    assert following is not None
    assert following.place == 3


def test_together_it_is_everybody_who_has_not() -> None:
    together = full(SIGNED, WAITING, WAITING)
    assert [signer.place for signer in turns.turns(together.signers, in_order=False)] == [2, 3]
    assert turns.next_turn(together.signers, "2", in_order=False) is None
    assert not turns.is_last(together.signers, "2")
    assert turns.is_last(full(SIGNED, SIGNED, WAITING).signers, "3")


def test_strangers_and_ends() -> None:
    with pytest.raises(UnknownEnvelope):
        turns.check_turn(full(WAITING), "somebody", now=NOW)
    for ended in set(EnvelopeState) - {EnvelopeState.OPEN}:
        with pytest.raises(EnvelopeEnded):
            turns.check_turn(full(WAITING, state=ended), "person-1", now=NOW)
    with pytest.raises(EnvelopeEnded):
        turns.check_turn(full(WAITING), "person-1", now=NOW + DAY)


@pytest.mark.parametrize("page", [1, 2])
def test_three_boxes_stand_side_by_side_and_stay_on_the_page(page: int) -> None:
    size = A4.sizes[page - 1]
    row = [marks.at_place(A4, page, place) for place in ("bottom-left", "bottom", "bottom-right")]
    for one, other in pairwise(row):
        assert one.left + one.width <= other.left
    for place in marks.PLACES:
        mark = marks.at_place(A4, page, place)
        assert mark.left >= 0
        assert mark.left + mark.width <= size.width
        assert mark.top + mark.height <= size.height
        assert marks.place_of(A4, mark) == place


def test_each_signer_gets_a_place_of_their_own() -> None:
    assert len({marks.usual(A4, order) for order in range(18)}) == 18


def test_a_drawn_box_is_put_inside_and_made_readable() -> None:
    mark = marks.drawn(A4, 1, (0.95, 0.99, 0.01, 0.0))
    assert (mark.width, mark.height) == marks.SMALLEST
    assert (mark.left + mark.width, mark.top + mark.height) == (595, 842)
    assert marks.place_of(A4, mark) == marks.DRAWN
    again = marks.parts(A4, mark)
    assert msgspec.structs.astuple(marks.drawn(A4, 1, again))[1:] == pytest.approx(
        msgspec.structs.astuple(mark)[1:], abs=0.1
    )


@pytest.mark.parametrize("box", [(float("nan"), 0, 1, 1), (-0.1, 0, 1, 1), (0, 1.1, 1, 1), (0, 0, float("inf"), 1)])
def test_no_box(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(EnvelopeRefused):
        marks.drawn(A4, 1, box)
    with pytest.raises(EnvelopeRefused):
        marks.at_place(A4, 3, "top")


def test_a_very_small_page_still_holds_a_box() -> None:
    small = Paper("s.pdf", (Size(60, 30),), "", 1)
    mark = marks.usual(small, 0)
    assert 0 <= mark.left <= mark.left + mark.width <= 60
    assert 0 <= mark.top <= mark.top + mark.height <= 30


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\papers\\lease.PDF", "lease.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("a\u202efdp.exe", "a fdp.exe.pdf"),
        ("\x00\n", "document.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_file_names(given: str, kept: str) -> None:
    assert forms.file_name(given) == kept


def test_names_are_kept_apart() -> None:
    assert forms.apart(["a.pdf", "A.pdf", "a.pdf"]) == ["a.pdf", "A (2).pdf", "a (3).pdf"]


@pytest.mark.parametrize("address", ["x", "a@b", "a b@c.be", "a@c.be, d@e.be", "<a@c.be>", "a@-.b"])
def test_no_addresses(address: str) -> None:
    with pytest.raises(EnvelopeRefused):
        forms.email(address)


def test_addresses() -> None:
    assert forms.email(" ada@example.org ") == "ada@example.org"
    assert forms.email("") == ""
    assert forms.same_address("Ada@example.org", " ada@EXAMPLE.org")
    assert not forms.same_address("", "")


def test_deadlines_end_with_their_day() -> None:
    today = NOW // DAY * DAY
    assert forms.deadline("", now=NOW, most_days=10) == NOW + 10 * DAY
    assert forms.deadline("2026-09-22", now=NOW, most_days=10) > today
    for typed in ("2026-09-20", "2027-01-01", "tomorrow"):
        with pytest.raises(EnvelopeRefused):
            forms.deadline(typed, now=NOW, most_days=10)


@pytest.mark.parametrize(
    "words", ["see http://x", "www.evil.be", "mail me@evil.be", "go to evil.be/x", "evil.be", "evil.be.", "evil.be-x"]
)
def test_nothing_to_go_to_stands_in_a_letter(words: str) -> None:
    assert forms.harmless(words) == ""


def test_usual_titles_do() -> None:
    for words in ("Lease, Church Street 12", "Contract v1.2", "Art. 5 annex"):
        assert forms.harmless(words) == words
