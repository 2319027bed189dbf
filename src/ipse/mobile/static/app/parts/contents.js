// Contents to confirm, drawn from their data: the amount and the payee largest, a text with its few styles, an
// agreement with its version, a device with what it will do. Signatures and certificates have a module of their own.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { LOCALES } from "./language.js";
import { firstLine, markupRuns } from "./markup.js";
import { amountWords, currencyName, ibanWords } from "./money.js";
import { credentialCard, facts, signatureCard } from "./signing.js";

/** @typedef {import("./shell.js").Shell} Shell */
/** @typedef {import("./icons.js").IconName} IconName */
/** @typedef {import("../engine/contents.js").Content} Content */
/** @typedef {import("../engine/contents.js").Payment} Payment */
/** @typedef {import("../engine/contents.js").Agreement} Agreement */
/** @typedef {import("../engine/contents.js").DeviceAction} DeviceAction */

/** @type {Record<import("../engine/contents.js").DeviceVerb, IconName>} */
const PICTURES = { unlock: "unlock", lock: "lock", turn_on: "power", turn_off: "power", set: "dial" };

/**
 * @param {Shell} app
 * @param {Content} content
 * @param {{ contents?: Content[], reader?: import("./signing.js").Reader }} [around] `contents` are all of the request
 * @returns {HTMLElement}
 */
export function contentCard(app, content, { contents = [], reader } = {}) {
  if (content.type === "signature") return signatureCard(app, content, reader);
  if (content.type === "credential") return credentialCard(app, content, { first: contents.length > 1 });
  if (content.type === "payment") return paymentCard(app, content);
  if (content.type === "agreement") return agreementCard(app, content);
  if (content.type === "device_action") return deviceCard(app, content);
  return card("text", h("div", { class: "written", dir: "auto", "data-part": "text" }, ...styled(content.text)));
}

/**
 * One line that says what a content is: for the screen with the code, and for the history.
 * @param {Shell} app
 * @param {Content} content
 */
export function contentSummary(app, content) {
  if (content.type === "credential") return app.t("certificate.line");
  if (content.type === "signature") {
    const { documents } = content;
    if (documents.length > 1) return app.t("sign.verb", { count: documents.length });
    return app.t("sign.line", { document: documents[0]?.label ?? "" });
  }
  if (content.type === "device_action") return deviceWords(app, content);
  if (content.type === "agreement") return app.t("confirm.agreement_line", { title: content.title });
  if (content.type === "text") return firstLine(content.text);
  return app.t("confirm.payment_line", { amount: amountOf(app, content), payee: payeeOf(content) });
}

/**
 * What confirming is called: a heading, and the words on the button.
 * @param {Shell} app
 * @param {Content[]} contents
 * @param {string} partner
 * @returns {{ title: string, verb: string }}
 */
export function confirmWords(app, contents, partner) {
  const signature = contents.find((content) => content.type === "signature");
  if (signature !== undefined) {
    const count = signature.documents.length;
    if (count === 1) return { title: app.t("sign.title_one"), verb: app.t("sign.verb_one") };
    return { title: app.t("sign.title", { count }), verb: app.t("sign.verb", { count }) };
  }
  const [only] = contents;
  if (only === undefined || contents.length > 1) {
    return { title: app.t("confirm.title_several", { partner }), verb: app.t("confirm.verb") };
  }
  if (only.type === "credential") return { title: app.t("certificate.title"), verb: app.t("certificate.verb") };
  if (only.type === "device_action") {
    return {
      title: app.t("confirm.title_device_action", { partner }),
      verb: app.words(`device_action.${only.action}`, "confirm.verb"),
    };
  }
  return {
    title: app.words(`confirm.title_${only.type}`, "confirm.title_text"),
    verb: app.t(only.type === "agreement" ? "confirm.verb_agreement" : "confirm.verb"),
  };
}

/**
 * @param {string} type
 * @param {...import("./dom.js").Child} children
 */
function card(type, ...children) {
  return h("div", { class: `confirm confirm-${type}`, "data-confirm": type }, ...children);
}

/**
 * @param {Shell} app
 * @param {Payment} payment
 */
function paymentCard(app, payment) {
  const { amount, currency, creditor_name: name, creditor_iban: iban, reference } = payment;
  const words = amountWords(amount, LOCALES[app.language]);
  return card(
    "payment",
    h(
      "p",
      { class: `amount ${words.length > 16 ? "amount-longest" : words.length > 11 ? "amount-long" : ""}`, "data-part": "amount" },
      h("span", { class: "amount-digits" }, ...breakable(words, amount)),
      " ",
      h("span", { class: "amount-currency", "aria-hidden": "true" }, currency),
      h("span", { class: "unseen" }, currencyName(currency, app.language)),
    ),
    h(
      "div",
      { class: "payee" },
      h("p", { class: "confirm-label" }, app.t("confirm.payee")),
      h("p", { class: "payee-name", "data-part": "payee", dir: "auto" }, payeeOf(payment)),
    ),
    facts([
      name === "" ? null : iban === "" ? null : [app.t("confirm.iban"), h("span", { "data-part": "iban" }, ibanWords(iban))],
      reference === "" ? null : [app.t("confirm.reference"), h("span", { "data-part": "reference", dir: "auto" }, reference)],
    ]),
  );
}

/**
 * A long amount may continue on the next line between groups of digits, never within one and never at the decimals.
 * @param {string} words
 * @param {string} amount
 */
function breakable(words, amount) {
  const decimals = amount.includes(".") ? amount.length - amount.indexOf(".") : 0;
  const groups = words.slice(0, words.length - decimals).split(/(?<=\D)/);
  return [...groups.flatMap((group, at) => (at === 0 ? [group] : [h("wbr"), group])), words.slice(words.length - decimals)];
}

/**
 * @param {Shell} app
 * @param {Agreement} agreement
 */
function agreementCard(app, { title, text, version, sha256 }) {
  return card(
    "agreement",
    h("h2", { class: "confirm-title", "data-part": "title", dir: "auto" }, title),
    version === "" ? null : h("p", { class: "confirm-label", "data-part": "version" }, app.t("confirm.version", { version })),
    h("div", { class: "written", dir: "auto", "data-part": "text" }, text),
    facts([
      sha256 === "" ? null : [app.t("confirm.digest"), h("span", { class: "digest", "data-part": "digest" }, sha256)],
    ]),
  );
}

/**
 * @param {Shell} app
 * @param {DeviceAction} action
 */
function deviceCard(app, action) {
  const { location, details } = action;
  return card(
    "device_action",
    h(
      "div",
      { class: "confirm-head" },
      h("div", { class: "figure" }, icon(PICTURES[action.action])),
      h("h2", { class: "confirm-title", "data-part": "action", dir: "auto" }, deviceWords(app, action)),
    ),
    location === ""
      ? null
      : h("p", { class: "confirm-place", "data-part": "location" }, icon("pin"), h("span", { dir: "auto" }, location)),
    details === "" ? null : h("p", { class: "written", "data-part": "details", dir: "auto" }, details),
  );
}

/**
 * @param {Shell} app
 * @param {DeviceAction} action
 */
function deviceWords(app, { device, action }) {
  return app.t("confirm.device_line", { verb: app.words(`device_action.${action}`, "confirm.verb"), device });
}

/**
 * @param {Shell} app
 * @param {Payment} payment
 */
function amountOf(app, { amount, currency }) {
  return `${amountWords(amount, LOCALES[app.language])}\u00a0${currency}`;
}

/** @param {Payment} payment */
function payeeOf({ creditor_name: name, creditor_iban: iban }) {
  return name === "" ? ibanWords(iban) : name;
}

/**
 * @param {string} source
 * @returns {Node[]} elements, built one by one: nothing here is ever parsed as HTML
 */
function styled(source) {
  return markupRuns(source).map((run) => {
    if (run === "br") return h("br");
    /** @type {Node} */
    let node = document.createTextNode(run.text);
    for (const style of run.styles.toReversed()) node = h(style, {}, node);
    return node;
  });
}
