// Activation up to the bank: what is accepted, how to reach the person, who vouches for them.

import { fill, h } from "../parts/dom.js";
import { countryName } from "../parts/attributes.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, monogram, note, progress, row, waiting } from "../parts/pieces.js";
import { DIAL_CODES, readPhoneNumber } from "../parts/phone_numbers.js";
import { Problem } from "../engine/problems.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Configuration} Configuration */
/** @typedef {import("../engine/phone.js").Document} Document */
/** @typedef {import("../engine/phone.js").Registrar} Registrar */

/** What the person has said so far. */
/** @typedef {{ documents: Document[], country: string, number: string, phoneNumber: string, email: string }} Wish */

export const STEPS = 5;

/**
 * The documents in the person's language, or in English where there is no translation.
 * @param {Configuration} configuration
 * @param {string} language
 * @returns {Document[]} one of each kind
 */
export function documentsIn({ documents }, language) {
  const kinds = [...new Set(documents.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const versions = documents.filter((document) => document.kind === kind);
    const best = [language, "en"].map((wish) => versions.find((document) => document.language === wish));
    return [best[0] ?? best[1] ?? versions[0]].filter((document) => document !== undefined);
  });
}

/**
 * @param {Shell} app
 * @returns {View}
 */
export function termsScreen(app) {
  const problem = complaint();
  const body = h("div", { class: "stack" }, waiting(app.t("loading")));
  const box = h("input", { type: "checkbox", id: "accept-terms", disabled: true });
  /** @type {Document[]} */
  let documents = [];

  async function load() {
    documents = documentsIn(await app.phone.configuration({ fresh: true }), app.language);
    box.disabled = false;
    fill(
      body,
      h("p", { class: "lead" }, app.t("terms.lead")),
      h(
        "ul",
        { class: "list" },
        documents.map((document) => documentLine(app, document)),
      ),
      h(
        "label",
        { class: "tick" },
        box,
        h("span", { class: "tick-box" }, icon("check")),
        h("span", {}, app.t("terms.accept")),
      ),
    );
  }
  load().catch((error) => fill(body, note("danger", app.explain(error))));

  return {
    name: "terms",
    title: app.t("terms.title"),
    content: [progress(app.t("activate.step", { step: 1, steps: STEPS }), 1, STEPS), body, problem],
    actions: [
      button({
        id: "continue",
        words: app.t("continue"),
        press: () => {
          if (!box.checked) {
            problem.textContent = app.t("terms.needed");
            box.focus();
            return;
          }
          app.open(contactScreen, { documents, country: "BE", number: "", phoneNumber: "", email: "" });
        },
      }),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {Document} document
 */
function documentLine(app, { kind, version, url }) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "row", href: url, target: "_blank", rel: "noopener noreferrer", "data-document": kind },
      h("span", { class: "row-icon" }, icon(kind === "privacy" ? "eye" : "shield")),
      h(
        "span",
        { class: "row-words" },
        h("span", { class: "row-main" }, app.words(`document.${kind}`, "document.other")),
        h("span", { class: "row-below" }, app.t("document.version", { version })),
      ),
      h("span", { class: "row-next" }, icon("link")),
    ),
  );
}

/**
 * @param {Shell} app
 * @param {Wish} wish
 * @returns {View}
 */
export function contactScreen(app, wish) {
  const problem = complaint();
  const country = h(
    "select",
    { id: "phone-country", autocomplete: "tel-country-code" },
    Object.entries(DIAL_CODES)
      .map(([code, dial]) => ({ code, dial, name: countryName(app, code) }))
      .sort((one, other) => one.name.localeCompare(other.name, app.language))
      .map(({ code, dial, name }) =>
        h("option", { value: code, selected: code === wish.country }, `${name} (+${dial})`),
      ),
  );
  const number = field({
    id: "phone-number",
    type: "tel",
    autocomplete: "tel-national",
    inputmode: "tel",
    value: wish.number,
  });
  const email = field({ id: "email", type: "email", autocomplete: "email", inputmode: "email", value: wish.email });

  function goOn() {
    const phoneNumber = readPhoneNumber(country.value, number.value);
    const address = email.value.trim();
    const wrong = phoneNumber === null ? number : address !== "" && !email.checkValidity() ? email : null;
    for (const each of [number, email]) each.setAttribute("aria-invalid", String(wrong === each));
    if (wrong !== null) {
      problem.textContent = app.t(wrong === number ? "contact.bad_number" : "contact.bad_email");
      wrong.focus();
      return;
    }
    Object.assign(wish, {
      country: country.value,
      number: number.value,
      phoneNumber: phoneNumber ?? "",
      email: address,
    });
    app.open(bankScreen, wish);
  }

  return {
    name: "contact",
    title: app.t("contact.title"),
    content: [
      progress(app.t("activate.step", { step: 2, steps: STEPS }), 2, STEPS),
      h("p", { class: "lead" }, app.t("contact.lead")),
      h(
        "form",
        {
          id: "contact-form",
          class: "stack",
          novalidate: true,
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            goOn();
          },
        },
        h("div", { class: "field" }, h("label", { for: "phone-country" }, app.t("contact.country")), country),
        h("div", { class: "field" }, h("label", { for: "phone-number" }, app.t("contact.number")), number),
        h(
          "div",
          { class: "field" },
          h(
            "label",
            { for: "email" },
            app.t("contact.email"),
            " ",
            h("span", { class: "optional" }, app.t("optional")),
          ),
          email,
          h("p", { class: "hint", id: "email-hint" }, app.t("contact.email_hint")),
        ),
        problem,
        h("button", { type: "submit", class: "unseen", tabindex: "-1", "aria-hidden": "true" }, app.t("continue")),
      ),
    ],
    actions: [button({ id: "continue", words: app.t("continue"), press: goOn })],
  };
}

/**
 * @param {{ id: string, type: string, autocomplete: string, inputmode: string, value: string }} properties
 */
function field(properties) {
  return h("input", {
    ...properties,
    "aria-describedby": properties.id === "email" ? "email-hint complaint" : "complaint",
  });
}

/**
 * @param {Shell} app
 * @param {Wish} wish
 * @returns {View}
 */
export function bankScreen(app, wish) {
  const problem = complaint();
  const list = h("ul", { class: "list", id: "bank-list" });
  const lead = h("p", { class: "lead" }, app.t("bank.lead"));

  /** @param {Registrar} registrar */
  async function choose(registrar) {
    const pressed = /** @type {HTMLButtonElement | null} */ (
      list.querySelector(`[data-bank="${CSS.escape(registrar.id)}"]`)
    );
    if (pressed === null) return;
    problem.textContent = "";
    await busy(pressed, async () => {
      const { documents, phoneNumber, email } = wish;
      const address = await app.phone.enrol({ language: app.language, phoneNumber, email, registrar, documents });
      if (registrar.kind === "eid_card") return app.ways.home(); // the record says how it goes on
      app.announce(app.t("bank.leaving", { bank: registrar.name }));
      location.assign(await onlyScheme(app, address));
    }).catch((error) => {
      problem.textContent = app.explain(error);
    });
  }

  app.phone
    .configuration()
    .then(({ registrars }) => {
      fill(
        list,
        registrars.map((registrar) =>
          row({
            icon: registrar.kind === "eid_card" ? h("span", { class: "monogram monogram-icon" }, icon("card")) : monogram(registrar.name),
            words: registrar.kind === "eid_card" ? app.t("card.name") : registrar.name,
            below: registrar.kind === "eid_card" ? app.t("card.below") : countryName(app, registrar.country),
            data: { bank: registrar.id },
            press: () => choose(registrar),
          }),
        ),
      );
    })
    .catch((error) => (problem.textContent = app.explain(error)));

  return {
    name: "bank",
    title: app.t("bank.title"),
    content: [
      progress(app.t("activate.step", { step: 3, steps: STEPS }), 3, STEPS),
      lead,
      problem,
      list,
      note("info", app.t("bank.what_happens")),
    ],
  };
}

/**
 * The way to a registrar begins at the scheme; no answer sends this phone anywhere else.
 * @param {Shell} app
 * @param {string} address
 */
export async function onlyScheme(app, address) {
  const { issuer } = await app.phone.configuration();
  if (new URL(address).origin !== new URL(issuer).origin) throw new Problem({ code: "unexpected" });
  return address;
}

/**
 * The person came back to the app without having finished at the bank.
 * @param {Shell} app
 * @param {{ startUrl: string, bank: string }} parameters
 * @returns {View}
 */
export function atBankScreen(app, { startUrl, bank }) {
  return {
    name: "at-bank",
    title: app.t("at_bank.title", { bank }),
    back: false,
    content: [h("div", { class: "figure" }, icon("bank")), h("p", { class: "lead" }, app.t("at_bank.text", { bank }))],
    actions: [
      button({ id: "bank-again", words: app.t("at_bank.go", { bank }), press: () => location.assign(startUrl) }),
      button({
        id: "start-again",
        kind: "quiet",
        words: app.t("start_again"),
        press: () => void app.ways.startAgain(),
      }),
    ],
  };
}

/**
 * The registrar's part ended without an identity.
 * @param {Shell} app
 * @param {{ why: string }} parameters
 * @returns {View}
 */
export function endedScreen(app, { why }) {
  return {
    name: "ended",
    title: app.t("ended.title"),
    back: false,
    content: [
      h("div", { class: "figure figure-warning" }, icon("alert")),
      h("p", { class: "lead", id: "ended", "data-why": why }, app.words(`ended.${why}`, "ended.other")),
      h("p", {}, app.t("ended.nothing_kept")),
    ],
    actions: [button({ id: "start-again", words: app.t("start_again"), press: () => void app.ways.startAgain() })],
  };
}
