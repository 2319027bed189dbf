// The frame around the screens: title bar, content, actions, tabs; one screen at a time, the phone's own way back,
// what screen readers hear, and errors in plain words.

import { NoAnswer, NoPhone, Problem } from "../engine/problems.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { translator } from "./language.js";

/** @typedef {import("../engine/phone.js").Phone} Phone */
/** @typedef {import("../engine/live.js").Live} Live */
/** @typedef {import("./language.js").Catalogue} Catalogue */
/** @typedef {import("./language.js").Language} Language */
/** @typedef {import("./language.js").MessageId} MessageId */
/** @typedef {import("./language.js").Translate} Translate */

/**
 * What a screen puts on the page.
 * @typedef {object} View
 * @property {string} name of the screen, for styles and tests: `<main data-screen="…">`
 * @property {string} title its heading, and the page's title
 * @property {import("./dom.js").Child[]} content
 * @property {import("./dom.js").Child[]} [actions] what can be done, always in reach of the thumb
 * @property {"home" | "settings"} [tab] the tab it belongs to; without it the tabs are hidden
 * @property {boolean} [back] whether there is a way back; true when not said
 * @property {boolean} [bare] whether the screen draws its heading itself, as an element with id `title`
 * @property {() => void} [leave] ends what the screen started
 */

/**
 * @template P
 * @typedef {(app: Shell, parameters: P) => View} Screen
 */

/**
 * The ways that lead through the whole app.
 * @typedef {object} Ways
 * @property {() => void} home
 * @property {() => void} scan
 * @property {() => void} settings
 * @property {(why: string) => void} ended an activation that is over
 * @property {() => Promise<void>} startAgain forgets what lives here and begins at the welcome
 * @property {(language: string) => Promise<void>} changeLanguage
 */

/**
 * The browser's offer to install the app (Chromium's `beforeinstallprompt`).
 * @typedef {Event & { prompt: () => Promise<{ outcome: string }> }} InstallPrompt
 */

export class Shell {
  /** @type {{ screen: Screen<any>, parameters: any }[]} */
  #stack = [];
  /** @type {View | null} */
  #view = null;
  #wasLoaded = false;
  /** @type {InstallPrompt | null} */
  install = null;

  /**
   * @param {{ phone: Phone, language: Language, catalogue: Catalogue, origins: string[], ways: Ways, live: Live }} parts
   */
  constructor({ phone, language, catalogue, origins, ways, live }) {
    this.phone = phone;
    this.origins = origins;
    this.ways = ways;
    this.live = live;
    this.language = language;
    this.catalogue = catalogue;
    /** @type {Translate} */
    this.t = translator(catalogue);
    window.addEventListener("popstate", (event) => this.#returned(event));
    document.documentElement.lang = language;
  }

  /**
   * @param {Language} language
   * @param {Catalogue} catalogue
   */
  speak(language, catalogue) {
    this.language = language;
    this.catalogue = catalogue;
    this.t = translator(catalogue);
    document.documentElement.lang = language;
  }

  /**
   * @template P
   * @param {Screen<P>} screen
   * @param {P} parameters
   * @param {"push" | "replace" | "reset"} [how] `reset` leaves no way back
   */
  open(screen, parameters, how = "push") {
    if (how === "reset") this.#stack = [];
    if (how === "replace") this.#stack.pop();
    this.#stack.push({ screen, parameters });
    const state = { depth: this.#stack.length - 1 };
    if (how === "push" && this.#stack.length > 1) history.pushState(state, "", "/");
    else history.replaceState(state, "", "/");
    this.#draw();
  }

  /** Draws the present screen anew. */
  again() {
    this.#draw();
  }

  back() {
    if (this.#stack.length > 1) history.back();
    else this.ways.home();
  }

  /**
   * @param {string} words
   * @param {"polite" | "assertive"} [how]
   */
  announce(words, how = "polite") {
    const region = document.querySelector(`#${how}`);
    if (region === null) return;
    region.textContent = "";
    setTimeout(() => (region.textContent = words), 60); // a change after a pause is heard, an instant one may not be
  }

  /**
   * @param {string} id of a message that may not exist
   * @param {MessageId} otherwise
   * @param {Record<string, string | number>} [values]
   */
  words(id, otherwise, values = {}) {
    return this.t(id in this.catalogue ? /** @type {MessageId} */ (id) : otherwise, values);
  }

  /**
   * @param {unknown} error
   * @returns {string} in plain words
   */
  explain(error) {
    if (error instanceof NoAnswer) return this.t(navigator.onLine ? "error.no_answer" : "error.offline");
    if (error instanceof NoPhone) return this.t("error.no_phone");
    if (!(error instanceof Problem)) return this.t("error.unexpected");
    const values = {
      tries: error.triesLeft ?? 0,
      why: error.why === null ? "" : this.words(`why.${error.why}`, "why.other"),
    };
    if (error.triesLeft === 1) return this.words(`error.${error.code}.last`, "error.unexpected", values);
    const words = this.words(`error.${error.code}`, "error.unexpected", values).trim();
    // Whoever typed a wrong code needs no help desk.
    if (error.triesLeft !== null || error.reference === null) return words;
    return `${words} ${this.t("error.reference", { reference: error.reference })}`;
  }

  /** @param {PopStateEvent} event */
  #returned(event) {
    const depth = Number(event.state?.depth ?? 0);
    this.#stack.length = Math.max(1, Math.min(depth + 1, this.#stack.length));
    this.#draw();
  }

  #draw() {
    const top = this.#stack.at(-1);
    if (top === undefined) return;
    this.#view?.leave?.();
    const view = top.screen(this, top.parameters);
    this.#view = view;
    document.title = `${view.title} – Ipse`;
    this.#drawBar(view);
    const main = part("screen");
    main.dataset["screen"] = view.name;
    document.body.dataset["screen"] = view.name;
    const heading = h("h1", { id: "title", tabindex: "-1" }, view.title);
    fill(main, h("div", { class: "content" }, ...(view.bare ? [] : [heading]), ...view.content));
    fill(part("actions"), ...(view.actions ?? []));
    for (const region of ["polite", "assertive"]) fill(part(region));
    this.#drawTabs(view);
    main.scrollTop = 0;
    window.scrollTo(0, 0);
    if (this.#wasLoaded)
      /** @type {HTMLElement | null} */ (main.querySelector("#title"))?.focus({ preventScroll: true });
    this.#wasLoaded = true;
  }

  /** @param {View} view */
  #drawBar(view) {
    const wayBack = view.back !== false && (this.#stack.length > 1 || view.tab === undefined);
    const label = this.t("back");
    const button = h(
      "button",
      { id: "back", type: "button", "aria-label": label, onclick: () => this.back() },
      icon("back"),
    );
    fill(part("bar"), wayBack ? button : null);
  }

  /** @param {View} view */
  #drawTabs(view) {
    const tabs = part("tabs");
    tabs.hidden = view.tab === undefined;
    tabs.setAttribute("aria-label", this.t("tabs.name"));
    /** @type {["home" | "scan" | "settings", "home" | "scan" | "settings", MessageId][]} */
    const entries = [
      ["home", "home", "tabs.home"],
      ["scan", "scan", "tabs.scan"],
      ["settings", "settings", "tabs.settings"],
    ];
    fill(
      tabs,
      entries.map(([name, picture, words]) =>
        h(
          "button",
          {
            type: "button",
            id: name === "scan" ? "scan" : `tab-${name}`,
            class: `tab tab-${name}`,
            "aria-current": view.tab === name ? "page" : null,
            onclick: () => this.ways[name](),
          },
          h("span", { class: "tab-icon" }, icon(picture)),
          h("span", {}, this.t(words)),
        ),
      ),
    );
  }
}

/** @param {string} id */
function part(id) {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`the page has no #${id}`);
  return element;
}
