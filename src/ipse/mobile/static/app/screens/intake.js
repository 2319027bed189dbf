// On the way to a request: opened from the list, from an app link, or from a QR that another camera read.

import { Problem } from "../engine/problems.js";
import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, waiting } from "../parts/pieces.js";
import { outcomeScreen } from "./outcome.js";
import { requestScreen } from "./request.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").ClaimStart} ClaimStart */
/** @typedef {import("../engine/phone.js").Request} Request */

/** What leads to a request: one that this phone holds already, or a start from outside. */
/** @typedef {{ action: string } | { claim: ClaimStart } | { frame: string }} Origin */

/**
 * Shows that something happens, then goes on to the request, to the two digits, or to what went wrong.
 * @param {Shell} app
 * @param {Origin} origin
 * @returns {View}
 */
export function openingScreen(app, origin) {
  let left = false;
  /** @param {Promise<void>} work */
  const run = (work) =>
    work.catch((error) => {
      if (!left) app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner: "" }, "replace");
    });

  async function go() {
    if ("frame" in origin) {
      const { ticket, digits } = await app.phone.ticket({ frame: origin.frame });
      if (left) return;
      if (digits) return app.open(digitsScreen, { ticket }, "replace");
      return showRequest(await app.phone.claim({ ticket }));
    }
    return showRequest("action" in origin ? await app.phone.show(origin.action) : await app.phone.claim(origin.claim));
  }

  /** @param {Request} request */
  function showRequest(request) {
    if (!left) app.open(requestScreen, { request }, "replace");
  }

  void run(go());
  return {
    name: "opening",
    title: app.t("opening.title"),
    content: [waiting(app.t("opening.text"))],
    leave: () => (left = true),
  };
}

/**
 * Something is under way that ends by itself.
 * @param {Shell} app
 * @returns {View}
 */
export function waitingScreen(app) {
  return { name: "waiting", title: app.t("opening.title"), back: false, content: [waiting(app.t("loading"))] };
}

/** @param {unknown} error */
export function kindOf(error) {
  if (!(error instanceof Problem)) return "no_answer";
  const over = ["request_expired", "request_ended", "request_taken", "unknown_request", "unknown_start", "stale_frame"];
  return over.includes(error.code) ? "over" : "failed";
}

/**
 * The two digits that stand beside the QR: proof that the person sees the page where this began.
 * @param {Shell} app
 * @param {{ ticket: string }} parameters
 * @returns {View}
 */
function digitsScreen(app, { ticket }) {
  const problem = complaint();
  const field = h("input", {
    id: "digits",
    class: "digits",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: 2,
    pattern: "[0-9]{2}",
    "aria-label": app.t("digits.label"),
    "aria-describedby": "complaint",
  });
  const press = button({ id: "digits-continue", words: app.t("continue"), press: goOn });

  function goOn() {
    if (!/^[0-9]{2}$/.test(field.value)) {
      problem.textContent = app.t("digits.two");
      field.focus();
      return;
    }
    void busy(press, async () => {
      const request = await app.phone.claim({ ticket, digits: field.value });
      app.open(requestScreen, { request }, "replace");
    }).catch((error) =>
      app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner: "" }, "replace"),
    );
  }

  const form = h(
    "form",
    {
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        goOn();
      },
    },
    field,
  );
  return {
    name: "digits",
    title: app.t("digits.title"),
    content: [
      h("div", { class: "figure" }, icon("shield")),
      h("p", { class: "lead" }, app.t("digits.lead")),
      form,
      problem,
    ],
    actions: [press],
  };
}
