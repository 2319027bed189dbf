"""Texts to confirm (partner protocol 1.8): four tags, ISO 8859-15, at most 7500 characters."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipse.standards.markup import LONGEST, MarkupError, clean

LATIN_9 = bytes([*range(32, 127), *range(160, 256)]).decode("iso8859-15")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Pay <b>now</b>", "Pay <b>now</b>"),
        ("<B>now</B><BR/>later<br />", "<b>now</b><br>later<br>"),
        ('<b class="x" onclick="y">now</b>', "<b>now</b>"),
        ("<p>one</p><script>two</script>", "onetwo"),
        ('<a href="https://x.example">link</a>', "link"),
        ("<!-- hidden -->seen<?php ?>", "seen"),
        ("<b>open", "<b>open</b>"),
        ("closed</b>", "closed"),
        ("<b>bold <i>both</b> none</i>", "<b>bold <i>both</i></b> none"),
        ("<b><b>once</b> more</b>", "<b>once</b> more"),
        ("1 < 2 > 0 & 3 <4", "1 < 2 > 0 & 3 <4"),
        ("&lt;b&gt; &amp; &nbsp;", "&lt;b&gt; &amp; &nbsp;"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("€ Šš Žž Œœ Ÿ", "€ Šš Žž Œœ Ÿ"),
    ],
)
def test_what_is_kept(text: str, kept: str) -> None:
    assert clean(text) == kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc\N{CYRILLIC SMALL LETTER A}", "position 3"),
        ("¤", "position 0"),
        ("ab\N{RIGHT-TO-LEFT OVERRIDE}c", "position 2"),
        ("a\x00", "position 1"),
        ("a\x85", "position 1"),
        ("a\rb", "position 1"),
        ("\ud800", "position 0"),
        ("<<x>b>bold", "inside"),
        ("<<x><y>b>bold", "inside"),
        ("<scr<x>ipt>", "inside"),
        ("", "nothing"),
        (" \n<br>\xa0", "nothing"),
        ("<p></p>", "nothing"),
        ("x" * (LONGEST + 1), "longer"),
    ],
)
def test_what_is_refused_without_repeating_it(text: str, reason: str) -> None:
    with pytest.raises(MarkupError, match=reason) as refusal:
        clean(text)
    assert "bold" not in str(refusal.value)


def test_the_whole_character_set_and_length() -> None:
    everything = LATIN_9.replace("<", "")
    assert clean(everything) == everything
    assert len(LATIN_9) == 191
    assert len(clean("é" * LONGEST)) == LONGEST


@given(st.lists(st.sampled_from(["<", ">", "/", "b", "<b>", "</b>", "<i>", "</i>", "<br>", "<x>", "</x y>", "é", " "])))
@example(["<", "<x>", "b", ">"])
def test_cleaning_is_done_once(pieces: list[str]) -> None:
    """What is shown is found by looking for four words: another reader finds nothing else in it."""
    try:
        kept = clean("".join(pieces))
    except MarkupError:
        return
    assert clean(kept) == kept
    assert all(kept.count(f"<{name}>") == kept.count(f"</{name}>") for name in "biu")
