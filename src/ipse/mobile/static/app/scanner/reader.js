// Runs in a worker: one picture in, the content of the QR in it out, or null.

import { decodeQR } from "../vendor/qr/decode.js";

addEventListener("message", ({ data: picture }) => {
  /** @type {string | null} */
  let content = null;
  try {
    content = decodeQR(picture);
  } catch {
    content = null; // no QR in this picture
  }
  postMessage(content);
});
