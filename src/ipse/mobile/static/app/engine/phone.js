// The phone: what a person can do with it, one method each. Every method is one or two messages of the device
// protocol; the names are the protocol's.

import { b64u } from "./encoding.js";
import { asConnecting, asRequest } from "./answers.js";
import { codeKey, commitment, newDeviceKey, randomBytes, thumbprint } from "./crypto.js";
import { pressed } from "./fingerprints.js";
import { Messages } from "./messages.js";
import { NoAnswer, NoPhone, Problem } from "./problems.js";
import { activating, NOTHING_SIGNED } from "./signing.js";
import { newSlot, withSpare } from "./slots.js";

/** @typedef {import("./store.js").PhoneRecord} PhoneRecord */
/** @typedef {import("./store.js").Account} Account */
/** @typedef {import("./store.js").Received} Received */
/** @typedef {import("./fingerprints.js").NotRecognised} NotRecognised */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./messages.js").World} World */
/** @typedef {import("./messages.js").Draft} Draft */
/** @typedef {import("./crypto.js").ChannelKey} ChannelKey */

/** @typedef {import("./answers.js").Incident} Incident */
/** @typedef {import("./answers.js").Document} Document */
/** @typedef {import("./answers.js").Registrar} Registrar */
/** @typedef {import("./answers.js").Configuration} Configuration */
/** @typedef {import("./answers.js").ShownAttribute} ShownAttribute */
/** @typedef {import("./answers.js").Shown} Shown */
/** @typedef {import("./answers.js").Request} Request */
/** @typedef {import("./answers.js").Connecting} Connecting */
/** @typedef {import("./answers.js").OpenRequest} OpenRequest */
/** @typedef {import("./answers.js").Home} Home */
/** @typedef {import("./answers.js").HistoryEntry} HistoryEntry */
/** @typedef {import("./answers.js").ClaimStart} ClaimStart */

const APP = { name: "Ipse web app", version: "1.1.0" };
/** How long an answer may take, and a whole file. Milliseconds. */
const PATIENCE = 15_000;
const FILE_PATIENCE = 60_000;

export class Phone {
  #base;
  #store;
  #world;
  #messages;
  /** @type {Promise<Configuration> | null} */
  #configuration = null;

  /**
   * @param {{ base: string, store: Store, world: World, device: import("./device.js").Device }} parts
   */
  constructor({ base, store, world, device }) {
    this.#base = base;
    this.#store = store;
    this.#world = world;
    /** What this phone says of itself. */
    this.device = device;
    this.#messages = new Messages({ store, world, channelKey: () => this.#channelKey() });
  }

  /** @returns {Promise<PhoneRecord | null>} */
  record() {
    return this.#store.read();
  }

  /** Where the scheme is reached. */
  get base() {
    return this.#base;
  }

  /** The version of this app, as reported when it is activated. */
  get version() {
    return APP.version;
  }

  /**
   * @param {{ fresh?: boolean }} [how]
   * @returns {Promise<Configuration>}
   */
  configuration({ fresh = false } = {}) {
    if (this.#configuration === null || fresh) {
      this.#configuration = this.#plain("configuration", "/configuration", {}).then((content) => {
        return /** @type {Configuration} */ (/** @type {unknown} */ (content));
      });
      this.#configuration.catch(() => (this.#configuration = null));
    }
    return this.#configuration;
  }

  /**
   * Begins an activation with a new device key; whatever lived here before is gone with its key.
   * @param {{ language: string, phoneNumber: string, email: string, registrar: Registrar, documents: Document[] }} wish
   * @returns {Promise<string>} the address to open, which leads to the registrar
   */
  async enrol({ language, phoneNumber, email, registrar, documents }) {
    const { privateKey, publicKey } = await newDeviceKey();
    await this.#world.alone(() =>
      this.#store.change(() => freshRecord(this.#base, privateKey, publicKey, phoneNumber)),
    );
    const answer = await this.#messages.exchange({
      type: "enrol",
      path: "/enrolments",
      kept: { registrar: registrar.id, registrarName: registrar.name },
      members: () => ({
        device_key: publicKey,
        language,
        phone_number: phoneNumber,
        ...(email === "" ? {} : { email }),
        registrar: registrar.id,
        accepted: documents.map(({ kind, version, language: written, sha256: hash }) => ({
          kind,
          version,
          language: written,
          sha256: hash,
        })),
        app: APP,
        device: this.#device(),
      }),
    });
    return String(answer["start_url"]);
  }

  /**
   * Presents the one-time value that the registrar's return brought. The record then holds what was received.
   * @param {string} value
   */
  async presentReturn(value) {
    await this.#messages.exchange({
      type: "enrolment-return",
      path: "/enrolments/return",
      members: (record) => ({ enrolment: record.enrolment?.id ?? "", value }),
    });
  }

  /**
   * Makes this a new phone that shows a code to the old one; whatever lived here before is gone with its key.
   */
  async pair() {
    const { privateKey, publicKey } = await newDeviceKey();
    await this.#world.alone(() => this.#store.change(() => freshRecord(this.#base, privateKey, publicKey, "")));
    const members = () => ({ device_key: publicKey, app: APP, device: this.#device() });
    await this.#messages.exchange({ type: "pair", path: "/pairings", members });
  }

  /**
   * Sets the code and finishes the activation.
   * @param {string} code
   */
  activate(code) {
    const members = (/** @type {PhoneRecord} */ now) => ({ enrolment: now.enrolment?.id ?? "" });
    return this.#bind(code, { type: "activate", path: "/activation", members });
  }

  /**
   * Sets the code of a new phone and takes the identity of the old one, which has confirmed it.
   * @param {string} code
   */
  takeOver(code) {
    const members = (/** @type {PhoneRecord} */ now) => ({ pairing: now.enrolment?.id ?? "" });
    return this.#bind(code, { type: "take-over", path: "/take-over", members });
  }

  /**
   * Hands a first code key over.
   * @param {string} code
   * @param {{ type: string, path: string, members: (record: PhoneRecord) => Record<string, unknown> }} message
   * @returns {Promise<{ account: Account, moved: boolean }>}
   */
  async #bind(code, { type, path, members }) {
    const id = b64u(randomBytes(16));
    const salt = b64u(randomBytes(32));
    const spare = newSlot();
    const record = await this.#living();
    const key = await codeKey({ code, salt, phone: record.phone });
    const device = await thumbprint(record.publicKey);
    const answer = await this.#messages.exchange({
      type,
      path,
      seal: true,
      kept: { codeKey: id },
      beforehand: (now) => ({ spare: spare.id, salts: { ...now.salts, [id]: salt, [spare.id]: spare.salt } }),
      members: (now) => ({
        spare_code_key_id: spare.id,
        ...members(now),
        code_key_id: id,
        code_key: b64u(key),
        device_thumbprint: device,
      }),
      proofKey: async () => key,
    });
    return /** @type {{ account: Account, moved: boolean }} */ (/** @type {unknown} */ (answer));
  }

  /** @returns {Promise<Home>} */
  async home() {
    const answer = await this.#messages.exchange({ type: "home", path: "/home", members: () => ({}) });
    return /** @type {Home} */ (/** @type {unknown} */ (answer));
  }

  /**
   * Exchanges a frame or link that reached the app from outside for a claim ticket.
   * @param {{ frame: string } | { link: string }} start
   * @returns {Promise<{ ticket: string, digits: boolean }>}
   */
  async ticket(start) {
    const answer = await this.#plain("ticket", "/tickets", {
      method: "POST",
      body: JSON.stringify(start),
      headers: { "Content-Type": "application/json" },
    });
    return { ticket: String(answer["ticket"]), digits: answer["digits"] === true };
  }

  /**
   * @param {ClaimStart} start
   * @returns {Promise<Request | Connecting>}
   */
  async claim(start) {
    const members = () => ({ start, device: this.#device() });
    const answer = await this.#messages.exchange({ type: "claim", path: "/claims", members });
    return answer["waiting"] === true ? asConnecting(answer) : this.#asRequest(answer);
  }

  /**
   * @param {string} action
   * @returns {Promise<Request>}
   */
  async show(action) {
    const draft = { type: "show", path: "/show", kept: { action }, members: () => ({ action }) };
    return this.#asRequest(await this.#messages.exchange(draft));
  }

  /** @param {Record<string, unknown>} answer */
  async #asRequest(answer) {
    return asRequest(answer, {
      signers: (await this.#living()).signers ?? [],
      published: async (fresh) => (await this.configuration({ fresh })).signature_activation_key,
    });
  }

  /**
   * Approves exactly what was shown: with the code, or by fingerprint where there is none.
   * @param {{ request: Request, shared: string[], code?: string, remember?: boolean }} approval
   * @returns {Promise<{ returnUrl: string | null }>}
   * @throws {Problem} `not_understood` when some of it could not be shown
   * @throws {NotRecognised} nothing was sent
   */
  async approve({ request, shared, code, remember = false }) {
    const known = (await this.#living()).fingers ?? [];
    const proof = code === undefined ? { assertion: (/** @type {string} */ jws) => pressed(jws, known) } : { code };
    const { sealing, strange } = request;
    if (strange !== null) throw new Problem({ code: "not_understood", detail: strange });
    if (sealing !== null && code === undefined) throw new Problem({ code: "code_needed" });
    const answer = await this.#decide(request, async (challenge) => {
      const signing = sealing === null || code === undefined ? NOTHING_SIGNED : await activating(sealing, code);
      return {
        type: "approval",
        path: "/approvals",
        seal: true,
        kept: { action: request.action, decision: "approved", partner: request.shown.partner.name, ...signing.kept },
        members: ({ codeKey: id }) => ({
          action: request.action,
          challenge,
          decision: "approved",
          shown: request.digest,
          ...(code === undefined ? { method: "fingerprint" } : { method: "code", code_key_id: id }),
          shared,
          ...(remember ? { remember } : {}),
          ...signing.members,
          device: this.#device(),
        }),
        ...proof,
        ...signing.sealed,
      };
    });
    return { returnUrl: this.#returnUrl(answer) };
  }

  /**
   * @param {{ request: Request, reason: "declined" | "not_started" }} refusal
   */
  async reject({ request, reason }) {
    await this.#decide(request, (challenge) => ({
      type: "approval",
      path: "/approvals",
      seal: true,
      kept: { action: request.action, decision: "rejected", partner: request.shown.partner.name },
      members: () => ({
        action: request.action,
        challenge,
        decision: "rejected",
        shown: request.digest,
        reason,
        device: this.#device(),
      }),
    }));
  }

  /**
   * Refuses a request that was addressed to this person unopened, or the wait for one.
   * @param {{ action: string, partner: string, reason: "declined" | "not_started" }} refusal
   */
  async refuseAddressed({ action, partner, reason }) {
    await this.#messages.exchange({
      type: "approval",
      path: "/approvals",
      seal: true,
      kept: { action, decision: "rejected", partner },
      members: () => ({ action, decision: "rejected", reason, device: this.#device() }),
    });
  }

  /**
   * Protected values in full, of a request on the screen.
   * @param {{ request: Request, code: string }} wish
   * @returns {Promise<Record<string, unknown>>}
   * @throws {Problem} `wrong_commitment` when a value is not the one the request was committed to
   */
  async revealRequest({ request, code }) {
    const answer = await this.#decide(request, (challenge) => this.#reveal(request.action, challenge, code));
    const values = /** @type {Record<string, unknown>} */ (answer["values"]);
    for (const { name, commitment: promised } of request.shown.attributes) {
      if (promised === undefined || !(name in values)) continue;
      const found = await commitment({ salt: request.shown.salt, name, value: values[name] });
      if (found !== promised) throw new Problem({ code: "wrong_commitment", detail: name });
    }
    return values;
  }

  /**
   * Protected values in full, of an entry of the history.
   * @param {{ action: string, code: string }} wish
   * @returns {Promise<Record<string, unknown>>}
   */
  async revealEntry({ action, code }) {
    const draft = this.#reveal(action, await this.#freshChallenge(), code);
    return /** @type {Record<string, unknown>} */ ((await this.#messages.exchange(draft))["values"]);
  }

  /**
   * @param {number | null} before unix microseconds
   * @returns {Promise<{ entries: HistoryEntry[], next: number | null }>}
   */
  async history(before) {
    const members = () => (before === null ? {} : { before });
    const answer = await this.#messages.exchange({ type: "history", path: "/history", members });
    return /** @type {{ entries: HistoryEntry[], next: number | null }} */ (/** @type {unknown} */ (answer));
  }

  /**
   * @param {{ current: string, next: string }} codes
   */
  async changeCode({ current, next }) {
    const challenge = await this.#freshChallenge();
    const id = b64u(randomBytes(16));
    const salt = b64u(randomBytes(32));
    const { phone } = await this.#living();
    const key = await codeKey({ code: next, salt, phone });
    await this.#messages.exchange({
      type: "change-code",
      path: "/code",
      seal: true,
      kept: { codeKey: id },
      beforehand: (record) => ({ salts: { ...record.salts, [id]: salt } }),
      members: (record) => ({ challenge, code_key_id: record.codeKey, new_code_key_id: id, new_code_key: b64u(key) }),
      code: current,
    });
    key.fill(0);
  }

  /** The slot that a duress code may fill; made now on a phone from before there were two. */
  async secondSlot() {
    const fresh = newSlot();
    await this.#world.alone(() => this.#store.change((record) => record && withSpare(record, fresh)));
    const { spare, salts, phone } = await this.#living();
    return { id: spare ?? "", salt: salts[spare ?? ""] ?? "", owner: phone };
  }

  /** The person wants no more invitation to prepare a day without this phone. */
  async dismissOtherWays() {
    await this.#world.alone(() => this.#store.change((record) => record && { ...record, otherWays: true }));
  }

  /** @param {Draft} draft a message of a topic with a module of its own */
  say(draft) {
    return this.#messages.exchange(draft);
  }

  /**
   * What lies behind a token of this phone: a file, or the picture of a page.
   * @param {string} path
   * @param {string} token
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async octets(path, token) {
    const response = await this.#fetch(path, { headers: { Authorization: `Bearer ${token}` } }, FILE_PATIENCE);
    try {
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
    } catch {
      throw new NoAnswer(path); // it broke off on the way
    }
    return this.#refused(response, path);
  }

  /** @param {string} language */
  async setLanguage(language) {
    await this.#messages.exchange({ type: "settings", path: "/settings", members: () => ({ language }) });
  }

  /** @param {"lost" | "not_me" | "other"} reason */
  async block(reason) {
    await this.#messages.exchange({ type: "block", path: "/block", members: () => ({ reason }) });
  }

  /** Unlinks this phone; the identity is blocked until it is activated again. */
  async remove() {
    await this.#messages.exchange({ type: "remove", path: "/removal", members: () => ({}) });
  }

  /** Forgets everything that is stored here. Only after the scheme stopped this phone, or before it knew it. */
  async forget() {
    await this.#world.alone(() => this.#store.change(() => null));
  }

  /**
   * Delivers the message that was left without answer, if there is one.
   * @returns {Promise<{ type: string, decision: string | null, partner: string, returnUrl: string | null, problem: Problem | null } | null>}
   */
  async finish() {
    const done = await this.#messages.finish();
    if (done === null) return null;
    const { pending, answer, problem } = done;
    const returnUrl = answer === null ? null : this.#returnUrl(answer);
    const { decision = null, partner = "" } = pending.kept;
    return { type: pending.type, decision, partner, returnUrl, problem };
  }

  /**
   * A signature and its check with the key of this phone: whether the key is there and works.
   * @returns {Promise<boolean>}
   */
  async keyWorks() {
    const record = await this.#store.read();
    if (record === null) return false;
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const probe = randomBytes(32);
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, record.privateKey, probe);
    const publicKey = await crypto.subtle.importKey("jwk", record.publicKey, algorithm, false, ["verify"]);
    return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, publicKey, signature, probe);
  }

  /**
   * Sends a message about a request under the newest challenge of it. A challenge that is older than what the scheme
   * showed last (another tab asked meanwhile) is renewed once by showing the request again.
   * @param {Request} request
   * @param {(challenge: string) => Draft | Promise<Draft>} draft
   */
  async #decide(request, draft) {
    const { challenge } = await this.#living();
    const fresh = challenge?.action === request.action ? challenge.value : await this.#showAgain(request);
    try {
      return await this.#messages.exchange(await draft(fresh));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "wrong_challenge") throw error;
      return this.#messages.exchange(await draft(await this.#showAgain(request)));
    }
  }

  /**
   * @param {Request} request
   * @returns {Promise<string>} a new challenge for it
   */
  async #showAgain(request) {
    const again = await this.show(request.action);
    if (again.digest !== request.digest) throw new Problem({ code: "wrong_shown" });
    return (await this.#living()).challenge?.value ?? "";
  }

  async #freshChallenge() {
    await this.home();
    return (await this.#living()).challenge?.value ?? "";
  }

  /**
   * @param {string} action
   * @param {string} challenge
   * @param {string} code
   * @returns {Draft}
   */
  #reveal(action, challenge, code) {
    return {
      type: "reveal",
      path: "/reveals",
      seal: true,
      kept: { action },
      members: ({ codeKey: id }) => ({ action, challenge, code_key_id: id }),
      code,
    };
  }

  /**
   * Only the scheme itself is opened after an approval.
   * @param {Record<string, unknown>} answer
   */
  #returnUrl(answer) {
    const url = answer["return_url"];
    if (typeof url !== "string" || !URL.canParse(url)) return null;
    return new URL(url).origin === new URL(this.#base).origin ? url : null;
  }

  #device() {
    return this.device.report(APP);
  }

  async #channelKey() {
    const key = (await this.configuration()).phone_channel_keys.keys[0];
    if (key === undefined) throw new Problem({ code: "unexpected" });
    return key;
  }

  async #living() {
    const record = await this.#store.read();
    if (record === null) throw new NoPhone();
    return record;
  }

  /**
   * An unsigned call.
   * @param {string} what
   * @param {string} path
   * @param {RequestInit} options
   * @returns {Promise<Record<string, unknown>>}
   */
  async #plain(what, path, options) {
    const response = await this.#fetch(path, options, PATIENCE);
    if (!response.ok) return this.#refused(response, what);
    const content = await response.json().catch(() => null);
    if (content === null) throw new NoAnswer(what);
    return content;
  }

  /**
   * @param {string} path
   * @param {RequestInit} options
   * @param {number} patience milliseconds
   */
  async #fetch(path, options, patience) {
    try {
      return await this.#world.fetch(`${this.#base}/phone/v1${path}`, {
        ...options,
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(patience),
      });
    } catch {
      throw new NoAnswer(path);
    }
  }

  /**
   * @param {Response} response
   * @param {string} what
   * @returns {Promise<never>}
   */
  async #refused(response, what) {
    const content = await response.json().catch(() => null);
    if (content === null || response.status >= 500) throw new NoAnswer(what);
    throw new Problem({ ...content, status: response.status });
  }
}

/**
 * @param {string} base
 * @param {CryptoKey} privateKey
 * @param {import("./crypto.js").PublicKey} publicKey
 * @param {string} phoneNumber
 * @returns {PhoneRecord}
 */
function freshRecord(base, privateKey, publicKey, phoneNumber) {
  return {
    base,
    privateKey,
    publicKey,
    phone: "",
    chain: "",
    stage: "new",
    stopped: null,
    account: null,
    name: "",
    phoneNumber,
    codeKey: null,
    spare: null,
    salts: {},
    challenge: null,
    pending: null,
    enrolment: null,
    codeContext: { phone_number: phoneNumber },
  };
}
