// The small pieces that screens are made of.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./icons.js").IconName} IconName */
/** @typedef {import("./dom.js").Child} Child */

/**
 * @param {{ id: string, words: string, press: () => void, kind?: "main" | "quiet" | "danger" | "plain", icon?: IconName }} what
 */
export function button({ id, words, press, kind = "main", icon: picture }) {
  return h(
    "button",
    { type: "button", id, class: `button button-${kind}`, onclick: press },
    picture === undefined ? null : icon(picture),
    h("span", {}, words),
  );
}

/**
 * Runs the work of a button once, shows that it runs, and gives the button back afterwards.
 * @param {HTMLButtonElement} pressed
 * @param {() => Promise<unknown>} work
 */
export async function busy(pressed, work) {
  if (pressed.getAttribute("aria-busy") === "true") return;
  pressed.setAttribute("aria-busy", "true");
  pressed.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    pressed.removeAttribute("aria-busy");
    pressed.removeAttribute("aria-disabled");
  }
}

/**
 * @param {"info" | "warning" | "danger" | "ok"} tone
 * @param {...Child} children
 */
export function note(tone, ...children) {
  /** @type {Record<string, IconName>} */
  const pictures = { info: "info", warning: "alert", danger: "alert", ok: "check" };
  return h("div", { class: `note note-${tone}` }, icon(pictures[tone] ?? "info"), h("div", {}, ...children));
}

/** A place for an error sentence: empty until something goes wrong, then heard at once. */
export function complaint() {
  return h("p", { class: "complaint", role: "alert", id: "complaint" });
}

/**
 * A square with the initial of a partner or bank. The colour follows from the name, so it is the same every time.
 * @param {string} name
 */
export function monogram(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 997;
  const initial = Array.from(name.trim())[0] ?? "?";
  return h("span", { class: `monogram monogram-${sum % 6}`, "aria-hidden": "true" }, initial.toLocaleUpperCase());
}

/**
 * One line of a list that leads somewhere.
 * @param {{ id?: string, icon?: Node, words: string, below?: Child | Child[], aside?: Child, press: () => void, data?: Record<string, string>, tone?: string }} line
 */
export function row({ id, icon: picture, words, below, aside, press, data = {}, tone = "" }) {
  const attributes = Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, value]));
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: `row ${tone}`, id: id ?? null, onclick: press, ...attributes },
      picture === undefined ? null : h("span", { class: "row-icon" }, picture),
      h(
        "span",
        { class: "row-words" },
        h("span", { class: "row-main" }, words),
        below === undefined ? null : h("span", { class: "row-below" }, ...[below].flat()),
      ),
      aside === undefined ? null : h("span", { class: "row-aside" }, aside),
      h("span", { class: "row-next" }, icon("next")),
    ),
  );
}

/**
 * How far an activation is, in words and as a line.
 * @param {string} words
 * @param {number} done
 * @param {number} all
 */
export function progress(words, done, all) {
  const steps = Array.from({ length: all }, (_, at) => h("span", { class: at < done ? "step step-done" : "step" }));
  return h("div", { class: "progress" }, h("p", {}, words), h("div", { class: "steps", "aria-hidden": "true" }, steps));
}

/** @param {string} words */
export function waiting(words) {
  return h(
    "div",
    { class: "waiting", role: "status" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    h("p", {}, words),
  );
}

/**
 * How something ended: a large sign, a heading, a sentence.
 * @param {string} id
 * @param {string} tone
 * @param {IconName} picture
 * @param {string} title
 * @param {string} words
 * @param {string} [state] for `data-state`
 */
export function result(id, tone, picture, title, words, state = "") {
  return h(
    "div",
    { class: "outcome", id, "data-state": state },
    h("div", { class: `figure figure-big figure-${tone}` }, icon(picture)),
    h("h1", { id: "title", tabindex: "-1" }, title),
    h("p", { class: "lead" }, words),
  );
}
