// Frames of the moving QR, made in the page from a secret of this one request: a waiting browser asks the server
// for nothing while it waits.

import qrcode from "./vendor/qrcode.js";

/** Modules of light ground that a scanner needs around the code (ISO/IEC 18004). */
const QUIET = 4;

/** @param {ArrayBuffer | Uint8Array} octets */
function b64u(octets) {
  return btoa(String.fromCharCode(...new Uint8Array(octets)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** @param {string} text */
function fromB64u(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

/**
 * A function from whole seconds since the request began to the frame's text: id, seconds, and a MAC over both.
 *
 * @param {string} id
 * @param {string} secret base64url
 * @returns {Promise<(elapsed: number) => Promise<string>>}
 */
export async function frameMaker(id, secret) {
  const key = await crypto.subtle.importKey("raw", fromB64u(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return async (elapsed) => {
    const head = `${id}.${elapsed}`;
    const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(head));
    return `${head}.${b64u(mac.slice(0, 16))}`;
  };
}

/**
 * A QR code as the address of an SVG picture, quiet zone included.
 *
 * @param {string} content
 */
export function picture(content) {
  const code = qrcode(0, "M");
  code.addData(content, "Byte");
  code.make();
  const count = code.getModuleCount();
  let path = "";
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (!code.isDark(row, column)) continue;
      let run = 1;
      while (column + run < count && code.isDark(row, column + run)) run += 1;
      path += `M${column + QUIET} ${row + QUIET}h${run}v1h-${run}z`;
      column += run;
    }
  }
  const side = count + 2 * QUIET;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${side}v${side}H0z"/><path fill="#07140f" d="${path}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
