// What is signed, and the certificate that is made for it, drawn from their data: how many documents, what signing
// them means, each with its name and digest; who gets a certificate, from whom and what it is worth.

import { b64uDecode } from "../engine/encoding.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { LOCALES } from "./language.js";

/** @typedef {import("./shell.js").Shell} Shell */
/** @typedef {import("./language.js").MessageId} MessageId */
/** @typedef {import("../engine/contents.js").Credential} Credential */
/** @typedef {import("../engine/contents.js").Signature} Signature */
/** @typedef {import("../engine/contents.js").SignatureDocument} SignatureDocument */
/** @typedef {import("./dom.js").Child} Child */

/** What a person has done on a list of documents so far: it is as they left it when they come back. `differs` when a
 * file was not the one that was shown; then there is no approving. */
/** @typedef {{ opened: boolean, wish: string, read: Set<number>, at: number, differs: boolean }} Reading */
/** @typedef {{ reading: Reading, open: (number: number) => void, signer?: { issuer: string, quality: string } | null }} Reader */

/** As many rows as are calm to look at; more wait behind one button. */
const ROWS = 8;
const ROWS_OF_MANY = 5;

/** Object identifiers of ETSI TS 119 172-1, annex B. */
/** @type {Record<string, MessageId>} */
const COMMITMENTS = {
  "1.2.840.113549.1.9.16.6.1": "sign.means_origin",
  "1.2.840.113549.1.9.16.6.2": "sign.means_receipt",
  "1.2.840.113549.1.9.16.6.3": "sign.means_delivery",
  "1.2.840.113549.1.9.16.6.4": "sign.means_sender",
  "1.2.840.113549.1.9.16.6.5": "sign.means_approval",
  "1.2.840.113549.1.9.16.6.6": "sign.means_creation",
};

/** @type {Record<Credential["quality"], { words: MessageId, more: MessageId, tone: string, icon: import("./icons.js").IconName }>} */
const QUALITIES = {
  test: { words: "sign.test", more: "sign.test_more", tone: "warning", icon: "alert" },
  advanced: { words: "sign.advanced", more: "sign.advanced_more", tone: "plain", icon: "shield" },
  qualified: { words: "sign.qualified", more: "sign.qualified_more", tone: "ok", icon: "shield" },
};

/** @returns {Reading} */
export function newReading() {
  return { opened: false, wish: "", read: new Set(), at: 0, differs: false };
}

/**
 * @param {Shell} app
 * @param {number} count
 */
export function countWords(app, count) {
  return count === 1 ? app.t("sign.count_one") : app.t("sign.count", { count });
}

/**
 * A digest as other programs print it, in groups that an eye can follow.
 * @param {string} digest base64url
 * @param {"short" | "whole"} how `short` is its beginning and its end
 */
export function digestWords(digest, how) {
  const hex = Array.from(b64uDecode(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const groups = hex.match(/.{4}/g) ?? [];
  return how === "whole" ? groups.join(" ") : `${groups.slice(0, 2).join(" ")} … ${groups.slice(-2).join(" ")}`;
}

/**
 * @param {Shell} app
 * @param {Signature} signature
 * @param {Reader} [reader] absent where documents cannot be opened any more
 */
export function signatureCard(app, signature, reader) {
  const { documents, description, role, commitment } = signature;
  const [only] = documents;
  const many = documents.length > 1 || only === undefined;
  return h(
    "div",
    { class: "confirm confirm-signature", "data-confirm": "signature" },
    h(
      "div",
      { class: "confirm-head" },
      h("div", { class: "figure" }, icon("pen")),
      h(
        "p",
        { class: many ? "sign-count" : "confirm-title", "data-part": "count", dir: "auto" },
        many ? countWords(app, documents.length) : only.label,
      ),
    ),
    description === "" ? null : h("p", { class: "written", "data-part": "description", dir: "auto" }, description),
    documentList(app, signature, reader),
    facts([
      commitment === "" ? null : [app.t("sign.means"), meaning(app, commitment)],
      role === "" ? null : [app.t("sign.role"), h("span", { "data-part": "role", dir: "auto" }, role)],
      reader?.signer ? [app.t("sign.with"), signerWords(app, reader.signer)] : null,
    ]),
    signature.credential === "" ? null : technical(app, [
      [app.t("sign.algorithm"), algorithmWords(signature)],
      signature.policy === "" ? null : [app.t("sign.policy"), h("span", { class: "digest", "data-part": "policy" }, signature.policy)],
      [app.t("sign.certificate"), h("span", { class: "digest", "data-part": "credential" }, signature.credential)],
      [app.t("sign.until"), momentOf(app, signature.expires_at)],
    ]),
  );
}

/**
 * @param {Shell} app
 * @param {string} commitment
 */
function meaning(app, commitment) {
  const known = COMMITMENTS[commitment];
  if (known !== undefined) return h("span", { "data-part": "commitment" }, app.t(known));
  return h("span", { class: "digest", "data-part": "commitment" }, commitment);
}

/**
 * @param {Shell} app
 * @param {{ issuer: string, quality: string }} signer
 */
function signerWords(app, { issuer, quality }) {
  const { words } = QUALITIES[/** @type {Credential["quality"]} */ (quality)] ?? QUALITIES.test;
  return h("span", { "data-part": "signer" }, app.t("sign.with_certificate", { issuer }), h("br"), h("span", { class: "sign-quality" }, app.t(words)));
}

/**
 * The documents, in the order in which they are signed. Many of them fold together, and can be searched by name.
 * @param {Shell} app
 * @param {Signature} signature
 * @param {Reader | undefined} reader
 */
function documentList(app, { documents, hash_algorithm: hash }, reader) {
  const reading = reader?.reading ?? newReading();
  const alone = documents.length === 1;
  const rows = documents.map((document, at) => documentRow(app, document, { number: at + 1, alone, hash, reader }));
  if (reader === undefined && alone) return null; // its name stands above
  const list = h("ol", { class: "papers", id: "documents" }, rows);
  if (documents.length <= ROWS) return list;

  const found = h("p", { class: "hint", role: "status" });
  const search = h("input", {
    type: "search",
    id: "find-document",
    autocomplete: "off",
    placeholder: app.t("sign.find"),
    "aria-label": app.t("sign.find"),
    value: reading.wish,
    oninput: () => {
      reading.wish = search.value;
      fold();
    },
  });
  const all = h(
    "button",
    {
      type: "button",
      class: "text-button",
      id: "all-documents",
      onclick: () => {
        reading.opened = true;
        fold();
        /** @type {HTMLElement | null} */ (rows[ROWS_OF_MANY]?.querySelector("button, .paper") ?? null)?.focus();
      },
    },
    app.t("sign.show_all", { count: documents.length }),
  );

  function fold() {
    const wish = reading.wish.trim().toLocaleLowerCase();
    let seen = 0;
    documents.forEach(({ label }, at) => {
      const fits = label.toLocaleLowerCase().includes(wish);
      const row = rows[at];
      if (row !== undefined) row.hidden = !fits || (!reading.opened && at >= ROWS_OF_MANY);
      if (fits) seen += 1;
    });
    all.hidden = reading.opened;
    found.hidden = !reading.opened || wish === "";
    search.hidden = !reading.opened;
    found.textContent = app.t("sign.found", { found: seen, count: documents.length });
  }

  fold();
  return h("div", { class: "stack" }, search, found, list, all);
}

/**
 * @param {Shell} app
 * @param {SignatureDocument} document
 * @param {{ number: number, alone: boolean, hash: string, reader: Reader | undefined }} how `number` from 1; the name of
 *   one that stands alone is said above it
 */
function documentRow(app, { label, digest, file_digest: file, document }, { number, alone, hash, reader }) {
  const held = document !== "" && reader !== undefined;
  const line = digest === "" ? "" : `${file === "" ? hash : "SHA-256"}: ${digestWords(file === "" ? digest : file, "short")}`;
  const way = app.t(held ? "sign.read_one" : "sign.look_one");
  const words = [
    alone ? null : h("span", { class: "paper-number", "aria-hidden": "true" }, String(number)),
    h(
      "span",
      { class: "row-words" },
      alone ? h("span", { class: "paper-label" }, way) : h("span", { class: "paper-label", "data-part": "label", dir: "auto" }, label),
      line === "" ? null : h("span", { class: "paper-digest" }, line),
    ),
  ];
  if (reader === undefined) return h("li", {}, h("div", { class: "paper" }, ...words));
  const read = reader.reading.read.has(number);
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: "paper",
        "data-document": number,
        "data-held": String(held),
        onclick: () => reader.open(number),
      },
      ...words,
      read
        ? h("span", { class: "paper-mark" }, icon("check"), h("span", { class: "unseen" }, app.t("sign.was_read")))
        : held
          ? h("span", { class: "paper-mark" }, icon("eye"), h("span", { class: "unseen" }, app.t("sign.read")))
          : h("span", { class: "row-next" }, icon("next")),
    ),
  );
}

/**
 * @param {Shell} app
 * @param {Credential} credential
 * @param {{ first?: boolean }} [how] `first`: it is made before the documents of the same request are signed
 */
export function credentialCard(app, credential, { first = false } = {}) {
  const { words, more, tone, icon: picture } = QUALITIES[credential.quality];
  return h(
    "div",
    { class: "confirm confirm-credential", "data-confirm": "credential" },
    h(
      "div",
      { class: "confirm-head" },
      h("div", { class: "figure" }, icon("badge")),
      h(
        "div",
        {},
        credential.common_name === "" ? null : h("p", { class: "confirm-label" }, app.t("certificate.of")),
        h("p", { class: "confirm-title", "data-part": "common_name", dir: "auto" }, credential.common_name || app.t("certificate.name")),
      ),
    ),
    h(
      "div",
      { class: `sign-worth sign-worth-${tone}`, "data-part": "quality", "data-quality": credential.quality },
      icon(picture),
      h("div", {}, h("p", { class: "sign-worth-words" }, app.t(words)), h("p", {}, app.t(more))),
    ),
    credential.credential === "" ? null : h("p", { "data-part": "bound" }, first ? app.t("certificate.first") : null, first ? " " : null, app.t("certificate.bound")),
    facts([
      [app.t("certificate.issuer"), h("span", { "data-part": "issuer", dir: "auto" }, credential.issuer)],
      [app.t("certificate.valid"), h("span", { "data-part": "valid" }, durationWords(app, credential.valid_seconds))],
      credential.serial_number === ""
        ? null
        : [app.t("certificate.number"), h("span", { class: "masked", "data-part": "serial_number" }, credential.serial_number.replaceAll("*", "•"))],
    ]),
    credential.credential === "" ? null : technical(app, [
      credential.given_name === "" ? null : [app.t("certificate.given_name"), h("span", { dir: "auto" }, credential.given_name)],
      credential.surname === "" ? null : [app.t("certificate.surname"), h("span", { dir: "auto" }, credential.surname)],
      credential.country === "" ? null : [app.t("certificate.country"), countryWords(app, credential.country)],
      [app.t("certificate.key"), h("span", { "data-part": "algorithm" }, credential.algorithm)],
      [app.t("sign.certificate"), h("span", { class: "digest", "data-part": "credential" }, credential.credential)],
    ]),
  );
}

/**
 * @param {Shell} app
 * @param {string} country ISO 3166-1 alpha-2
 */
function countryWords(app, country) {
  return h("span", { "data-part": "country" }, new Intl.DisplayNames([app.language], { type: "region" }).of(country) ?? country);
}

/** @param {Signature} signature */
function algorithmWords({ sign_algorithm: oid, hash_algorithm: hash }) {
  const name = oid.startsWith("1.2.840.113549") ? "RSA" : "ECDSA";
  return h("span", { "data-part": "algorithm" }, `${name}, ${hash}`, h("br"), h("span", { class: "digest" }, oid));
}

/**
 * @param {Shell} app
 * @param {number} at unix seconds
 */
function momentOf(app, at) {
  const words = new Date(at * 1000).toLocaleString(LOCALES[app.language], { dateStyle: "medium", timeStyle: "short" });
  return h("span", { "data-part": "expires_at" }, words);
}

const DAY = 86_400;

/**
 * @param {Shell} app
 * @param {number} seconds
 * @returns {string} in the largest unit that it fills
 */
export function durationWords(app, seconds) {
  /** @type {["year" | "day" | "hour" | "minute" | "second", number][]} */
  const units = [
    ["year", 365 * DAY],
    ["day", DAY],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, length] = units.find(([name, size]) => seconds >= size && (name !== "year" || seconds % size === 0)) ?? ["second", 1];
  const format = new Intl.NumberFormat(LOCALES[app.language], { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 });
  return format.format(Math.floor(seconds / length));
}

/**
 * @param {([string, Node] | null)[]} lines
 * @returns {HTMLElement | null}
 */
export function facts(lines) {
  const known = lines.filter((line) => line !== null);
  if (known.length === 0) return null;
  return h(
    "dl",
    { class: "confirm-facts" },
    known.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))),
  );
}

/**
 * What few people read and everybody can.
 * @param {Shell} app
 * @param {([string, Node] | null)[]} lines
 */
function technical(app, lines) {
  return h("details", { class: "technical" }, h("summary", {}, app.t("sign.technical")), facts(lines));
}
