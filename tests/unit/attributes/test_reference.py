"""What partners read about attributes is what the catalogue holds."""

from __future__ import annotations

import re
from pathlib import Path

from ipse.attributes import ATTRIBUTES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "attributes.md"
ROW = re.compile(r"\| `(C/)?(\w+)` \| (\w+) \| (.*?) \| (yes|–) \| .+ \|")


def test_the_reference_lists_the_catalogue() -> None:
    rows = [ROW.fullmatch(line) for line in PAGE.read_text("utf-8").splitlines()]
    written = {
        row[2]: (bool(row[1]), row[3], tuple(re.findall(r"`(\w+)`", row[4])), row[5] == "yes") for row in rows if row
    }
    assert written == {
        name: (attribute.prefixed, attribute.kind, attribute.scopes, attribute.protected)
        for name, attribute in ATTRIBUTES.items()
    }
