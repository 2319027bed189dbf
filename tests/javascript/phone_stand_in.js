// A phone's surroundings for tests: a store in memory, a clock that only moves when somebody sleeps, one lock, and a
// scheme that answers from a script.

import { newDeviceKey } from "../../src/ipse/mobile/static/app/engine/crypto.js";
import { Device } from "../../src/ipse/mobile/static/app/engine/device.js";

/** @typedef {import("../../src/ipse/mobile/static/app/engine/store.js").PhoneRecord} PhoneRecord */
/** @typedef {import("../../src/ipse/mobile/static/app/engine/store.js").Store} Store */
/** @typedef {{ url: string, body: string }} Sent */
/** @typedef {{ status?: number, body?: unknown, html?: boolean, retryAfter?: number, lost?: boolean, meanwhile?: () => void | Promise<void> }} Reply */

/** @returns {Store & { record: PhoneRecord | null, writes: string[] }} `writes`: each state it was ever in, as text */
export function memoryStore() {
  const store = {
    /** @type {PhoneRecord | null} */
    record: null,
    /** @type {string[]} */
    writes: [],
    read: async () => store.record,
    /** @param {(record: PhoneRecord | null) => PhoneRecord | null} change */
    change: async (change) => {
      store.record = change(store.record);
      store.writes.push(JSON.stringify(store.record));
      return store.record;
    },
  };
  return store;
}

/**
 * @param {Reply[]} script one reply for each call, in order
 */
export function scriptedWorld(script) {
  /** @type {Sent[]} */
  const sent = [];
  /** @type {number[]} */
  const slept = [];
  let now = 1_790_000_000_000;
  /** @type {Promise<unknown>} */
  let tail = Promise.resolve();

  /** @type {typeof globalThis.fetch} */
  const fetch = async (address, options) => {
    sent.push({ url: String(address), body: String(options?.body ?? "") });
    const reply = script.shift();
    if (reply === undefined) throw new Error(`nobody expected a call to ${String(address)}`);
    await reply.meanwhile?.();
    if (reply.lost) throw new TypeError("connection lost");
    const status = reply.status ?? 200;
    /** @type {Record<string, string>} */
    const headers = reply.retryAfter === undefined ? {} : { "Retry-After": String(reply.retryAfter) };
    if (reply.html) return new Response("<h1>Sign in to the train's network</h1>", { status, headers });
    return Response.json(reply.body, { status, headers });
  };

  return {
    sent,
    slept,
    fetch,
    now: () => now,
    /** @param {number} milliseconds */
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
    /**
     * @template T
     * @param {() => Promise<T>} work
     * @returns {Promise<T>}
     */
    alone: (work) => {
      const result = tail.then(work);
      tail = result.catch(() => undefined);
      return result;
    },
  };
}

/**
 * A phone that lives, with one code key.
 * @param {Partial<PhoneRecord>} [changes]
 * @returns {Promise<PhoneRecord>}
 */
export async function livingPhone(changes = {}) {
  return {
    base: "https://scheme.example",
    ...(await newDeviceKey()),
    phone: "cGhvbmUtMQ",
    chain: "chain-0",
    stage: "living",
    stopped: null,
    account: { state: "active", why: null },
    name: "Ada",
    phoneNumber: "+32 485694175",
    codeKey: "key-1",
    salts: { "key-1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" },
    challenge: null,
    pending: null,
    enrolment: null,
    codeContext: {},
    ...changes,
  };
}

/** @returns {Device} what a phone says of itself that was opened first on the third of May and has no name */
export function standInDevice() {
  const installation = { id: "ZGV2aWNl", installed: "2026-05-03", label: "" };
  return new Device({ installation, os: "Linux", keep: async () => undefined });
}
