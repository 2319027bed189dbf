"""JSON from strangers (R-16)."""

from __future__ import annotations

import pytest

from ipse.standards.strict_json import JsonError, parse, parse_object


def test_what_is_accepted() -> None:
    assert parse('{"a":[1,2.5,true,null,"\\u00e9"]}') == {"a": [1, 2.5, True, None, "é"]}
    assert parse(b'"\xc3\xa9"') == "é"
    assert parse("[" * 20 + "]" * 20) is not None


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        '{"a":1,"a":1}',
        '{"x":{"a":1,"a":2}}',
        "NaN",
        "-Infinity",
        '"\\ud800"',
        '{"\\ud800":1}',
        b'"\xff"',
        "[" * 21 + "]" * 21,
        "[" * 30_000,
        '{"a":' * 9000,
        "1" * 5000,
        '"' + "x" * 40_000 + '"',
        "{} {}",
    ],
    ids=lambda data: repr(data)[:30],
)
def test_what_is_refused(data: str | bytes) -> None:
    with pytest.raises(JsonError) as refusal:
        parse(data)
    assert "ud800" not in str(refusal.value)


def test_an_object_is_asked_for() -> None:
    with pytest.raises(JsonError, match="not an object"):
        parse_object("[]")
