"""What is kept between the steps."""

from __future__ import annotations

import hashlib

import pytest

from ipse.documents import cades
from ipse.documents.errors import DocumentUnreadable
from ipse.documents.model import REFUSED, Hash, Inspected, Level, Problem
from ipse.documents.pdf import preparing
from ipse.documents.states import opened, sealed, to_be_signed


def test_a_state_says_what_is_to_be_signed_and_comes_back() -> None:
    states = [cades.State(attributes=name, certificates=(b"c",), hash=Hash.SHA_384) for name in (b"one", b"two")]
    prepared = [sealed(state) for state in states]
    assert to_be_signed(prepared) == (hashlib.sha384(b"one").digest(), hashlib.sha384(b"two").digest())
    assert [opened(one.state, cades.State) for one in prepared] == states


def test_a_state_of_another_format_is_refused() -> None:
    prepared = sealed(cades.State(attributes=b"a", certificates=(), hash=Hash.SHA_256))
    for damaged in (prepared.state, b"", prepared.state[:-3], b"\xc1"):
        with pytest.raises(DocumentUnreadable):
            opened(damaged, preparing.State)


def test_levels_are_in_order() -> None:
    assert [level.rank for level in (Level.B_B, Level.B_T, Level.B_LT, Level.B_LTA)] == [0, 1, 2, 3]


def test_a_warning_is_no_refusal() -> None:
    found = Inspected(problems=(Problem.SCRIPTS, Problem.FORM))
    assert found.refused == (Problem.SCRIPTS,)
    assert Problem.FORM not in REFUSED
