// What the scheme answers, as types, and the reading of a request to approve.

import { readContents } from "./contents.js";
import { sha256 } from "./crypto.js";
import { b64u, b64uDecode, text } from "./encoding.js";
import { sealingOf } from "./signing.js";

/** @typedef {import("./crypto.js").ChannelKey} ChannelKey */
/** @typedef {import("./store.js").Account} Account */

/** @typedef {{ sentence: Record<string, string>, url?: string }} Incident */
/** @typedef {{ kind: string, version: string, language: string, url: string, sha256: string }} Document */
/** @typedef {{ id: string, name: string, country: string, kind?: "bank" | "eid_card" }} Registrar */

/**
 * @typedef {object} Configuration
 * @property {string} name
 * @property {string} issuer
 * @property {string} environment
 * @property {string} app_origin
 * @property {string[]} languages
 * @property {{ keys: ChannelKey[] }} phone_channel_keys
 * @property {Registrar[]} registrars
 * @property {Document[]} documents
 * @property {string} minimum_app_version
 * @property {number} tries
 * @property {Incident | null} incident
 * @property {number} [time] unix seconds, when it was answered
 * @property {string} [help] where the public help centre is
 * @property {unknown} [signature_activation_key] what approvals of signatures are sealed to; absent where nothing is
 *   signed, null while it cannot be reached
 * @property {string | null} [push_key] what a push service is subscribed to with; absent where nothing is pushed
 */

/**
 * One attribute of a request, as the scheme shows it.
 * @typedef {object} ShownAttribute
 * @property {string} name
 * @property {boolean} required
 * @property {unknown} [value]
 * @property {boolean} [protected]
 * @property {string} [masked]
 * @property {string} [commitment]
 */

/**
 * What a request is about: the parsed shown bytes.
 * @typedef {object} Shown
 * @property {number} v
 * @property {string} salt
 * @property {string} action
 * @property {"authentication" | "identification" | "data_sharing" | "confirmation" | "signing"} type
 * @property {string} level
 * @property {{ id: string, name: string }} partner
 * @property {string} [broker] the name of who asks on the partner's behalf
 * @property {{ code: string, name: string, purpose?: string }} service
 * @property {"basic" | "advanced"} assurance
 * @property {{ at: number, how: How }} started
 * @property {ShownAttribute[]} attributes
 * @property {{ browser: Place, phone: Place }} [places] where it was started, and where this phone is
 * @property {string[]} [warnings] what is strange about it: `far`, `reported`, `call`
 * @property {boolean} [code_needed] whether only the code approves it
 */

/** @typedef {{ name: string, country: string }} Place */
/** @typedef {"qr" | "link" | "push"} How */

/**
 * A request in this phone's hands. `digest` is of the bytes as received: what an approval signs. `contents` is what
 * is confirmed, read from the same bytes; `strange` names what of it this phone cannot show, and such a request can
 * only be refused.
 * @typedef {object} Request
 * @property {string} action
 * @property {Shown} shown
 * @property {string} digest
 * @property {number} expiresAt unix seconds
 * @property {How} start
 * @property {Content[]} contents
 * @property {string | null} strange
 * @property {Sealing | null} sealing
 */

/** @typedef {import("./contents.js").Content} Content */
/** @typedef {import("./signing.js").Sealing} Sealing */
/** @typedef {import("./signing.js").Signer} Signer */

/**
 * The answer to a claim that only said who scans: what the partner asks arrives by itself, as a request addressed to
 * this phone.
 * @typedef {{ waiting: true, action: string, partner: string, service: string, expiresAt: number }} Connecting
 */

/**
 * An open request of the home screen. One that is not `claimed` was addressed to this person; `digits` says that the
 * two digits of whoever started it must be typed.
 * @typedef {object} OpenRequest
 * @property {string} action
 * @property {string} partner
 * @property {string} [broker]
 * @property {string} service
 * @property {number} expires_at unix seconds
 * @property {boolean} [claimed] true when not said
 * @property {boolean} [digits]
 */

/**
 * @typedef {object} Home
 * @property {Account} account
 * @property {string} name
 * @property {OpenRequest[]} open
 * @property {string} watch
 * @property {number} watch_expires_in seconds
 * @property {Incident | null} incident
 * @property {string} language
 * @property {string} level
 * @property {import("./moving.js").Elsewhere[]} [elsewhere] activations of this identity on other phones
 * @property {{ state: string, checked_at: number | null, number_proven?: boolean }} [sim] whether the mobile operator answers for the SIM; `number_proven` false: nobody has shown that the number is the person's
 * @property {{ expires_at: number | null, renew: boolean }} [evidence] when the proof of the identity ends
 * @property {number} [waits_until] unix seconds: the identity moves to this phone then
 */

/**
 * @typedef {object} HistoryEntry
 * @property {string} action
 * @property {string} partner
 * @property {string} service
 * @property {string} type
 * @property {number} at unix seconds
 * @property {string} outcome
 * @property {string | null} method
 * @property {string | null} start
 * @property {{ name: string, value?: unknown, masked?: string }[]} shared
 * @property {string[]} declined
 * @property {string} [broker]
 * @property {unknown[]} [confirmed] what was confirmed, as it was shown
 */

/** @typedef {{ frame: string } | { link: string } | { ticket: string, digits?: string } | { action: string, digits?: string }} ClaimStart */

/**
 * @param {Record<string, unknown>} answer of `claim` or `show`
 * @param {{ signers: Signer[], published: (fresh: boolean) => Promise<unknown> }} known the certificates of this phone,
 *   and the key of signature activation that the scheme publishes
 * @returns {Promise<Request>}
 */
export async function asRequest(answer, known) {
  const bytes = b64uDecode(String(answer["shown"]));
  const shown = /** @type {Shown} */ (JSON.parse(text(bytes)));
  const { start } = answer;
  const read = readContents(/** @type {Record<string, unknown>} */ (/** @type {unknown} */ (shown)));
  const given = answer["signature_activation"];
  const sealing = read.strange === null ? await sealingOf(read.contents, { ...known, given }) : null;
  return {
    action: String(answer["action"]),
    shown,
    digest: b64u(await sha256(bytes)),
    expiresAt: Number(answer["expires_at"]),
    start: start === "link" || start === "push" ? start : "qr",
    ...read,
    ...(typeof sealing === "string" ? { strange: sealing, sealing: null } : { sealing }),
  };
}

/**
 * @param {Record<string, unknown>} answer of `claim`
 * @returns {Connecting}
 */
export function asConnecting({ action, partner, service, expires_at: expiresAt }) {
  return {
    waiting: true,
    action: String(action),
    partner: String(partner),
    service: String(service),
    expiresAt: Number(expiresAt),
  };
}
