// Order, repeats and copies (device protocol §2): what is stored when, what is sent again, what is forgotten.

import assert from "node:assert/strict";
import { test } from "node:test";

import { b64uDecode, text } from "../../src/ipse/mobile/static/app/engine/encoding.js";
import { Messages } from "../../src/ipse/mobile/static/app/engine/messages.js";
import { NoAnswer, NoPhone, Problem } from "../../src/ipse/mobile/static/app/engine/problems.js";
import { livingPhone, memoryStore, scriptedWorld } from "./phone_stand_in.js";
import { vectors } from "./vectors.js";

/** @typedef {import("./phone_stand_in.js").Reply} Reply */

const { kty, crv, x, y, kid } = vectors("phone_channel.json").channel.private;
const HOME = { type: "home", path: "/home", members: () => ({}) };

/**
 * @param {Reply[]} script
 * @param {Partial<import("../../src/ipse/mobile/static/app/engine/store.js").PhoneRecord>} [changes]
 */
async function begin(script, changes) {
  const store = memoryStore();
  store.record = await livingPhone(changes);
  const world = scriptedWorld(script);
  const messages = new Messages({ store, world, channelKey: async () => ({ kty, crv, x, y, kid }) });
  return { store, world, messages };
}

/**
 * @param {string} jws
 * @returns {Record<string, unknown>}
 */
function payload(jws) {
  return JSON.parse(text(b64uDecode(jws.split(".")[1] ?? "")));
}

test("a message is stored whole before it is sent, and forgotten once answered", async () => {
  /** @type {string | undefined} */
  let stored;
  const { store, world, messages } = await begin([
    { body: { chain: "chain-1" }, meanwhile: () => void (stored = store.record?.pending?.body) },
  ]);
  await messages.exchange(HOME);
  assert.equal(stored, world.sent[0]?.body);
  assert.equal(store.record?.pending, null);
  assert.equal(store.record?.chain, "chain-1");
  assert.equal(world.sent[0]?.url, "https://scheme.example/phone/v1/home");
  const { v, type, phone, iat, chain } = payload(stored ?? "");
  assert.deepEqual([v, type, phone, iat, chain], [1, "home", "cGhvbmUtMQ", 1_790_000_000, "chain-0"]);
});

for (const [what, doubt] of /** @type {[string, Reply][]} */ ([
  ["the connection is lost", { lost: true }],
  ["the server stumbles", { status: 503, body: { code: "unavailable" } }],
  ["a captive portal answers", { status: 200, html: true }],
  ["a stranger refuses", { status: 403, html: true }],
  ["a success holds no chain", { body: {} }],
])) {
  test(`when ${what}, the same bytes are sent again`, async () => {
    const { store, world, messages } = await begin([doubt, doubt, { body: { chain: "chain-1" } }]);
    await messages.exchange(HOME);
    assert.equal(new Set(world.sent.map(({ body }) => body)).size, 1);
    assert.equal(world.sent.length, 3);
    assert.equal(store.record?.chain, "chain-1");
  });
}

test("patience ends, the message stays and goes first next time", async () => {
  const { store, world, messages } = await begin(Array.from({ length: 30 }, () => ({ lost: true })));
  await assert.rejects(messages.exchange(HOME), NoAnswer);
  const waiting = store.record?.pending?.body;
  assert.ok(waiting !== undefined);
  assert.ok(world.slept.reduce((all, pause) => all + pause, 0) <= 25_000);

  const later = scriptedWorld([{ body: { chain: "chain-1" } }, { body: { chain: "chain-2" } }]);
  const again = new Messages({ store, world: later, channelKey: async () => ({ kty, crv, x, y, kid }) });
  await again.exchange({ ...HOME, type: "history", path: "/history" });
  assert.equal(later.sent[0]?.body, waiting);
  assert.equal(later.sent[0]?.url, "https://scheme.example/phone/v1/home");
  assert.equal(payload(later.sent[1]?.body ?? "")["chain"], "chain-1");
  assert.equal(store.record?.chain, "chain-2");
});

test("a waiting message that is refused is told by finish(), and the next one goes", async () => {
  const { store, messages } = await begin([{ status: 410, body: { code: "request_expired", chain: "chain-1" } }], {
    pending: { type: "approval", path: "/approvals", body: "kept bytes", kept: { action: "a", decision: "approved" } },
  });
  const done = await messages.finish();
  assert.equal(done?.problem?.code, "request_expired");
  assert.equal(done?.pending.body, "kept bytes");
  assert.equal(store.record?.pending, null);
  assert.equal(await messages.finish(), null);
});

test("a wrong code counts: chain and challenge are the new ones", async () => {
  const problem = { code: "wrong_code", status: 403, chain: "chain-1", challenge: "challenge-2", tries_left: 2 };
  const { store, messages } = await begin([{ status: 403, body: problem }]);
  const draft = { type: "approval", path: "/approvals", kept: { action: "action-1" }, members: () => ({}) };
  await assert.rejects(messages.exchange(draft), (error) => error instanceof Problem && error.triesLeft === 2);
  assert.equal(store.record?.chain, "chain-1");
  assert.deepEqual(store.record?.challenge, { value: "challenge-2", action: "action-1" });
  assert.equal(store.record?.pending, null);
});

test("an error without chain changed nothing: the message is dropped, the chain stays", async () => {
  const { store, messages } = await begin([{ status: 400, body: { code: "malformed_message" } }]);
  await assert.rejects(messages.exchange(HOME), Problem);
  assert.equal(store.record?.chain, "chain-0");
  assert.equal(store.record?.pending, null);
});

test("too many requests at the first try: dropped", async () => {
  const { store, world, messages } = await begin([{ status: 429, body: { code: "too_many_requests" }, retryAfter: 3 }]);
  await assert.rejects(
    messages.exchange(HOME),
    (error) => error instanceof Problem && error.code === "too_many_requests",
  );
  assert.equal(world.sent.length, 1);
  assert.equal(store.record?.pending, null);
});

test("too many requests after a doubt: kept, since an earlier try may have arrived (T-20)", async () => {
  const { store, world, messages } = await begin([
    { lost: true },
    { status: 429, body: { code: "too_many_requests" }, retryAfter: 3 },
    { body: { chain: "chain-1" } },
  ]);
  await messages.exchange(HOME);
  assert.equal(new Set(world.sent.map(({ body }) => body)).size, 1);
  assert.deepEqual(world.slept, [400, 3000]);
  assert.equal(store.record?.chain, "chain-1");
});

test("two at once go one after the other, each with the chain of the answer before", async () => {
  const { world, messages } = await begin([{ body: { chain: "chain-1" } }, { body: { chain: "chain-2" } }]);
  await Promise.all([messages.exchange(HOME), messages.exchange(HOME)]);
  assert.deepEqual(
    world.sent.map(({ body }) => payload(body)["chain"]),
    ["chain-0", "chain-1"],
  );
});

test("without a phone nothing is sent", async () => {
  const { store, world, messages } = await begin([]);
  store.record = null;
  await assert.rejects(messages.exchange(HOME), NoPhone);
  assert.equal(world.sent.length, 0);
});

for (const code of ["phone_stopped", "phone_copied", "unknown_phone"]) {
  test(`${code} ends this phone`, async () => {
    const { store, messages } = await begin([{ status: 403, body: { code, why: "moved" } }]);
    await assert.rejects(messages.exchange(HOME), Problem);
    assert.equal(store.record?.stage, "stopped");
    assert.equal(store.record?.stopped, "moved");
  });
}

const APPROVAL = { type: "approval", path: "/approvals", seal: true, members: () => ({ method: "fingerprint" }) };

test("a fingerprint is asked once, over exactly what is stored and sent again", async () => {
  /** @type {string[]} */
  const asked = [];
  const { store, world, messages } = await begin([{ lost: true }, { lost: true }, { body: { chain: "chain-1" } }]);
  await messages.exchange({
    ...APPROVAL,
    assertion: async (jws) => {
      assert.equal(store.record?.pending, null);
      asked.push(jws);
      return { id: "finger" };
    },
  });
  assert.equal(asked.length, 1);
  assert.equal(payload(asked[0] ?? "")["method"], "fingerprint");
  assert.equal(new Set(world.sent.map(({ body }) => body)).size, 1);
  assert.equal(world.sent.length, 3);
});

test("a sensor that was cancelled leaves nothing behind: nothing stored, nothing sent", async () => {
  const { store, world, messages } = await begin([{ body: { chain: "chain-1" } }]);
  await assert.rejects(
    messages.exchange({ ...APPROVAL, assertion: () => Promise.reject(new Error("cancelled")) }),
    /cancelled/,
  );
  assert.equal(store.record?.pending, null);
  assert.equal(world.sent.length, 0);
  await messages.exchange(HOME);
  assert.equal(store.record?.chain, "chain-1");
});

test("whoever is told that the app is too old fetches a newer one", async () => {
  const { world, messages } = await begin([{ status: 426, body: { code: "app_too_old", chain: "chain-1" } }]);
  let told = 0;
  Object.assign(world, { outdated: () => void (told += 1) });
  await assert.rejects(messages.exchange(HOME), Problem);
  assert.equal(told, 1);
});
