// What the scheme answers, as types, and the reading of a request to approve.

import { sha256 } from "./crypto.js";
import { b64u, b64uDecode, text } from "./encoding.js";

/** @typedef {import("./crypto.js").ChannelKey} ChannelKey */
/** @typedef {import("./store.js").Account} Account */

/** @typedef {{ sentence: Record<string, string>, url?: string }} Incident */
/** @typedef {{ kind: string, version: string, language: string, url: string, sha256: string }} Document */
/** @typedef {{ id: string, name: string, country: string }} Registrar */

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
 * @property {"authentication" | "identification"} type
 * @property {string} level
 * @property {{ id: string, name: string }} partner
 * @property {{ code: string, name: string, purpose?: string }} service
 * @property {"basic" | "advanced"} assurance
 * @property {{ at: number, how: "qr" | "link" }} started
 * @property {ShownAttribute[]} attributes
 */

/**
 * A request in this phone's hands. `digest` is of the bytes as received: what an approval signs.
 * @typedef {{ action: string, shown: Shown, digest: string, expiresAt: number, start: "qr" | "link" }} Request
 */

/** @typedef {{ action: string, partner: string, service: string, expires_at: number }} OpenRequest */

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
 */

/** @typedef {{ frame: string } | { link: string } | { ticket: string, digits?: string }} ClaimStart */

/**
 * @param {Record<string, unknown>} answer of `claim` or `show`
 * @returns {Promise<Request>}
 */
export async function asRequest(answer) {
  const bytes = b64uDecode(String(answer["shown"]));
  return {
    action: String(answer["action"]),
    shown: /** @type {Shown} */ (JSON.parse(text(bytes))),
    digest: b64u(await sha256(bytes)),
    expiresAt: Number(answer["expires_at"]),
    start: answer["start"] === "link" ? "link" : "qr",
  };
}
