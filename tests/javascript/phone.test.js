// What a person does with the phone, message by message, against a scheme that answers from a script.

import assert from "node:assert/strict";
import { test } from "node:test";

import { b64u, utf8 } from "../../src/ipse/mobile/static/app/engine/encoding.js";
import { sha256 } from "../../src/ipse/mobile/static/app/engine/crypto.js";
import { Phone } from "../../src/ipse/mobile/static/app/engine/phone.js";
import { Problem } from "../../src/ipse/mobile/static/app/engine/problems.js";
import { livingPhone, memoryStore, scriptedWorld, standInDevice } from "./phone_stand_in.js";
import { vectors } from "./vectors.js";

/** @typedef {import("./phone_stand_in.js").Reply} Reply */

const known = vectors("phone_channel.json");
const { kty, crv, x, y, kid } = known.channel.private;
const CONFIGURATION = {
  body: { issuer: "https://scheme.example/v2", phone_channel_keys: { keys: [{ kty, crv, x, y, kid }] } },
};
const SHOWN = {
  v: 1,
  salt: known.commitment.salt,
  action: "action-1",
  type: "identification",
  partner: { id: "portal", name: "Havenrode" },
  service: { code: "P", name: "Permit" },
  attributes: [
    {
      name: "BENationalNumber",
      required: true,
      protected: true,
      masked: "*********15",
      commitment: known.commitment.commitment,
    },
  ],
};
const CLAIMED = {
  body: {
    action: "action-1",
    shown: b64u(utf8(JSON.stringify(SHOWN))),
    challenge: "challenge-1",
    expires_at: 1_790_000_180,
    start: "link",
    chain: "chain-1",
  },
};

/**
 * @param {Reply[]} script
 * @param {Partial<import("../../src/ipse/mobile/static/app/engine/store.js").PhoneRecord>} [changes]
 */
async function begin(script, changes) {
  const store = memoryStore();
  store.record = await livingPhone(changes);
  const world = scriptedWorld(script);
  const phone = new Phone({ base: "https://scheme.example", store, world, device: standInDevice() });
  return { store, world, phone };
}

/**
 * @param {Phone} phone
 * @returns {Promise<import("../../src/ipse/mobile/static/app/engine/phone.js").Request>}
 */
async function claimed(phone) {
  const request = await phone.claim({ link: "l" });
  if ("waiting" in request) assert.fail("a request was expected");
  return request;
}

/** @param {string} jws @returns {Record<string, any>} */
function payloadOf(jws) {
  return JSON.parse(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString());
}

test("a claim is read from the bytes as received, and signed by their digest", async () => {
  const { store, phone } = await begin([CLAIMED]);
  const request = await claimed(phone);
  assert.equal(request.digest, b64u(await sha256(utf8(JSON.stringify(SHOWN)))));
  assert.equal(request.shown.partner.name, "Havenrode");
  assert.deepEqual(store.record?.challenge, { value: "challenge-1", action: "action-1" });
});

test("a request whose challenge is not the newest is shown again first", async () => {
  const home = {
    body: { account: { state: "active", why: null }, name: "Ada", open: [], challenge: "of home", chain: "chain-2" },
  };
  const again = { body: { ...CLAIMED.body, challenge: "challenge-2", chain: "chain-3" } };
  const approved = { body: { outcome: "approved", chain: "chain-4" } };
  const { world, phone } = await begin([CLAIMED, home, again, CONFIGURATION, approved]);
  const request = await claimed(phone);
  await phone.home();
  await phone.approve({ request, shared: ["BENationalNumber"], code: "13579" });
  assert.deepEqual(
    world.sent.map(({ url }) => url.replace("https://scheme.example/phone/v1", "")),
    ["/claims", "/home", "/show", "/configuration", "/approvals"],
  );
});

test("something else shown under the same request is never approved (WYSIWYS)", async () => {
  const other = {
    ...CLAIMED.body,
    shown: b64u(utf8(JSON.stringify({ ...SHOWN, partner: { id: "x", name: "Other" } }))),
  };
  const home = { body: { account: { state: "active", why: null }, challenge: "of home", chain: "chain-2" } };
  const { world, phone } = await begin([CLAIMED, home, { body: other }]);
  const request = await claimed(phone);
  await phone.home();
  await assert.rejects(
    phone.approve({ request, shared: [], code: "13579" }),
    (error) => error instanceof Problem && error.code === "wrong_shown",
  );
  assert.equal(world.sent.length, 3);
});

test("what this phone cannot show in full is never approved, whatever asks it to (WYSIWYS)", async () => {
  const shown = { ...SHOWN, type: "confirmation", confirms: [{ type: "insurance", premium: "12" }] };
  const { world, phone } = await begin([{ body: { ...CLAIMED.body, shown: b64u(utf8(JSON.stringify(shown))) } }]);
  const request = await claimed(phone);
  assert.equal(request.strange, "insurance");
  await assert.rejects(
    phone.approve({ request, shared: [], code: "13579" }),
    (error) => error instanceof Problem && error.code === "not_understood",
  );
  assert.equal(world.sent.length, 1);
});

test("what is confirmed is read from the signed bytes alone", async () => {
  const payment = { type: "payment", amount: "100.10", currency: "EUR", creditor_name: "Pot & Linde" };
  const shown = utf8(JSON.stringify({ ...SHOWN, type: "confirmation", confirms: [payment] }));
  const beside = { confirms: [{ ...payment, amount: "1.00" }] };
  const { phone } = await begin([{ body: { ...CLAIMED.body, ...beside, start: "push", shown: b64u(shown) } }]);
  const request = await claimed(phone);
  assert.deepEqual(request.contents, [{ ...payment, creditor_iban: "", reference: "" }]);
  assert.deepEqual([request.start, request.strange, request.digest], ["push", null, b64u(await sha256(shown))]);
});

test("a scan that only says who is here waits for the request that follows", async () => {
  const waiting = { waiting: true, action: "discovery-1", partner: "House", service: "Door", expires_at: 1_790_000_180 };
  const { store, phone } = await begin([{ body: { ...waiting, chain: "chain-1" } }]);
  const connecting = { waiting: true, action: "discovery-1", partner: "House", service: "Door" };
  assert.deepEqual(await phone.claim({ frame: "f" }), { ...connecting, expiresAt: 1_790_000_180 });
  assert.deepEqual([store.record?.chain, store.record?.challenge], ["chain-1", null]);
});

test("an addressed request is claimed by its id with the digits, or refused unopened", async () => {
  const rejected = { body: { outcome: "rejected", chain: "chain-2" } };
  const { world, store, phone } = await begin([CLAIMED, CONFIGURATION, rejected]);
  await phone.claim({ action: "action-1", digits: "07" });
  assert.deepEqual(payloadOf(world.sent[0]?.body ?? "")["start"], { action: "action-1", digits: "07" });
  await phone.refuseAddressed({ action: "action-2", partner: "House", reason: "not_started" });
  assert.equal(world.sent[2]?.url, "https://scheme.example/phone/v1/approvals");
  assert.equal(store.record?.pending, null);
});

test("a phone says of itself what it knows and nothing else", async () => {
  const { world, phone } = await begin([CLAIMED, CLAIMED]);
  await phone.claim({ link: "l" });
  const known = {
    os: "Linux",
    appName: "Ipse web app",
    appRelease: phone.version,
    appInstalledDate: "2026-05-03",
    deviceId: "ZGV2aWNl",
  };
  assert.deepEqual(payloadOf(world.sent[0]?.body ?? "")["device"], known);
  await phone.device.rename("  Ada's phone ");
  await phone.claim({ link: "l" });
  assert.deepEqual(payloadOf(world.sent[1]?.body ?? "")["device"], { ...known, deviceLabel: "Ada's phone" });
});

test("only an address of the scheme is opened after an approval", async () => {
  for (const [url, opened] of /** @type {[string, string | null][]} */ ([
    ["https://scheme.example/v2/sign-in/return/x", "https://scheme.example/v2/sign-in/return/x"],
    ["https://evil.example/v2/sign-in/return/x", null],
    ["javascript:alert(1)", null],
    ["nonsense", null],
  ])) {
    const { phone } = await begin([
      CLAIMED,
      CONFIGURATION,
      { body: { outcome: "approved", return_url: url, chain: "chain-2" } },
    ]);
    const request = await claimed(phone);
    assert.equal((await phone.approve({ request, shared: [], code: "13579" })).returnUrl, opened);
  }
});

test("a revealed value must be the committed one", async () => {
  const right = { body: { values: { BENationalNumber: known.commitment.value }, challenge: "c2", chain: "chain-2" } };
  const { phone } = await begin([CLAIMED, CONFIGURATION, right]);
  const request = await claimed(phone);
  assert.deepEqual(await phone.revealRequest({ request, code: "13579" }), { BENationalNumber: known.commitment.value });

  const wrong = { body: { values: { BENationalNumber: "88051700016" }, challenge: "c3", chain: "chain-3" } };
  const { phone: other } = await begin([CLAIMED, CONFIGURATION, wrong]);
  const same = await claimed(other);
  await assert.rejects(
    other.revealRequest({ request: same, code: "13579" }),
    (error) => error instanceof Problem && error.code === "wrong_commitment",
  );
});

test("a change of code keeps both salts until it is answered", async () => {
  /** @type {string[]} */
  let during = [];
  const home = { body: { account: { state: "active", why: null }, challenge: "of home", chain: "chain-1" } };
  const { store, phone } = await begin([
    home,
    CONFIGURATION,
    {
      body: { code_key_id: "x", chain: "chain-2" },
      meanwhile: () => void (during = Object.keys(store.record?.salts ?? {})),
    },
  ]);
  await phone.changeCode({ current: "13579", next: "24689" });
  assert.equal(during.length, 3);
  assert.deepEqual(
    Object.keys(store.record?.salts ?? {}).sort(),
    [store.record?.codeKey ?? "", store.record?.spare ?? ""].sort(),
  );
  assert.equal(store.record?.salts[store.record.codeKey ?? ""]?.length, 43);
  assert.notEqual(store.record?.codeKey, "key-1");
});

test("a refused change of code leaves the old one in force", async () => {
  const home = { body: { account: { state: "active", why: null }, challenge: "of home", chain: "chain-1" } };
  const wrong = { status: 403, body: { code: "wrong_code", tries_left: 2, challenge: "c", chain: "chain-2" } };
  const { store, phone } = await begin([home, CONFIGURATION, wrong]);
  await assert.rejects(phone.changeCode({ current: "13570", next: "24689" }), Problem);
  assert.equal(store.record?.codeKey, "key-1");
  assert.ok("key-1" in (store.record?.salts ?? {}));
});

test("neither code nor code key is ever stored (T-1)", async () => {
  const enrolment = {
    id: "e",
    startUrl: "",
    expiresAt: 0,
    registrar: "b",
    registrarName: "B",
    received: [],
    numberVerified: true,
  };
  const active = { body: { account: { state: "active", why: null }, moved: false, chain: "chain-1" } };
  const approved = { body: { outcome: "approved", chain: "chain-3" } };
  const { store, phone } = await begin(
    [CONFIGURATION, active, { body: { ...CLAIMED.body, chain: "chain-2" } }, approved],
    {
      stage: "received",
      enrolment,
      salts: {},
      codeKey: null,
    },
  );
  await phone.activate("13579");
  assert.equal(store.record?.stage, "living");
  const request = await claimed(phone);
  await phone.approve({ request, shared: [], code: "13579" });
  const { codeKey } = await import("../../src/ipse/mobile/static/app/engine/crypto.js");
  const salt = store.record?.salts[store.record.codeKey ?? ""] ?? "";
  const key = b64u(await codeKey({ code: "13579", salt, phone: store.record?.phone ?? "" }));
  assert.ok(store.writes.length > 4);
  for (const written of store.writes) {
    assert.ok(!/"13579"|code":"?13579/.test(written));
    assert.ok(!written.includes(key));
  }
});

test("an activation without an answer ends well when its answer comes after a restart", async () => {
  const enrolment = {
    id: "e",
    startUrl: "",
    expiresAt: 0,
    registrar: "b",
    registrarName: "B",
    received: [],
    numberVerified: true,
  };
  const lost = Array.from({ length: 30 }, () => ({ lost: true }));
  const { store, phone } = await begin([CONFIGURATION, ...lost], {
    stage: "received",
    enrolment,
    salts: {},
    codeKey: null,
  });
  await assert.rejects(phone.activate("13579"));
  assert.equal(store.record?.codeKey, null);
  const world = scriptedWorld([{ body: { account: { state: "active", why: null }, moved: false, chain: "chain-1" } }]);
  const restarted = new Phone({ base: "https://scheme.example", store, world, device: standInDevice() });
  assert.equal((await restarted.finish())?.type, "activate");
  assert.equal(store.record?.stage, "living");
  const slots = [store.record?.codeKey ?? "", store.record?.spare ?? ""];
  assert.deepEqual(Object.keys(store.record?.salts ?? {}).sort(), slots.sort());
});
