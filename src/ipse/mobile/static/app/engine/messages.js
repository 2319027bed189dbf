// One message at a time, over all tabs: compose, store, send, and send exactly the same bytes again until an answer
// arrives (protocol §2 "Order, repeats and copies"). A message that was never answered is delivered first by whoever
// wants to send next, be it after a restart.

import { codeProof, padded, sealed, signed, thumbprint } from "./crypto.js";
import { NoAnswer, NoPhone, Problem } from "./problems.js";
import { refused, settled } from "./settling.js";
import { newSlot, slotProofs, withSpare } from "./slots.js";

/** @typedef {import("./store.js").PhoneRecord} PhoneRecord */
/** @typedef {import("./store.js").Pending} Pending */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./crypto.js").ChannelKey} ChannelKey */
/** @typedef {Record<string, unknown>} Answer */

/**
 * A message to be.
 * @typedef {object} Draft
 * @property {string} type
 * @property {string} [noted] what the stored message is called while it waits, where its type would say too much
 * @property {string} path below `/phone/v1`
 * @property {(record: PhoneRecord) => Record<string, unknown> | Promise<Record<string, unknown>>} members of the
 *   payload beside the common ones; no other message comes in between while they are awaited
 * @property {boolean} [seal] whether it travels inside a JWE
 * @property {(record: PhoneRecord) => Promise<Uint8Array<ArrayBuffer>>} [proofKey] the code key that proves it
 * @property {string} [code] as typed: it is proven for both slots
 * @property {(jws: string) => Promise<string>} [activation] the same message sealed to signature activation, which
 *   travels beside the proofs of the code
 * @property {(jws: string) => Promise<Record<string, string>>} [assertion] a fingerprint's, in place of the code
 * @property {Record<string, string>} [kept] what is needed to act on the answer
 * @property {(record: PhoneRecord) => Partial<PhoneRecord>} [beforehand] changes stored together with the message
 */

/**
 * What the world outside gives.
 * @typedef {object} World
 * @property {typeof fetch} fetch
 * @property {<T>(work: () => Promise<T>) => Promise<T>} alone runs one at a time over all tabs
 * @property {() => void} [outdated] told when the scheme finds this app too old
 * @property {() => number} now unix milliseconds
 * @property {(milliseconds: number) => Promise<void>} sleep
 */

/** How long to go on before the person is told; the message stays stored after that. Milliseconds. */
const PATIENCE = 25_000;
const ONE_TRY = 15_000;
const PAUSES = [400, 800, 1600, 3200, 6400];
const OLD = new Set(["app_too_old", "app_version_off"]);

export class Messages {
  #store;
  #world;
  #channelKey;

  /**
   * @param {{ store: Store, world: World, channelKey: () => Promise<ChannelKey> }} parts
   */
  constructor({ store, world, channelKey }) {
    this.#store = store;
    this.#world = world;
    this.#channelKey = channelKey;
  }

  /**
   * Sends one message and returns its answer.
   * @param {Draft} draft
   * @returns {Promise<Answer>}
   * @throws {Problem} what the scheme refused
   * @throws {NoAnswer} after some patience; the message stays stored and goes first next time
   * @throws {NoPhone}
   */
  async exchange(draft) {
    return this.#world.alone(async () => {
      await this.#deliverWaiting();
      const fresh = newSlot();
      /** @param {PhoneRecord} now */
      const prepare = (now) => {
        const whole = draft.code === undefined ? now : withSpare(now, fresh);
        return { ...whole, ...draft.beforehand?.(whole) };
      };
      const pending = await this.#compose(prepare(await this.#record()), draft);
      await this.#store.change((now) => now && { ...prepare(now), pending });
      return this.#deliver(pending, true);
    });
  }

  /**
   * Delivers the message that was left without answer, if there is one.
   * @returns {Promise<{ pending: Pending, answer: Answer | null, problem: Problem | null } | null>}
   * @throws {NoAnswer} when there is still none
   */
  async finish() {
    return this.#world.alone(() => this.#deliverWaiting());
  }

  async #deliverWaiting() {
    const pending = (await this.#store.read())?.pending;
    if (!pending) return null;
    try {
      return { pending, answer: await this.#deliver(pending, false), problem: null };
    } catch (error) {
      if (error instanceof Problem && (await this.#store.read())?.pending === null) {
        return { pending, answer: null, problem: error };
      }
      throw error;
    }
  }

  /**
   * @param {PhoneRecord} prepared
   * @param {Draft} draft
   * @returns {Promise<Pending>}
   */
  async #compose(prepared, draft) {
    const payload = {
      v: 1,
      type: draft.type,
      phone: prepared.phone,
      iat: Math.floor(this.#world.now() / 1000),
      chain: prepared.chain,
      ...(await draft.members(prepared)),
    };
    const kid = prepared.phone || (await thumbprint(prepared.publicKey));
    const jws = await signed({ privateKey: prepared.privateKey, kid, payload });
    const body = draft.seal ? await this.#sealed(jws, prepared, draft) : jws;
    return { type: draft.noted ?? draft.type, path: draft.path, body, kept: draft.kept ?? {} };
  }

  /**
   * @param {string} jws
   * @param {PhoneRecord} prepared
   * @param {Draft} draft its `proofKey` is wiped once used
   */
  async #sealed(jws, prepared, draft) {
    const channelKey = await this.#channelKey();
    if (draft.code !== undefined) {
      const proofs = await slotProofs(prepared, draft.code, jws);
      const activation = await draft.activation?.(jws);
      return sealed(channelKey, padded({ jws, ...(activation === undefined ? {} : { activation }), proofs, pad: "" }));
    }
    if (draft.assertion !== undefined) {
      return sealed(channelKey, padded({ jws, assertion: await draft.assertion(jws), pad: "" }));
    }
    const key = await draft.proofKey?.(prepared);
    const content = key === undefined ? { jws } : { jws, proof: await codeProof(key, jws) };
    key?.fill(0);
    return sealed(channelKey, content);
  }

  /**
   * @param {Pending} pending
   * @param {boolean} neverSent whether no earlier try can have reached the scheme
   * @returns {Promise<Answer>}
   */
  async #deliver(pending, neverSent) {
    const until = this.#world.now() + PATIENCE;
    for (let attempt = 0; ; attempt += 1) {
      const reply = await this.#try(pending);
      if (reply !== null && "answer" in reply) {
        await this.#store.change((record) => record && settled(record, pending, reply.answer));
        return reply.answer;
      }
      if (reply !== null && (reply.final || (neverSent && attempt === 0))) {
        await this.#store.change((record) => record && refused(record, pending, reply.problem));
        if (OLD.has(reply.problem.code)) this.#world.outdated?.();
        throw new Problem(reply.problem);
      }
      const pause = reply?.retryAfter ?? PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 0;
      if (this.#world.now() + pause > until) throw new NoAnswer(pending.type);
      await this.#world.sleep(pause);
    }
  }

  /**
   * One try. `null` means doubt: nobody can tell whether the scheme has the message.
   * A problem that is not `final` (too many requests) says only that this try did not count, not that none did.
   * @param {Pending} pending
   * @returns {Promise<{ answer: Answer } | { problem: Answer & { code: string }, final: boolean, retryAfter: number } | null>}
   */
  async #try(pending) {
    const record = await this.#record();
    try {
      const response = await this.#world.fetch(`${record.base}/phone/v1${pending.path}`, {
        method: "POST",
        body: pending.body,
        headers: { "Content-Type": "application/jose" },
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(ONE_TRY),
      });
      if (response.status >= 500) return null;
      const content = await response.json();
      if (response.ok) return typeof content.chain === "string" ? { answer: content } : null;
      if (typeof content.code !== "string") return null;
      const retryAfter = Number(response.headers.get("Retry-After") ?? 5) * 1000;
      return { problem: { ...content, status: response.status }, final: response.status !== 429, retryAfter };
    } catch {
      return null;
    }
  }

  async #record() {
    const record = await this.#store.read();
    if (record === null) throw new NoPhone();
    return record;
  }
}
