// Approvals of signatures: what is sealed to signature activation, to which key, and what is kept for a certificate.

import assert from "node:assert/strict";
import { test } from "node:test";

import { b64u, b64uDecode, text, utf8 } from "../../src/ipse/mobile/static/app/engine/encoding.js";
import { codeProof, concatKdf, sha256 } from "../../src/ipse/mobile/static/app/engine/crypto.js";
import { Phone } from "../../src/ipse/mobile/static/app/engine/phone.js";
import { Problem } from "../../src/ipse/mobile/static/app/engine/problems.js";
import { activationKey, signingCodeKey, withSigner } from "../../src/ipse/mobile/static/app/engine/signing.js";
import { livingPhone, memoryStore, scriptedWorld, standInDevice } from "./phone_stand_in.js";
import { vectors } from "./vectors.js";

/** @typedef {import("./phone_stand_in.js").Reply} Reply */
/** @typedef {import("../../src/ipse/mobile/static/app/engine/signing.js").Signer} Signer */

const known = vectors("phone_channel.json");
const { understood } = vectors("confirms.json");
/** @param {string} type */
const first = (type) => understood.find((/** @type {{ type: string }} */ content) => content.type === type);
const CREATION = first("credential");
const SIGNATURE = first("signature");
const CODE = "13579";

/** @param {Record<string, any>} key */
const shape = ({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid });
const CHANNEL = shape(known.channel.private);
const ACTIVATION = shape(known.activation.private);
/** @type {any} */
const SIGNER = { credential: SIGNATURE.credential, salt: b64u(new Uint8Array(32)), key: ACTIVATION, issuer: "A", quality: "test" };

/** @param {unknown[]} confirms @param {unknown} [given] @returns {Reply} */
function claim(confirms, given = ACTIVATION) {
  const shown = { v: 1, salt: "", action: "action-1", type: "signing", partner: { id: "p", name: "Notary" }, service: {}, attributes: [], confirms };
  const answer = { action: "action-1", shown: b64u(utf8(JSON.stringify(shown))), challenge: "ch", expires_at: 1, start: "link", chain: "c1" };
  return { body: { ...answer, signature_activation: given } };
}

/** @param {unknown} key @returns {Reply} */
const configuration = (key = ACTIVATION) => ({
  body: { issuer: "https://scheme.example/v2", phone_channel_keys: { keys: [CHANNEL] }, signature_activation_key: key },
});
/** @type {Reply} */
const APPROVED = { body: { outcome: "approved", chain: "c2" } };
/** @type {Reply} */
const WRONG = { status: 403, body: { code: "wrong_code", status: 403, chain: "c2", challenge: "ch2", tries_left: 2 } };

/**
 * @param {Reply[]} script
 * @param {Signer[]} [signers]
 */
async function begin(script, signers) {
  const store = memoryStore();
  store.record = await livingPhone(signers === undefined ? {} : { signers });
  const world = scriptedWorld(script);
  const phone = new Phone({ base: "https://scheme.example", store, world, device: standInDevice() });
  const request = await phone.claim({ link: "l" });
  if ("waiting" in request) assert.fail("a request was expected");
  return { store, world, phone, request };
}

/**
 * Opens what was sealed to one of the keys of the vectors.
 * @param {string} jwe
 * @param {Record<string, string>} mine private JWK
 * @returns {Promise<Record<string, any>>}
 */
async function opened(jwe, mine) {
  const [header = "", , iv = "", ciphertext = "", tag = ""] = jwe.split(".");
  const agreement = { name: "ECDH", namedCurve: "P-256" };
  const { epk, kid } = JSON.parse(text(b64uDecode(header)));
  assert.equal(kid, mine["kid"]);
  const { kty, crv, x, y, d } = /** @type {Record<string, string>} */ (mine);
  const own = await crypto.subtle.importKey("jwk", /** @type {JsonWebKey} */ ({ kty, crv, x, y, d }), agreement, false, ["deriveBits"]);
  const theirs = await crypto.subtle.importKey("jwk", epk, agreement, false, []);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own, 256);
  const key = await crypto.subtle.importKey("raw", await concatKdf(new Uint8Array(secret)), "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: b64uDecode(iv), additionalData: utf8(header) };
  const locked = new Uint8Array([...b64uDecode(ciphertext), ...b64uDecode(tag)]);
  const plain = new Uint8Array(await crypto.subtle.decrypt(how, key, locked));
  assert.equal(plain.length % 2048, 0);
  return JSON.parse(text(plain));
}

/** @param {string} body of an approval that was sent */
async function both(body) {
  const outer = await opened(body, known.channel.private);
  const inner = await opened(outer["activation"], known.activation.private);
  assert.equal(inner["jws"], outer["jws"]);
  return { outer, inner, payload: JSON.parse(text(b64uDecode(inner["jws"].split(".")[1]))) };
}

test("the code key of a certificate is the one other libraries derive", async () => {
  const { code, salt, credential, key } = known.activation.code_key;
  assert.equal(b64u(await signingCodeKey({ code, salt, credential })), key);
  assert.notEqual(b64u(await signingCodeKey({ code, salt, credential: "another" })), key);
});

for (const name of ["signature", "creation"]) {
  test(`an activation of another library opens the way ours do: ${name}`, async () => {
    const { jwe, content } = known.activation[name];
    assert.deepEqual(await opened(jwe, known.activation.private), content);
  });
}

test("a new certificate: its code key is sealed, the digest of it signed, and its salt stored before anything is sent", async () => {
  const { store, world, phone, request } = await begin([claim([CREATION, SIGNATURE]), configuration(), APPROVED]);
  await phone.approve({ request, shared: [], code: CODE });
  const { outer, inner, payload } = await both(world.sent.at(-1)?.body ?? "");
  const [signer] = store.record?.signers ?? [];
  assert.ok(signer !== undefined);
  assert.deepEqual(Object.keys(inner), ["jws", "code_key", "pad"]);
  assert.equal(inner["code_key"], b64u(await signingCodeKey({ code: CODE, ...signer })));
  assert.equal(payload.signing_code_key, b64u(await sha256(b64uDecode(inner["code_key"]))));
  assert.equal(payload.method, "code");
  assert.equal(Object.keys(outer["proofs"]).length, 2);
  assert.deepEqual(signer.key, ACTIVATION);
  assert.equal(signer.quality, CREATION.quality);
  const before = store.writes.findIndex((state) => state.includes(signer.salt));
  assert.notEqual(JSON.parse(store.writes[before] ?? "").pending, null);
  assert.equal(JSON.stringify(store.writes).includes(inner["code_key"]), false);
});

test("an approval that failed for good leaves no certificate behind; the next try has another salt", async () => {
  const { store, world, phone, request } = await begin([claim([CREATION]), configuration(), WRONG, APPROVED]);
  await assert.rejects(phone.approve({ request, shared: [], code: "24680" }), Problem);
  assert.deepEqual(store.record?.signers ?? [], []);
  const failed = (await both(world.sent.at(-1)?.body ?? "")).inner["code_key"];
  await phone.approve({ request, shared: [], code: CODE });
  assert.equal(store.record?.signers?.length, 1);
  assert.notEqual((await both(world.sent.at(-1)?.body ?? "")).inner["code_key"], failed);
});

test("a certificate whose approval was answered after a restart is kept as well", async () => {
  const lost = Array.from({ length: 30 }, () => /** @type {Reply} */ ({ lost: true }));
  const { store, phone, request } = await begin([claim([CREATION]), configuration(), ...lost]);
  await assert.rejects(phone.approve({ request, shared: [], code: CODE }));
  assert.deepEqual(store.record?.signers ?? [], []);
  const later = new Phone({ base: "https://scheme.example", store, world: scriptedWorld([APPROVED, configuration()]), device: standInDevice() });
  await later.finish();
  assert.equal(store.record?.signers?.[0]?.credential, CREATION.credential);
});

test("a signature is sealed to the key kept since the creation, whatever the request names", async () => {
  const { world, phone, request } = await begin([claim([SIGNATURE], { ...ACTIVATION, kid: "new" }), configuration(), APPROVED], [SIGNER]);
  await phone.approve({ request, shared: [], code: CODE });
  const { inner, payload } = await both(world.sent.at(-1)?.body ?? "");
  assert.deepEqual(Object.keys(inner), ["jws", "proof", "pad"]);
  assert.equal(inner["proof"], await codeProof(await signingCodeKey({ code: CODE, ...SIGNER }), inner["jws"]));
  assert.equal("signing_code_key" in payload, false);
});

test("whatever code was typed, everything has the same size", async () => {
  for (const [confirms, signers] of /** @type {[unknown[], Signer[]][]} */ ([[[CREATION], []], [[SIGNATURE], [SIGNER]]])) {
    const sizes = new Set();
    for (const code of [CODE, "24680"]) {
      const { world, phone, request } = await begin([claim(confirms), configuration(), APPROVED], signers);
      await phone.approve({ request, shared: [], code });
      sizes.add(`${world.sent.length} ${world.sent.at(-1)?.body.length}`);
    }
    assert.equal(sizes.size, 1);
  }
});

for (const [what, given, published] of /** @type {[string, unknown, unknown][]} */ ([
  ["another key than everybody is told", { ...ACTIVATION, x: ACTIVATION.y }, ACTIVATION],
  ["a key of another name", { ...ACTIVATION, kid: "other" }, ACTIVATION],
  ["no key", undefined, undefined],
  ["a key that nobody is told", ACTIVATION, null],
])) {
  test(`a certificate is not made under ${what}`, async () => {
    const claimed = claim([CREATION], given ?? null);
    const { world, phone, request } = await begin([claimed, configuration(published), configuration(published)]);
    assert.equal(request.strange, "activation_key");
    await assert.rejects(phone.approve({ request, shared: [], code: CODE }), Problem);
    assert.equal(world.sent.filter(({ url }) => url.endsWith("/approvals")).length, 0);
  });
}

test("the key of signature activation may have changed since the app was opened", async () => {
  const { request } = await begin([claim([CREATION]), configuration({ ...ACTIVATION, kid: "old" }), configuration()]);
  assert.equal(request.strange, null);
});

test("a certificate of another phone or code signs nothing here, and no fingerprint signs", async () => {
  assert.equal((await begin([claim([SIGNATURE])])).request.strange, "signer_lost");
  const { phone, request } = await begin([claim([SIGNATURE])], [SIGNER]);
  await assert.rejects(phone.approve({ request, shared: [] }), (error) => error instanceof Problem && error.code === "code_needed");
});

test("a new code ends the certificates, an unanswered one not yet", async () => {
  const home = { body: { account: { state: "active", why: null }, name: "Ada", open: [], challenge: "ch", chain: "c2" } };
  const { store, phone } = await begin([claim([SIGNATURE]), home, configuration(), WRONG, home, { body: { chain: "c3" } }], [SIGNER]);
  await assert.rejects(phone.changeCode({ current: "99887", next: "24681" }), Problem);
  assert.equal(store.record?.signers?.length, 1);
  await phone.changeCode({ current: CODE, next: "24681" });
  assert.deepEqual(store.record?.signers, []);
});

test("only the newest certificates are remembered, each once", () => {
  /** @type {Signer[]} */
  let signers = [];
  for (const number of [1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    signers = withSigner(signers, JSON.stringify({ ...SIGNER, credential: `credential-${number}` }));
  }
  assert.deepEqual(signers.map(({ credential }) => credential), [3, 4, 5, 6, 7, 8, 9, 10].map((number) => `credential-${number}`));
  for (const wrong of [null, "key", {}, { ...ACTIVATION, crv: "P-384" }, { ...ACTIVATION, kid: 7 }, { ...ACTIVATION, y: "" }]) {
    assert.equal(activationKey(wrong), null);
  }
});
