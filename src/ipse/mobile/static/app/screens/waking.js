// Whether this phone is woken when somebody asks: what it means, and one switch.

import { NotWoken, wakeNoMore, wakeThis, waking } from "../engine/waking.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, note, row } from "../parts/pieces.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */

/**
 * The line in the settings: only where the browser and the scheme can.
 * @param {Shell} app
 */
export function wakingRow(app) {
  const aside = h("span", {});
  const line = row({
    id: "settings-waking",
    icon: icon("bell"),
    words: app.t("waking.title"),
    below: app.t("waking.more"),
    aside,
    press: () => app.open(wakingScreen, undefined),
  });
  line.hidden = true;
  waking(app.phone)
    .then((state) => {
      line.hidden = state === "none";
      aside.textContent = app.t(state === "on" ? "waking.on" : "waking.off");
    })
    .catch(() => undefined); // without connection the line is simply not there
  return line;
}

/**
 * The offer after an activation: a quiet button where this phone can be woken and is not.
 * @param {Shell} app
 */
export function wakingOffer(app) {
  const offer = button({
    id: "done-waking",
    kind: "quiet",
    icon: "bell",
    words: app.t("waking.title"),
    press: () => app.open(wakingScreen, undefined),
  });
  offer.hidden = true;
  waking(app.phone)
    .then((state) => (offer.hidden = state !== "off"))
    .catch(() => undefined);
  return offer;
}

/**
 * @param {Shell} app
 * @returns {View}
 */
export function wakingScreen(app) {
  const problem = complaint();
  const toggle = h("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    id: "waking",
    "aria-label": app.t("waking.title"),
    onchange: () => void change(),
  });
  const why = h("div", {});

  async function change() {
    problem.textContent = "";
    const wished = toggle.checked;
    await busy(/** @type {HTMLButtonElement} */ (/** @type {unknown} */ (toggle)), () =>
      wished ? wakeThis(app.phone) : wakeNoMore(app.phone),
    ).then(
      () => app.announce(app.t(wished ? "waking.is_on" : "waking.is_off")),
      (error) => {
        toggle.checked = !wished;
        problem.textContent = error instanceof NotWoken ? notWoken(app, error) : app.explain(error);
      },
    );
  }

  waking(app.phone)
    .then((state) => {
      toggle.checked = state === "on";
      toggle.disabled = state === "denied" || state === "none";
      if (state === "denied") fill(why, note("warning", h("p", { id: "waking-denied" }, app.t("waking.denied"))));
    })
    .catch((error) => (problem.textContent = app.explain(error)));
  return {
    name: "waking",
    title: app.t("waking.title"),
    content: [
      h("p", { class: "lead" }, app.t("waking.lead")),
      h("ul", { class: "list" }, h("li", {}, h("label", { class: "row" }, h("span", { class: "row-icon" }, icon("bell")), h("span", { class: "row-words" }, app.t("waking.switch")), toggle))),
      problem,
      why,
      note("info", h("p", {}, app.t("waking.what"))),
      h("p", { class: "hint" }, app.t("waking.without")),
    ],
  };
}

/**
 * @param {Shell} app
 * @param {NotWoken} error
 */
function notWoken(app, { why }) {
  return why === "denied" ? app.t("waking.denied") : app.t("waking.service");
}
