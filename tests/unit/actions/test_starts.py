"""How a phone comes to an action: frames, links, tickets, digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.actions.errors import StaleFrame, UnknownStart
from ipse.actions.model import Start
from ipse.actions.rules import starts
from ipse.actions.rules.starts import Ticket
from ipse.kernel.clock import SECOND

KEY = b"k" * 32
SECRET = starts.frame_secret(KEY, "action-1")


def _judge(text: str, *, elapsed: int, secret: bytes = SECRET) -> None:
    starts.check_frame(starts.read_frame(text), secret, elapsed=elapsed, fresh=5, fresh_drawn=10)


@pytest.mark.parametrize(("drawn", "age"), [(False, 0), (False, 5), (True, 10), (False, -2)])
def test_frames_of_the_right_age_start(drawn: bool, age: int) -> None:
    _judge(starts.build_frame(SECRET, "frame-1", 40, drawn=drawn), elapsed=40 + age)


@pytest.mark.parametrize(("drawn", "age"), [(False, 6), (True, 11), (False, -3), (True, 600)])
def test_frames_of_another_age_are_stale(drawn: bool, age: int) -> None:
    """T-6: a picture of the code sent to somebody is too old when it arrives."""
    with pytest.raises(StaleFrame):
        _judge(starts.build_frame(SECRET, "frame-1", 40, drawn=drawn), elapsed=40 + age)


def test_a_page_cannot_pass_its_frame_off_as_a_drawn_one() -> None:
    frame = starts.build_frame(SECRET, "frame-1", 40, drawn=False)
    with pytest.raises(UnknownStart):
        _judge(frame.replace(".40.", ".d40."), elapsed=48)


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_a_frame_cannot_be_made_younger(made: int, wished: int) -> None:
    frame = starts.build_frame(SECRET, "frame-1", made, drawn=False)
    forged = frame.replace(f".{made}.", f".{wished}.")
    if forged != frame:
        with pytest.raises(UnknownStart):
            _judge(forged, elapsed=wished)


@given(st.text(max_size=120))
def test_any_text_is_a_frame_or_refused(text: str) -> None:
    with pytest.raises(UnknownStart):
        _judge(text, elapsed=0)


def test_frames_links_and_other_actions_do_not_stand_in_for_each_other() -> None:
    """DESIGN: two starts with different tokens."""
    link = starts.build_link(KEY, "frame-1", "action-1")
    frame = starts.build_frame(SECRET, "frame-1", 1, drawn=False)
    starts.check_link(KEY, "action-1", link.split(".")[1])
    for mac in (frame.rsplit(".", 1)[1], "", "é", starts.build_link(KEY, "frame-1", "action-2").split(".")[1]):
        with pytest.raises(UnknownStart):
            starts.check_link(KEY, "action-1", mac)
    with pytest.raises(UnknownStart):
        _judge(frame, elapsed=1, secret=starts.frame_secret(KEY, "action-2"))


def test_tickets_last_until_their_second() -> None:
    ticket = Ticket("action-1", Start.QR, digits=True, expires_at=100)
    text = starts.build_ticket(KEY, ticket)
    assert starts.read_ticket(KEY, text, now=100 * SECOND) == ticket
    with pytest.raises(StaleFrame):
        starts.read_ticket(KEY, text, now=100 * SECOND + 1)


@given(st.text(max_size=200))
def test_nobody_else_makes_tickets(text: str) -> None:
    with pytest.raises(UnknownStart):
        starts.read_ticket(KEY, text, now=0)


def test_digits_are_two_and_differ_between_actions() -> None:
    seen = {starts.digits(starts.frame_secret(KEY, f"action-{number}")) for number in range(400)}
    assert all(len(digits) == 2 and digits.isdigit() for digits in seen)
    assert len(seen) > 80


def test_codes_are_36_letters_and_digits_and_always_the_same() -> None:
    """Protocol 1.9."""
    codes = {starts.collection_code(KEY, f"handle-{number}") for number in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 36 and code.isalnum() and code == code.lower() for code in codes)
    assert starts.collection_code(KEY, "handle-1") == starts.collection_code(KEY, "handle-1")
