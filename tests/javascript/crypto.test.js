// The cryptography of the app against values that other libraries made (tests/vectors/make_phone_channel.py).

import assert from "node:assert/strict";
import { test } from "node:test";

import * as ours from "../../src/ipse/mobile/static/app/engine/crypto.js";
import { b64u, b64uDecode, text, utf8 } from "../../src/ipse/mobile/static/app/engine/encoding.js";
import { vectors } from "./vectors.js";

const known = vectors("phone_channel.json");
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };
const AGREEMENT = { name: "ECDH", namedCurve: "P-256" };

test("base64url goes there and back and refuses everything else", () => {
  for (const length of [0, 1, 2, 3, 31, 32, 33]) {
    const bytes = ours.randomBytes(length);
    assert.deepEqual(b64uDecode(b64u(bytes)), bytes);
  }
  for (const wrong of ["a", "a+b=", "a/bb", "abcd=", "ab cd", "é"]) assert.throws(() => b64uDecode(wrong), TypeError);
});

test("the thumbprint is the one of RFC 7638", async () => {
  assert.equal(await ours.thumbprint(known.device.private), known.device.thumbprint);
});

test("the code key is the same HKDF", async () => {
  const { code, salt, phone, key } = known.code_key;
  assert.equal(b64u(await ours.codeKey({ code, salt, phone })), key);
  assert.notEqual(b64u(await ours.codeKey({ code: "13578", salt, phone })), key);
});

test("the code proof is the same HMAC over the whole JWS", async () => {
  assert.equal(await ours.codeProof(b64uDecode(known.code_key.key), known.signed.jws), known.proof);
});

test("Concat KDF agrees", async () => {
  assert.equal(b64u(await ours.concatKdf(b64uDecode(known.concat_kdf.secret))), known.concat_kdf.key);
});

test("the commitment agrees", async () => {
  const { commitment, ...of } = known.commitment;
  assert.equal(await ours.commitment(of), commitment);
});

test("a signed message has the protocol's header and verifies", async () => {
  const { privateKey, publicKey } = await ours.newDeviceKey();
  const jws = await ours.signed({ privateKey, kid: "phone-1", payload: known.signed.payload });
  const [header = "", payload = "", signature = ""] = jws.split(".");
  assert.deepEqual(JSON.parse(text(b64uDecode(header))), { alg: "ES256", typ: "ipse-phone+jwt", kid: "phone-1" });
  assert.deepEqual(JSON.parse(text(b64uDecode(payload))), known.signed.payload);
  const verifying = await crypto.subtle.importKey("jwk", publicKey, P256, false, ["verify"]);
  assert.ok(await crypto.subtle.verify(ES256, verifying, b64uDecode(signature), utf8(`${header}.${payload}`)));
});

test("a JWS of another library verifies the way ours are verified", async () => {
  const { d, ...publicKey } = known.device.private;
  const [header = "", payload = "", signature = ""] = known.signed.jws.split(".");
  const verifying = await crypto.subtle.importKey("jwk", publicKey, P256, false, ["verify"]);
  assert.ok(await crypto.subtle.verify(ES256, verifying, b64uDecode(signature), utf8(`${header}.${payload}`)));
});

/**
 * Opens a sealed message as the scheme does.
 * @param {string} jwe
 * @returns {Promise<unknown>}
 */
async function opened(jwe) {
  const [header = "", encryptedKey, iv = "", ciphertext = "", tag = ""] = jwe.split(".");
  assert.equal(encryptedKey, "");
  const { epk } = JSON.parse(text(b64uDecode(header)));
  const mine = await crypto.subtle.importKey("jwk", known.channel.private, AGREEMENT, false, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("jwk", epk, AGREEMENT, false, []);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, mine, 256);
  const raw = await ours.concatKdf(new Uint8Array(secret));
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const locked = new Uint8Array([...b64uDecode(ciphertext), ...b64uDecode(tag)]);
  const how = { name: "AES-GCM", iv: b64uDecode(iv), additionalData: utf8(header) };
  return JSON.parse(text(new Uint8Array(await crypto.subtle.decrypt(how, key, locked))));
}

test("a sealed message opens with the scheme's key, and its header is the protocol's", async () => {
  const { kty, crv, x, y, kid } = known.channel.private;
  const jwe = await ours.sealed({ kty, crv, x, y, kid }, known.sealed.content);
  const header = JSON.parse(text(b64uDecode(jwe.split(".")[0] ?? "")));
  assert.deepEqual(Object.keys(header), ["alg", "enc", "typ", "kid", "epk"]);
  assert.deepEqual(Object.keys(header.epk), ["kty", "crv", "x", "y"]);
  assert.deepEqual(
    [header.alg, header.enc, header.typ, header.kid],
    ["ECDH-ES", "A256GCM", "ipse-phone-sealed+jwe", kid],
  );
  assert.deepEqual(await opened(jwe), known.sealed.content);
});

test("a JWE of another library opens the way ours are opened", async () => {
  assert.deepEqual(await opened(known.sealed.jwe), known.sealed.content);
});

test("the device key cannot be exported (T-1)", async () => {
  const { privateKey } = await ours.newDeviceKey();
  assert.equal(privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("jwk", privateKey));
});
