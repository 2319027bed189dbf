"""The contrast that tokens.css promises (WCAG 2.2 §1.4.3, §1.4.11), in both themes."""

from __future__ import annotations

import re
from importlib import resources

import pytest

SHEET = (resources.files("ipse.web") / "static" / "tokens.css").read_text()
TEXT, PARTS = 4.5, 3.0
INKS = ("ink", "ink-soft", "brand-text", "danger-text", "ok-text")
PAIRS = [
    *((ink, ground, TEXT) for ink in INKS for ground in ("ground", "surface")),
    *((ink, "sunken", TEXT) for ink in ("ink", "ink-soft")),
    *((f"{hue}-text", f"{hue}-soft", TEXT) for hue in ("brand", "amber", "danger", "ok")),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-strong", TEXT),
    ("on-danger", "danger", TEXT),
    ("on-danger", "danger-strong", TEXT),
    ("line-strong", "surface", PARTS),
    ("line-strong", "ground", PARTS),
    ("focus", "ground", PARTS),
    ("focus", "surface", PARTS),
    ("qr-dark", "qr-light", 15.0),
]  # fmt: skip


def themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r"(:root[^{]*)\{([^}]*)\}", SHEET)
    found: dict[str, dict[str, str]] = {}
    light: dict[str, str] = {}
    for selector, body in blocks:
        colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))
        if selector.strip() == ":root" and colours:
            light = found["light"] = colours
        elif colours:
            found["dark by choice" if "dark" in selector else "dark by system"] = {**light, **colours}
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_both_ways_to_the_dark_theme_give_the_same() -> None:
    found = themes()
    assert set(found) == {"light", "dark by system", "dark by choice"}
    assert found["dark by system"] == found["dark by choice"]


@pytest.mark.parametrize("theme", ["light", "dark by system"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast(theme: str, ink: str, ground: str, least: float) -> None:
    colours = themes()[theme]
    assert contrast(colours[ink], colours[ground]) >= least
