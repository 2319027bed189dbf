// A scan said who is here; what the partner asks arrives a moment later, as a request of its own.

import { Problem } from "../engine/problems.js";
import { h } from "../parts/dom.js";
import { button, monogram } from "../parts/pieces.js";
import { openRequest } from "./home.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Connecting} Connecting */
/** @typedef {import("../engine/phone.js").Home} Home */

const LONGEST_MILLISECONDS = 180_000;

/**
 * @param {Shell} app
 * @param {Connecting} connecting
 * @returns {View}
 */
export function connectingScreen(app, { action, partner, service, expiresAt }) {
  const silence = app.live.listen({ home: look, trouble: (error) => void (error instanceof Problem && app.ways.home()) });
  // A phone's clock can be wrong: what is implausible is replaced by how long a request may wait.
  const left = expiresAt * 1000 - Date.now();
  const patience = left > 0 && left <= LONGEST_MILLISECONDS ? left : LONGEST_MILLISECONDS;
  const timer = setTimeout(() => {
    app.open(outcomeScreen, { kind: "over", partner, text: app.t("connecting.nothing", { partner }) }, "reset");
  }, patience);

  /** @param {Home} home */
  function look({ open }) {
    const request = open.find(({ partner: asking, claimed = true }) => asking === partner && !claimed);
    if (request !== undefined) openRequest(app, request, "replace");
  }

  function stop() {
    // Nobody waits for the answer: where it comes too late, the request that follows can still be refused.
    app.phone.refuseAddressed({ action, partner, reason: "declined" }).catch(() => undefined);
    app.ways.home();
  }

  return {
    name: "connecting",
    title: app.t("connecting.title", { partner }),
    bare: true,
    back: false,
    content: [
      h(
        "div",
        { class: "outcome", id: "connecting" },
        h("div", { class: "connecting-figure" }, monogram(partner), h("span", { class: "spinner", "aria-hidden": "true" })),
        h("h1", { id: "title", tabindex: "-1" }, app.t("connecting.title", { partner })),
        service === "" ? null : h("p", { class: "asker-service", id: "service" }, service),
        h("p", { class: "lead" }, app.t("connecting.text", { partner })),
      ),
    ],
    actions: [button({ id: "cancel", kind: "quiet", words: app.t("connecting.cancel"), press: stop })],
    leave: () => {
      clearTimeout(timer);
      silence();
    },
  };
}
