// The cryptography of the device protocol (docs/reference/device-protocol.md §1 and §2), by WebCrypto alone.
// Nothing here keeps anything: keys come in as arguments, results go out.

import { b64u, b64uDecode, b64uJson, joined, utf8 } from "./encoding.js";

/** @typedef {{ kty: "EC", crv: "P-256", x: string, y: string }} PublicKey */
/** @typedef {PublicKey & { kid: string }} ChannelKey */

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const CODE_KEY_INFO = "ipse code key v1";
const SEALED_TYPE = "ipse-phone-sealed+jwe";
const SIGNED_TYPE = "ipse-phone+jwt";
/** Bytes: what is sealed with proofs is filled up to a multiple of this, so that its length says nothing of it. */
const PADDED = 2048;

/**
 * A new device key. The private half cannot be exported, not even by this app.
 * @returns {Promise<{ privateKey: CryptoKey, publicKey: PublicKey }>}
 */
export async function newDeviceKey() {
  const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const { x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" } };
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>} SHA-256
 */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/**
 * @param {PublicKey} key
 * @returns {Promise<string>} its RFC 7638 thumbprint, SHA-256
 */
export async function thumbprint({ kty, crv, x, y }) {
  return b64u(await sha256(utf8(JSON.stringify({ crv, kty, x, y }))));
}

/**
 * @param {number} length in bytes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function randomBytes(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * A signed message: compact JWS, ES256 (RFC 7515; RFC 7518 §3.4, whose signature form is WebCrypto's own).
 * @param {{ privateKey: CryptoKey, kid: string, payload: object }} message
 * @returns {Promise<string>}
 */
export async function signed({ privateKey, kid, payload }) {
  const input = `${b64uJson({ alg: "ES256", typ: SIGNED_TYPE, kid })}.${b64uJson(payload)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, utf8(input));
  return `${input}.${b64u(signature)}`;
}

/**
 * A sealed message: compact JWE, ECDH-ES with direct key agreement and A256GCM (RFC 7516; RFC 7518 §4.6).
 * @param {ChannelKey} channelKey
 * @param {object} content
 * @returns {Promise<string>}
 */
export async function sealed(channelKey, content) {
  const agreement = { name: "ECDH", namedCurve: "P-256" };
  const { kty, crv, x, y } = channelKey;
  const server = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, agreement, false, []);
  const once = await crypto.subtle.generateKey(agreement, false, ["deriveBits"]);
  const point = await crypto.subtle.exportKey("jwk", once.publicKey);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: server }, once.privateKey, 256);
  const header = b64uJson({
    alg: "ECDH-ES",
    enc: "A256GCM",
    typ: SEALED_TYPE,
    kid: channelKey.kid,
    epk: { kty: "EC", crv: "P-256", x: point.x, y: point.y },
  });
  const key = await crypto.subtle.importKey("raw", await concatKdf(new Uint8Array(secret)), "AES-GCM", false, [
    "encrypt",
  ]);
  const iv = randomBytes(12);
  const locked = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: utf8(header), tagLength: 128 },
      key,
      utf8(JSON.stringify(content)),
    ),
  );
  const ciphertext = locked.subarray(0, locked.length - 16);
  const tag = locked.subarray(locked.length - 16);
  return `${header}..${b64u(iv)}.${b64u(ciphertext)}.${b64u(tag)}`;
}

/**
 * What is sealed with proofs, filled up.
 * @template {{ pad: string }} T
 * @param {T} content with an empty `pad`
 * @returns {T}
 */
export function padded(content) {
  const length = utf8(JSON.stringify(content)).length;
  return { ...content, pad: ".".repeat((PADDED - (length % PADDED)) % PADDED) };
}

/**
 * Concat KDF (NIST SP 800-56A §5.8.1 as RFC 7518 §4.6.2 uses it) for one 256-bit key: one round of SHA-256;
 * AlgorithmID is the `enc` value because the agreement is direct; party infos are empty.
 * @param {Uint8Array<ArrayBuffer>} secret the shared point's x
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export function concatKdf(secret) {
  const algorithm = utf8("A256GCM");
  return sha256(
    joined(number32(1), secret, number32(algorithm.length), algorithm, number32(0), number32(0), number32(256)),
  );
}

/**
 * @param {number} value
 * @returns {Uint8Array} four bytes, most significant first
 */
function number32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/**
 * The code key: HKDF-SHA-256 of the five digits under the phone's salt (RFC 5869).
 * @param {{ code: string, salt: string, phone: string }} of `salt` is base64url
 * @returns {Promise<Uint8Array<ArrayBuffer>>} 32 bytes; the caller wipes them after use
 */
export async function codeKey({ code, salt, phone }) {
  const digits = await crypto.subtle.importKey("raw", utf8(code), "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: b64uDecode(salt), info: utf8(CODE_KEY_INFO + phone) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, digits, 256));
}

/**
 * The code proof: HMAC-SHA-256 under the code key, over the whole compact JWS.
 * @param {Uint8Array<ArrayBuffer>} key
 * @param {string} jws
 * @returns {Promise<string>} base64url
 */
export async function codeProof(key, jws) {
  const mac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return b64u(await crypto.subtle.sign("HMAC", mac, utf8(jws)));
}

/**
 * What a protected attribute was committed to before it was revealed.
 * @param {{ salt: string, name: string, value: unknown }} of `salt` is the base64url of the shown bytes
 * @returns {Promise<string>} base64url
 */
export async function commitment({ salt, name, value }) {
  const separator = new Uint8Array(1);
  return b64u(await sha256(joined(b64uDecode(salt), utf8(name), separator, utf8(JSON.stringify(value)))));
}
