// The QR reader that the scanner uses where the browser has none.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeQR } from "../../src/ipse/mobile/static/app/vendor/qr/decode.js";
import encodeQR from "../../src/ipse/mobile/static/app/vendor/qr/index.js";

const CONTENT = "http://localhost:8002/#f=AbCdEfGhIjKlMnOpQrStUv.123.ABCDEFGHIJKLMNOPQRSTUV";

/**
 * A picture as a camera sees it: a QR somewhere on grey, not all of it sharp.
 * @param {{ width: number, height: number, left: number, top: number, scale: number, noise: number }} how
 */
function picture({ width, height, left, top, scale, noise }) {
  const modules = encodeQR(CONTENT, "raw", { border: 4, scale });
  const data = new Uint8Array(width * height * 4).fill(255);
  let seed = 7;
  for (let at = 0; at < width * height; at += 1) {
    const row = modules[Math.floor(at / width) - top];
    const dark = row?.[(at % width) - left];
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    const light = dark === undefined ? 140 : dark ? 30 : 195;
    data.fill(light + ((seed >>> 8) % (noise + 1)), at * 4, at * 4 + 3);
  }
  return { width, height, data };
}

test("reads a frame in a camera picture, in little time", () => {
  const sharp = picture({ width: 960, height: 540, left: 300, top: 60, scale: 7, noise: 0 });
  assert.equal(decodeQR(sharp), CONTENT);
  const noisy = picture({ width: 960, height: 540, left: 90, top: 80, scale: 7, noise: 50 });
  const begun = performance.now();
  assert.equal(decodeQR(noisy, { timeLimit: 100 }), CONTENT);
  assert.ok(performance.now() - begun < 2000);
});

test("a picture without a QR is an error, not a guess", () => {
  assert.throws(() => decodeQR({ width: 320, height: 240, data: new Uint8Array(320 * 240 * 4).fill(120) }));
});
