"""Small decisions of the waiting page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.actions.model import ActionState
from ipse.actions.rules import starts
from ipse.signin.rules import SIGN_OF_LIFE_SECONDS, is_frame_of, next_sign_of_life, outcome_of


@pytest.mark.parametrize("state", list(ActionState))
def test_only_what_ended_without_approval_has_an_outcome(state: ActionState) -> None:
    good = {ActionState.WAITING, ActionState.CLAIMED, ActionState.APPROVED, ActionState.COLLECTED}
    assert (outcome_of(state) is None) == (state in good)


@given(st.text(max_size=30), st.floats(min_value=-1000, max_value=1000))
def test_a_stream_speaks_in_time(handle: str, left: float) -> None:
    pause = next_sign_of_life(handle, left)
    assert 0 < pause <= SIGN_OF_LIFE_SECONDS * 1.25
    assert pause <= max(left, 0) + 0.05


def test_streams_do_not_speak_at_once() -> None:
    assert len({round(next_sign_of_life(f"handle {number}", 500), 2) for number in range(500)}) > 200


@given(st.binary(min_size=32, max_size=32), st.integers(min_value=0, max_value=999_999))
def test_drawn_frames_are_recognised(secret: bytes, elapsed: int) -> None:
    frame_id = "LbtqzuPPA1_WwiqX0FkkPQ"
    frame = starts.build_frame(secret, frame_id, elapsed, drawn=True)
    assert is_frame_of(frame, frame_id)
    assert not is_frame_of(frame, "another-id")
    assert not is_frame_of(frame + "\n", frame_id)
    assert not is_frame_of(starts.build_frame(secret, frame_id, elapsed, drawn=False), frame_id)
