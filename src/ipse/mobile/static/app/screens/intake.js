// On the way to a request: opened from the list, from an app link, or from a QR that another camera read.

import { Problem } from "../engine/problems.js";
import { waiting } from "../parts/pieces.js";
import { callScreen, isCalled } from "./caution.js";
import { connectingScreen } from "./connecting.js";
import { digitsScreen } from "./digits.js";
import { outcomeScreen } from "./outcome.js";
import { requestScreen } from "./request.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").ClaimStart} ClaimStart */
/** @typedef {import("../engine/phone.js").Request} Request */
/** @typedef {import("../engine/phone.js").Connecting} Connecting */

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
      if (digits) return app.open(digitsScreen, { start: { ticket } }, "replace");
      return opened(await app.phone.claim({ ticket }));
    }
    return opened("action" in origin ? await app.phone.show(origin.action) : await app.phone.claim(origin.claim));
  }

  /** @param {Request | Connecting} claimed */
  function opened(claimed) {
    if (!left) openClaimed(app, claimed);
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
 * Goes on with what a claim brought: a request, or the wait for one.
 * @param {Shell} app
 * @param {Request | Connecting} claimed
 */
export function openClaimed(app, claimed) {
  if ("waiting" in claimed) app.open(connectingScreen, claimed, "replace");
  else if (isCalled(claimed)) app.open(callScreen, { request: claimed }, "replace");
  else app.open(requestScreen, { request: claimed }, "replace");
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
  const over = ["request_expired", "request_ended", "request_taken", "unknown_request", "unknown_start", "stale_frame", "risk_too_high"];
  if (over.includes(error.code)) return "over";
  const later = ["sim_not_ready", "evidence_expired"]; // the person did nothing wrong: it works once that is mended
  return later.includes(error.code) ? "not_yet" : "failed";
}
