// Activation with an eID card: a reader at this browser, or at another computer whose page then shows a moving code.

import { Problem } from "../engine/problems.js";
import { startOfFragment } from "../engine/starts.js";
import { h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { button, note } from "../parts/pieces.js";
import { openCamera } from "../scanner/camera.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/**
 * What is enrolled or renewed, and who takes what the computer shows: by default an activation does. A renewal leaves
 * the identity as it is when it fails.
 * @typedef {{
 *   enrolment: { startUrl: string, card?: { address: string, code: string } },
 *   objection?: string,
 *   bring?: ((value: string) => Promise<void>) | undefined,
 * }} AtComputer
 */

/**
 * Where the reader is decides how it goes on: here, or at a computer where the code is typed.
 * @param {Shell} app
 * @param {AtComputer} parameters
 * @returns {View}
 */
export function cardScreen(app, { enrolment, objection, bring }) {
  const { address, code } = enrolment.card ?? { address: "", code: "" };
  const shown = `${code.slice(0, 4)}-${code.slice(4)}`;
  return {
    name: "card",
    title: app.t("card.title"),
    back: false,
    content: [
      h("div", { class: "figure" }, icon("card")),
      ...(objection === undefined ? [] : [note("warning", objection)]),
      h("p", { class: "lead" }, app.t("card.lead")),
      h(
        "dl",
        { class: "facts card-facts" },
        h("div", {}, h("dt", {}, app.t("card.address")), h("dd", { id: "card-address" }, withoutScheme(address))),
        h("div", {}, h("dt", {}, app.t("card.code")), h("dd", { id: "card-code", "data-code": code }, shown)),
      ),
      note("warning", app.t("card.warning")),
    ],
    actions: [
      button({
        id: "card-scan",
        icon: "scan",
        words: app.t("card.scan"),
        press: () => app.open(cardScanScreen, { enrolment, bring }),
      }),
      button({
        id: "card-here",
        kind: "quiet",
        words: app.t("card.here"),
        press: () => location.assign(enrolment.startUrl),
      }),
      bring === undefined
        ? button({ id: "start-again", kind: "quiet", words: app.t("start_again"), press: () => void app.ways.startAgain() })
        : button({ id: "card-home", kind: "quiet", words: app.t("move.cancel"), press: () => app.ways.home() }),
    ],
  };
}

/** @param {string} address as people type it */
function withoutScheme(address) {
  return address.replace(/^https?:\/\//, "");
}

/**
 * Reads the moving code on the computer's page. Each of its pictures counts for seconds; the next one will do.
 * @param {Shell} app
 * @param {AtComputer} parameters
 * @returns {View}
 */
export function cardScanScreen(app, { enrolment, bring }) {
  const video = h("video", { id: "camera", autoplay: true, playsinline: true, "aria-label": app.t("scan.camera") });
  video.muted = true;
  const hint = h("p", { class: "scan-hint", role: "status", id: "scan-hint" }, app.t("scan.starting"));
  const frame = h(
    "div",
    { class: "viewfinder", "data-state": "starting" },
    video,
    h("div", { class: "corners", "aria-hidden": "true" }, h("span"), h("span"), h("span"), h("span"), h("i")),
  );
  const stopping = new AbortController();
  let bringing = false;

  /** @param {string} content */
  async function read(content) {
    if (bringing || stopping.signal.aborted) return;
    const value = returnOf(app, content);
    if (value === null) {
      hint.textContent = app.t("scan.foreign");
      return;
    }
    bringing = true;
    hint.textContent = app.t("scan.found");
    frame.setAttribute("data-state", "found");
    try {
      if (bring === undefined) await app.phone.presentReturn(value);
      else await bring(value);
      stopping.abort();
      if (bring === undefined) app.ways.home();
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Problem && error.code !== "stale_return") {
        app.ways.ended(error.why ?? error.code);
        return;
      }
      hint.textContent = error instanceof Problem ? app.t("scan.stale") : app.explain(error);
      frame.setAttribute("data-state", "looking");
    } finally {
      bringing = false;
    }
  }

  openCamera({ video, signal: stopping.signal, found: (content) => void read(content) })
    .then(() => {
      if (stopping.signal.aborted) return;
      frame.setAttribute("data-state", "looking");
      hint.textContent = app.t("card.looking");
    })
    .catch((error) => {
      frame.setAttribute("data-state", "none");
      const denied = error instanceof DOMException && error.name === "NotAllowedError";
      hint.textContent = app.t(denied ? "card.denied" : "card.no_camera"); // nothing of it can be typed
    });

  return {
    name: "card-scan",
    title: app.t("card.scan"),
    content: [frame, hint],
    actions: [
      button({
        id: "card-back",
        kind: "quiet",
        words: app.t("card.code_again"),
        press: () => app.open(cardScreen, { enrolment, bring }, "replace"),
      }),
    ],
    leave: () => stopping.abort(),
  };
}

/**
 * The value in an address of this app that a registrar's return leads to; null for anything else.
 * @param {Shell} app
 * @param {string} content
 * @returns {string | null}
 */
function returnOf(app, content) {
  if (!URL.canParse(content)) return null;
  const url = new URL(content);
  const start = app.origins.includes(url.origin) ? startOfFragment(url.hash) : null;
  return start?.kind === "return" ? start.value : null;
}
