// What is strange about a request, said before and on it. A call that is running comes first, on a screen of its own.

import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, note } from "../parts/pieces.js";
import { kindOf } from "./intake.js";
import { outcomeScreen } from "./outcome.js";
import { notMeButton, requestScreen } from "./request.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Request} Request */

const PAUSE_SECONDS = 5;
/** The ways to a request at which its browser can be trusted: what was sent here by itself proves nothing. */
const PROVING = ["qr", "link"];

/**
 * Whether a call is running: then this is said before anything of the request.
 * @param {Request} request
 */
export function isCalled({ shown }) {
  return (shown.warnings ?? []).includes("call");
}

/**
 * Goes on after five seconds at the earliest; refusing is possible at once.
 * @param {Shell} app
 * @param {{ request: Request }} parameters
 * @returns {View}
 */
export function callScreen(app, { request }) {
  const partner = request.shown.partner.name;
  const problem = complaint();
  let left = PAUSE_SECONDS;
  const goOn = button({
    id: "call-continue",
    kind: "quiet",
    words: app.t("call.wait", { seconds: String(left) }),
    press: () => {
      if (left <= 0) app.open(requestScreen, { request }, "replace");
    },
  });
  goOn.setAttribute("aria-disabled", "true");
  const timer = setInterval(() => {
    left -= 1;
    const words = goOn.querySelector("span");
    if (words !== null) words.textContent = left > 0 ? app.t("call.wait", { seconds: String(left) }) : app.t("call.go_on");
    if (left > 0) return;
    goOn.removeAttribute("aria-disabled");
    clearInterval(timer);
  }, 1000);
  /** @param {"declined" | "not_started"} reason */
  const reject = (reason) => async () => {
    await app.phone.reject({ request, reason });
    app.open(outcomeScreen, { kind: reason === "declined" ? "rejected" : "not_started", partner }, "reset");
  };
  /** @param {unknown} error */
  const failed = (error) => {
    if (kindOf(error) === "over") app.open(outcomeScreen, { kind: "over", text: app.explain(error), partner }, "reset");
    else problem.textContent = app.explain(error);
  };
  const refuse = button({
    id: "refuse",
    icon: "cross",
    words: app.t("request.refuse"),
    press: () => busy(refuse, reject("declined")).catch(failed),
  });
  return {
    name: "call",
    title: app.t("call.title"),
    bare: true,
    content: [
      h("div", { class: "figure figure-big figure-danger" }, icon("alert")),
      h("h1", { id: "title", tabindex: "-1" }, app.t("call.title")),
      h("p", { class: "lead" }, app.t("call.text", { partner })),
      h("ul", { class: "plain-list" }, ...["call.bank", "call.police", "call.hang_up"].map((id) => sentence(app, id))),
      problem,
    ],
    actions: [refuse, goOn, notMeButton(app, reject("not_started"), failed)],
    leave: () => clearInterval(timer),
  };
}

/**
 * @param {Shell} app
 * @param {string} id
 */
function sentence(app, id) {
  return h("li", {}, icon("alert"), h("span", {}, app.words(id, "call.hang_up")));
}

/**
 * Where a request was started and where this phone is, as somebody nearby would say it.
 * @param {Shell} app
 * @param {Request} request
 */
export function placesLine(app, { shown: { places } }) {
  if (places === undefined) return null;
  const names = new Intl.DisplayNames([app.language], { type: "region" });
  /** @param {{ name: string, country: string }} place */
  const words = ({ name, country }) => `${name} (${names.of(country) ?? country})`;
  const same = places.browser.name === places.phone.name && places.browser.country === places.phone.country;
  const text = same
    ? app.t("places.same", { place: words(places.browser) })
    : app.t("places.two", { browser: words(places.browser), phone: words(places.phone) });
  return h("p", { class: "facts-line", id: "places" }, h("span", {}, icon("pin"), text));
}

/**
 * @param {Shell} app
 * @param {Request} request
 */
export function warningNotes(app, { shown: { warnings = [], partner } }) {
  return warnings.map((warning) =>
    h(
      "div",
      { "data-warning": warning },
      note(
        "danger",
        h("p", { class: "note-title" }, app.words(`warning.${warning}.title`, "warning.other.title")),
        h("p", {}, app.words(`warning.${warning}.text`, "warning.other.text", { partner: partner.name })),
      ),
    ),
  );
}

/**
 * The choice to trust the browser that began. It is off until the person turns it on, and absent where a browser
 * proves nothing or something is strange.
 * @param {Shell} app
 * @param {Request} request
 * @param {{ remember?: boolean }} choice
 */
export function rememberLine(app, { shown, start, strange }, choice) {
  if (!PROVING.includes(start) || strange !== null || (shown.warnings ?? []).length > 0) return null;
  const toggle = h("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    id: "remember",
    "aria-describedby": "remember-hint",
    checked: choice.remember === true,
    onchange: () => void (choice.remember = toggle.checked),
  });
  return h(
    "section",
    { class: "remember" },
    h("label", { class: "remember-line", for: "remember" }, h("span", {}, app.t("remember.words")), toggle),
    h("p", { class: "hint", id: "remember-hint" }, app.t("remember.hint")),
  );
}
