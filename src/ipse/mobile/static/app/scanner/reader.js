// Runs in a worker: one picture in, the content of the QR in it out, or null.

import { decodeQR } from "../vendor/qr/decode.js";

/** Milliseconds for one picture. The code moves each second, so a second look at a hard picture is worth it. */
const TIME = 100;

addEventListener("message", ({ data: picture }) => {
  /** @type {string | null} */
  let content = null;
  try {
    content = decodeQR(picture, { timeLimit: TIME });
  } catch {
    content = null; // no QR in this picture
  }
  postMessage(content);
});
