"""A camera for Chromium that sees another window: the fake device's video file is rewritten while it plays."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from pathlib import Path

from playwright.async_api import Page

WIDTH, HEIGHT = 640, 480
FRAMES = 4
_DARK = b"\x60" * (WIDTH * HEIGHT)
_LUMA = """async (picture) => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext("2d");
  context.fillStyle = "#888";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const scale = Math.min(WIDTH / image.width, HEIGHT / image.height) * 0.85;
  const [w, h] = [image.width * scale, image.height * scale];
  context.imageSmoothingEnabled = true;
  context.drawImage(image, (WIDTH - w) / 2, (HEIGHT - h) / 2, w, h);
  const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
  let text = "";
  for (let at = 0; at < data.length; at += 4) {
    text += String.fromCharCode(16 + 0.86 * (0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2]));
  }
  return btoa(text);
}""".replace("WIDTH", str(WIDTH)).replace("HEIGHT", str(HEIGHT))


class Camera:
    """Points at a part of a page. `arguments` are what Chromium must be started with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chroma = b"\x80" * (WIDTH * HEIGHT // 2)
        path.write_bytes(self._video(_DARK))

    @property
    def arguments(self) -> list[str]:
        """Command line of the browser whose camera this is."""
        return [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={self._path}",
        ]

    async def look(self, window: Page, selector: str, darkroom: Page) -> None:
        """Take one picture of `selector`; `darkroom` is any page that may run scripts, used to develop it."""
        picture = await window.locator(selector).screenshot(type="png", animations="disabled")
        luma = b64decode(await darkroom.evaluate(_LUMA, b64encode(picture).decode()))
        self._show(luma)

    def cover(self) -> None:
        """Nothing to see: so that the next look does not find what was there before."""
        self._show(_DARK)

    async def watch(self, window: Page, selector: str, darkroom: Page) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look(window, selector, darkroom)
            await asyncio.sleep(0.1)

    def _show(self, luma: bytes) -> None:
        # In place: the browser keeps the file open and reads it again and again.
        with self._path.open("r+b") as file:
            file.write(self._video(luma))

    def _video(self, luma: bytes) -> bytes:
        header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420mpeg2\n".encode()
        return header + (b"FRAME\n" + luma + self._chroma) * FRAMES
