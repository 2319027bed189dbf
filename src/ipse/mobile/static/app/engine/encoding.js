// Bytes and texts: base64url without padding (RFC 4648 §5), UTF-8, JSON.

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>} its UTF-8 bytes
 */
export function utf8(text) {
  return encoder.encode(text);
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 * @throws {TypeError} when they are not UTF-8
 */
export function text(bytes) {
  return strictDecoder.decode(bytes);
}

/**
 * @param {Uint8Array | ArrayBuffer} bytes
 * @returns {string} base64url without padding
 */
export function b64u(bytes) {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  let binary = "";
  for (const byte of view) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} value base64url without padding
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {TypeError} on any other character
 */
export function b64uDecode(value) {
  if (!/^[A-Za-z0-9_-]*$/.test(value) || value.length % 4 === 1) throw new TypeError("not base64url");
  const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * @param {unknown} value
 * @returns {string} base64url of its JSON text
 */
export function b64uJson(value) {
  return b64u(utf8(JSON.stringify(value)));
}

/**
 * @param {...Uint8Array} parts
 * @returns {Uint8Array<ArrayBuffer>} one after the other
 */
export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
