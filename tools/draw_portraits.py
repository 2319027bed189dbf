"""Draw the portraits of the sandbox's people: 140 x 200 JPEG, as an identity photo would be.

Run `python tools/draw_portraits.py` after changing a face here; the pictures are committed, so nothing is drawn at run
time. Needs Chromium at /usr/bin/chromium and the test requirements (playwright).
"""

# ruff: noqa: E501 - a path is read as one line

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parent.parent / "src/ipse/sandbox/persons/portraits"
WIDTH, HEIGHT = 140, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What distinguishes one face from another."""

    skin: str
    hair: str
    style: str
    coat: str
    ground: str
    eyes: str = "#4a3b30"
    lips: str = "#b5635a"
    glasses: bool = False
    beard: bool = False
    width: int = 37
    lines: bool = False


FACES = {
    "proba": Face(skin="#cfd6d8", hair="#7d8b90", style="short", coat="#4b5c56", ground="#e3eae7", eyes="#4b5c56"),
    "ada": Face(skin="#f0c9ae", hair="#5b3a26", style="bob", coat="#23545c", ground="#dfe7e6", eyes="#3f5a46"),
    "bram": Face(
        skin="#eec3a4",
        hair="#b98a4e",
        style="short",
        coat="#34495e",
        ground="#e2e5ea",
        beard=True,
        eyes="#4d6b83",
        width=39,
    ),
    "noor": Face(skin="#d9a47c", hair="#221a17", style="curly", coat="#a8573c", ground="#eae4dc", width=35),
    "henriette": Face(
        skin="#efcbb6",
        hair="#cfcfd2",
        style="bun",
        coat="#6b3a55",
        ground="#e6e2e8",
        glasses=True,
        lines=True,
        eyes="#56728a",
    ),
    "sukma": Face(skin="#c68c5f", hair="#17120f", style="parted", coat="#2f3b34", ground="#dfe5da", width=38),
    "zoe": Face(
        skin="#f3d3bf", hair="#a4502c", style="long", coat="#2d4a3c", ground="#e8e6dc", eyes="#4f7356", width=35
    ),
    "juergen": Face(
        skin="#ecbfa3",
        hair="#8b8680",
        style="balding",
        coat="#3d3f46",
        ground="#e0e3e4",
        glasses=True,
        lines=True,
        width=41,
        eyes="#5b7183",
    ),
    "ileana": Face(skin="#e9bd9b", hair="#2e1f1a", style="long", coat="#7a2e3a", ground="#ebe3dd", width=36),
    "lucie": Face(skin="#dcab86", hair="#3b2820", style="knot", coat="#e0b64e", ground="#dde4ec", width=36),
    "robin": Face(
        skin="#f4d6c4", hair="#c4622d", style="crop", coat="#3f5f7a", ground="#e3e8df", eyes="#4c7a6c", width=37
    ),
    "wout": Face(skin="#efc6a9", hair="#6e4f33", style="quiff", coat="#55606b", ground="#e7e4df", width=38),
    "lotte": Face(
        skin="#f2cfb6", hair="#c99a52", style="long", coat="#5a7fa6", ground="#e5eae8", eyes="#4f6f8c", width=35
    ),
    "finn": Face(skin="#f1cdb3", hair="#7a5330", style="crop", coat="#b0552f", ground="#e4e8ec", width=35),
    "imani": Face(
        skin="#7b4b32", hair="#191210", style="curly", coat="#d09a2c", ground="#e6e4ea", lips="#8d3f3c", width=36
    ),
    "mateus": Face(
        skin="#d8a37b", hair="#2b1f19", style="quiff", coat="#2c3a57", ground="#e9e6df", beard=True, width=38
    ),
    "abdoul": Face(
        skin="#6d432d", hair="#5b5654", style="short", coat="#3a5a49", ground="#e3e3dc", lips="#7c3b38", lines=True
    ),
    "gerda": Face(
        skin="#eccab4", hair="#b9b4ae", style="bob", coat="#7c3f56", ground="#e1e6e4", glasses=True, lines=True
    ),
    "philippe": Face(
        skin="#efc8ad", hair="#7d7066", style="balding", coat="#20303f", ground="#e6e2da", lines=True, width=39
    ),
}

BACK = {
    "bob": "M26 88 C20 42 42 22 70 22 C98 22 120 42 114 88 L113 122 C106 130 98 128 96 120 L44 120 C42 128 34 130 27 122 Z",
    "long": "M27 86 C22 40 44 21 70 21 C96 21 118 40 113 86 C113 118 122 140 118 164 L22 164 C18 140 27 118 27 86 Z",
    "curly": (
        "M22 96 C12 84 18 70 22 64 C18 48 32 36 42 34 C48 22 62 20 70 22 C80 18 94 24 98 34 C110 36 122 50 118 64 "
        "C124 72 128 86 118 96 C126 108 124 124 114 130 C110 142 98 142 92 136 L48 136 C42 142 30 142 26 130 "
        "C16 124 14 108 22 96 Z"
    ),
    "bun": "M30 82 C28 44 48 28 70 28 C92 28 112 44 110 82 L106 96 L34 96 Z M52 26 a18 15 0 1 1 36 0 a18 15 0 1 1 -36 0 Z",
    "knot": "M31 82 C28 42 48 26 70 26 C92 26 112 42 109 82 L106 94 L34 94 Z M57 20 a13 11 0 1 1 26 0 a13 11 0 1 1 -26 0 Z",
}
FRONT = {
    "bob": "M30 84 C30 50 46 30 72 30 C98 30 110 52 110 84 C104 74 100 62 96 54 C82 62 56 62 46 58 C40 64 34 74 30 84 Z",
    "long": "M31 90 C30 50 48 29 70 29 C92 29 110 50 109 90 C104 76 96 58 70 44 C44 58 36 76 31 90 Z",
    "curly": (
        "M30 84 C26 60 36 44 46 42 C52 30 64 32 70 34 C78 28 90 34 94 42 C106 44 114 62 110 84 C106 74 102 66 96 62 "
        "C90 66 82 62 78 58 C70 64 60 60 56 60 C48 66 36 68 30 84 Z"
    ),
    "bun": "M31 84 C30 52 48 34 70 34 C92 34 110 52 109 84 C104 68 94 54 70 52 C46 54 36 68 31 84 Z",
    "knot": "M32 84 C30 50 50 31 70 31 C90 31 110 50 108 84 C105 66 96 50 70 48 C44 50 35 66 32 84 Z",
    "short": "M31 84 C27 46 46 27 72 27 C100 27 113 48 109 84 C107 74 104 64 100 58 C84 58 62 54 52 48 C44 54 36 64 31 84 Z",
    "parted": "M31 84 C26 46 48 25 74 26 C102 27 114 50 109 84 C106 70 102 60 94 54 C78 56 66 50 58 42 C50 52 38 62 31 84 Z",
    "quiff": "M32 82 C24 48 40 24 74 22 C106 20 116 44 108 82 C106 70 104 62 100 56 C92 46 70 46 56 50 C44 54 36 66 32 82 Z",
    "crop": "M31 80 C28 48 48 30 70 30 C94 30 112 48 109 80 L104 62 L96 54 L86 60 L76 52 L66 60 L56 52 L46 60 L38 62 Z",
    "balding": "M29 92 C25 74 28 58 36 50 C34 64 34 72 33 92 Z M111 92 C115 74 112 58 104 50 C106 64 106 72 107 92 Z",
}


def shade(colour: str, factor: float) -> str:
    """The colour, darker (< 1) or lighter (> 1)."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    goal, share = (255, factor - 1) if factor > 1 else (0, 1 - factor)
    parts = [round(part + (goal - part) * share) for part in parts]
    return "#" + "".join(f"{p:02x}" for p in parts)


def drawing(face: Face) -> str:
    """The portrait as SVG."""
    left, right = 70 - face.width, 70 + face.width
    jaw = face.width - 13
    head = (
        f"M{left} 82 C{left - 1} 54 {70 - face.width + 14} 36 70 36 C{70 + face.width - 14} 36 {right + 1} 54 {right} 82 "
        f"C{right} 108 {70 + jaw} 136 70 137 C{70 - jaw} 136 {left} 108 {left} 82 Z"
    )
    back, front = BACK.get(face.style, ""), FRONT[face.style]
    brow = shade(face.hair, 0.75)
    parts = [
        '<rect width="140" height="200" fill="url(#ground)"/>',
        f'<path d="{back}" fill="{shade(face.hair, 0.78)}"/>' if back else "",
        f'<path d="M54 118 L54 150 C54 172 86 172 86 150 L86 118 Z" fill="{shade(face.skin, 0.83)}"/>',
        '<path d="M8 200 C8 166 34 156 54 149 C58 162 82 162 86 149 C106 156 132 166 132 200 Z" fill="url(#coat)"/>',
        f'<path d="M54 148 C58 166 82 166 86 148 L92 152 C86 176 54 176 48 152 Z" fill="{shade(face.coat, 1.16)}"/>',
        f'<ellipse cx="{left}" cy="90" rx="5.5" ry="9.5" fill="{shade(face.skin, 0.9)}"/>',
        f'<ellipse cx="{right}" cy="90" rx="5.5" ry="9.5" fill="{shade(face.skin, 0.9)}"/>',
        f'<path d="{head}" fill="url(#skin)"/>',
        _beard(face, jaw) if face.beard else "",
        _features(face, brow),
        f'<path d="{front}" fill="url(#hair)"/>',
        _glasses() if face.glasses else "",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 140 200" width="{WIDTH}" height="{HEIGHT}">'
        f"<defs>{_gradients(face)}</defs>{''.join(parts)}</svg>"
    )


def _gradients(face: Face) -> str:
    def two(name: str, direction: str, first: str, second: str) -> str:
        stops = f'<stop stop-color="{first}"/><stop offset="1" stop-color="{second}"/>'
        return f'<linearGradient id="{name}" {direction}>{stops}</linearGradient>'

    return (
        two("ground", 'x1="0" y1="0" x2="0" y2="1"', shade(face.ground, 1.35), shade(face.ground, 0.93))
        + two("skin", 'x1="0" y1="0" x2="1" y2=".35"', shade(face.skin, 1.14), shade(face.skin, 0.93))
        + two("hair", 'x1="0" y1="0" x2="1" y2="1"', shade(face.hair, 1.15), shade(face.hair, 0.85))
        + two("coat", 'x1="0" y1="0" x2="1" y2="1"', shade(face.coat, 1.08), shade(face.coat, 0.82))
    )


def _features(face: Face, brow: str) -> str:
    shadow, blush = shade(face.skin, 0.76), shade(face.lips, 1.25)
    eyes = "".join(
        f'<path d="M{x - 8} 87 Q{x} 80.5 {x + 8} 87 Q{x} 92.5 {x - 8} 87 Z" fill="#fff"/>'
        f'<circle cx="{x}" cy="86.8" r="4.1" fill="{face.eyes}"/><circle cx="{x}" cy="86.8" r="2" fill="#17110d"/>'
        f'<circle cx="{x + 1.4}" cy="85.3" r="1" fill="#fff"/>'
        f'<path d="M{x - 8.5} 87 Q{x} 79.6 {x + 8.5} 86.6" fill="none" stroke="#2a1d17" stroke-width="1.6" '
        'stroke-linecap="round"/>'
        for x in (54, 86)
    )
    lines = (
        f'<g fill="none" stroke="{shadow}" stroke-width="1" stroke-linecap="round" opacity=".7">'
        '<path d="M48 96 Q54 99 60 96"/><path d="M80 96 Q86 99 92 96"/><path d="M52 106 Q49 114 53 121"/>'
        '<path d="M88 106 Q91 114 87 121"/></g>'
        if face.lines
        else ""
    )
    return (
        f'<ellipse cx="45" cy="103" rx="8" ry="5.5" fill="{blush}" opacity=".28"/>'
        f'<ellipse cx="95" cy="103" rx="8" ry="5.5" fill="{blush}" opacity=".28"/>{eyes}'
        f'<path d="M44 77 Q53 72.4 62 76" fill="none" stroke="{brow}" stroke-width="3" stroke-linecap="round"/>'
        f'<path d="M78 76 Q87 72.4 96 77" fill="none" stroke="{brow}" stroke-width="3" stroke-linecap="round"/>'
        f'<path d="M70 86 Q68 98 65 104 Q70 108.5 75.5 104" fill="none" stroke="{shadow}" stroke-width="1.9" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
        f'<path d="M59 118.5 Q65 116 70 117.6 Q75 116 81 118.5 Q70 126.5 59 118.5 Z" fill="{face.lips}"/>'
        f'<path d="M59 118.5 Q70 121.5 81 118.5" fill="none" stroke="{shade(face.lips, 0.7)}" stroke-width="1"/>{lines}'
    )


def _beard(face: Face, jaw: int) -> str:
    left, right = 70 - face.width + 1, 70 + face.width - 1
    return (
        f'<path d="M{left} 92 C{left + 2} 116 {70 - jaw} 139 70 140 C{70 + jaw} 139 {right - 2} 116 {right} 92 '
        f'C{right - 6} 106 86 110 70 110 C54 110 {left + 6} 106 {left} 92 Z" fill="{face.hair}" opacity=".82"/>'
    )


def _glasses() -> str:
    return (
        '<g fill="#fff" fill-opacity=".14" stroke="#2c2f36" stroke-width="2"><rect x="42" y="78" width="23" height="18" '
        'rx="8"/><rect x="75" y="78" width="23" height="18" rx="8"/><path d="M65 85 Q70 82 75 85 M42 84 L33 82 M98 84 '
        'L107 82" fill="none"/></g>'
    )


def main() -> None:
    """Write one picture for each face."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, face in FACES.items():
            page.set_content(f"<style>html,body,svg{{margin:0;display:block}}</style>{drawing(face)}")
            page.screenshot(path=TARGET / f"{name}.jpg", type="jpeg", quality=88)
        browser.close()


if __name__ == "__main__":
    main()
