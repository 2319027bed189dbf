"""Third-party files kept in the package are exactly what the lock names."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KEPT = {
    "src/ipse/signin/static/vendor/qrcode.js": "qrcode-generator/dist/qrcode.mjs",
    "src/ipse/web/static/fonts/atkinson-hyperlegible-next-latin.woff2": (
        "@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2"
    ),
    "src/ipse/web/static/fonts/atkinson-hyperlegible-next-latin-ext.woff2": (
        "@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2"
    ),
    "src/ipse/web/static/fonts/LICENSE.txt": "@fontsource-variable/atkinson-hyperlegible-next/LICENSE",
}


@pytest.mark.parametrize(("kept", "package"), KEPT.items(), ids=[Path(kept).name for kept in KEPT])
def test_a_kept_file_is_the_locked_one(kept: str, package: str) -> None:
    original = ROOT / "node_modules" / package
    assert original.is_file(), "node_modules is incomplete: `make test` fills it"
    assert (ROOT / kept).read_bytes() == original.read_bytes()
