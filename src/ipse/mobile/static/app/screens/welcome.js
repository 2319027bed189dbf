// The first screen, and what is said where no phone lives (any more).

import { h } from "../parts/dom.js";
import { icon, mark } from "../parts/icons.js";
import { LANGUAGE_NAMES, LANGUAGES } from "../parts/language.js";
import { button, note } from "../parts/pieces.js";
import { termsScreen } from "./activate.js";
import { newPhoneScreen } from "./moving.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../parts/language.js").MessageId} MessageId */
/** @typedef {import("../parts/icons.js").IconName} IconName */

/**
 * A small choice of language that works before anything is activated.
 * @param {Shell} app
 */
export function languageChoice(app) {
  return h(
    "label",
    { class: "language" },
    icon("globe"),
    h("span", { class: "unseen" }, app.t("settings.language")),
    h(
      "select",
      {
        id: "language",
        onchange: (/** @type {Event} */ event) => {
          const { value } = /** @type {HTMLSelectElement} */ (event.target);
          void app.ways.changeLanguage(value);
        },
      },
      LANGUAGES.map((language) =>
        h("option", { value: language, lang: language, selected: language === app.language }, LANGUAGE_NAMES[language]),
      ),
    ),
  );
}

/**
 * @param {Shell} app
 * @returns {View}
 */
export function welcomeScreen(app) {
  /** @type {[IconName, MessageId, MessageId][]} */
  const points = [
    ["shield", "welcome.point_verified", "welcome.point_verified_more"],
    ["eye", "welcome.point_see", "welcome.point_see_more"],
    ["lock", "welcome.point_code", "welcome.point_code_more"],
  ];
  return {
    name: "welcome",
    title: app.t("welcome.title"),
    back: false,
    bare: true,
    content: [
      h("div", { class: "welcome-top" }, languageChoice(app)),
      h(
        "div",
        { class: "welcome-hero" },
        h("div", { class: "emblem" }, mark()),
        h("p", { class: "wordmark" }, "Ipse"),
        h("h1", { id: "title", tabindex: "-1" }, app.t("welcome.title")),
      ),
      h(
        "ul",
        { class: "points" },
        points.map(([picture, words, more]) =>
          h(
            "li",
            {},
            h("span", { class: "point-icon" }, icon(picture)),
            h("div", {}, h("strong", {}, app.t(words)), h("p", {}, app.t(more))),
          ),
        ),
      ),
    ],
    actions: [
      button({ id: "welcome-start", words: app.t("welcome.start"), press: () => app.open(termsScreen, undefined) }),
      h("p", { class: "action-hint" }, app.t("welcome.need")),
      button({
        id: "welcome-move",
        kind: "quiet",
        icon: "phone",
        words: app.t("welcome.move"),
        press: () => app.open(newPhoneScreen, undefined),
      }),
      h(
        "p",
        { class: "action-hint" },
        h("a", { id: "block-link", class: "far-link", href: `${app.phone.base}/block?lang=${app.language}` }, app.t("welcome.block")),
      ),
    ],
  };
}

/**
 * A link or frame was opened in a browser where no phone lives.
 * @param {Shell} app
 * @returns {View}
 */
export function elsewhereScreen(app) {
  return {
    name: "elsewhere",
    title: app.t("elsewhere.title"),
    back: false,
    content: [
      h("div", { class: "figure" }, icon("phone")),
      h("p", { class: "lead", id: "elsewhere" }, app.t("elsewhere.text")),
      h(
        "ol",
        { class: "numbered" },
        h("li", {}, app.t("elsewhere.one")),
        h("li", {}, app.t("elsewhere.two")),
        h("li", {}, app.t("elsewhere.three")),
      ),
    ],
    actions: [
      button({
        id: "elsewhere-start",
        kind: "quiet",
        words: app.t("elsewhere.start"),
        press: () => app.open(welcomeScreen, undefined, "reset"),
      }),
    ],
  };
}

/**
 * The scheme stopped this phone. What is stored here is of no use any more.
 * @param {Shell} app
 * @param {{ why: string }} parameters
 * @returns {View}
 */
export function stoppedScreen(app, { why }) {
  return {
    name: "stopped",
    title: app.words(`stopped.${why}.title`, "stopped.title"),
    back: false,
    content: [
      h("div", { class: "figure figure-danger" }, icon("phone")),
      h("p", { class: "lead", id: "stopped", "data-why": why }, app.words(`stopped.${why}.text`, "stopped.text")),
      ...(why === "copied" || why === "phone_copied" ? [note("warning", app.t("stopped.copied.advice"))] : []),
    ],
    actions: [
      button({
        id: "start-again",
        words: app.t("stopped.again"),
        press: () => void app.ways.startAgain(),
      }),
    ],
  };
}
