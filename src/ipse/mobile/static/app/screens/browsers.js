// The browsers that this person has trusted, and how to trust one no more.

import { forgetBrowser, knownBrowsers } from "../engine/browsers.js";
import { momentWords } from "../parts/attributes.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, complaint, waiting } from "../parts/pieces.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/browsers.js").KnownBrowser} KnownBrowser */

/**
 * @param {Shell} app
 * @returns {View}
 */
export function browsersScreen(app) {
  const problem = complaint();
  const list = h("div", {}, waiting(app.t("loading")));

  async function load() {
    const browsers = await knownBrowsers(app.phone);
    if (browsers.length === 0) return fill(list, h("p", { class: "empty", id: "no-browsers" }, app.t("browsers.none")));
    fill(list, h("ul", { class: "list", id: "browsers" }, browsers.map((browser) => line(app, browser, load, failed))));
  }

  /** @param {unknown} error */
  function failed(error) {
    problem.textContent = app.explain(error);
  }

  load().catch((error) => {
    fill(list);
    failed(error);
  });
  return {
    name: "browsers",
    title: app.t("browsers.title"),
    content: [h("p", { class: "lead" }, app.t("browsers.lead")), problem, list],
  };
}

/**
 * @param {Shell} app
 * @param {KnownBrowser} browser
 * @param {() => Promise<void>} again
 * @param {(error: unknown) => void} failed
 */
function line(app, { browser, name, place, used }, again, failed) {
  const words = name === "" ? app.t("browsers.unnamed") : name;
  const moment = momentWords(app, used * 1000);
  const below = place === "" ? app.t("browsers.used", { moment }) : app.t("browsers.used_near", { moment, place });
  const press = h(
    "button",
    { type: "button", class: "text-button", "data-forget": browser, "aria-label": app.t("browsers.forget_label", { name: words }) },
    app.t("browsers.forget"),
  );
  press.addEventListener("click", () =>
    void busy(press, async () => {
      await forgetBrowser(app.phone, browser);
      app.announce(app.t("browsers.forgotten", { name: words }));
      await again();
    }).catch(failed),
  );
  return h(
    "li",
    { class: "known-browser", "data-browser": browser },
    h("span", { class: "row-icon" }, icon("globe")),
    h("span", { class: "row-words" }, h("span", { class: "row-main" }, words), h("span", { class: "row-below" }, below)),
    press,
  );
}
