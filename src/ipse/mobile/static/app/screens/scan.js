// The app's own scanner, and a field for those who have no camera.

import { startOfAddress } from "../engine/starts.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint } from "../parts/pieces.js";
import { Problem } from "../engine/problems.js";
import { openCamera } from "../scanner/camera.js";
import { kindOf, openClaimed, openingScreen } from "./intake.js";
import { openMeeting } from "./moving.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/starts.js").Start} Start */
/** @typedef {import("../scanner/camera.js").Camera} Camera */

/**
 * @param {Shell} app
 * @returns {View}
 */
export function scanScreen(app) {
  const video = h("video", {
    id: "camera",
    autoplay: true,
    muted: true,
    playsinline: true,
    "aria-label": app.t("scan.camera"),
  });
  video.muted = true;
  const hint = h("p", { class: "scan-hint", role: "status", id: "scan-hint" }, app.t("scan.starting"));
  const frame = h(
    "div",
    { class: "viewfinder", "data-state": "starting" },
    video,
    h("div", { class: "corners", "aria-hidden": "true" }, h("span"), h("span"), h("span"), h("span"), h("i")),
  );
  const stopping = new AbortController();
  let claiming = false;

  /** @param {string} content */
  async function read(content) {
    if (claiming || stopping.signal.aborted) return;
    const start = startOfAddress(content, app.origins);
    if (start === null) {
      hint.textContent = app.t("scan.foreign");
      return;
    }
    claiming = true;
    if (start.kind === "move") {
      // Only what this phone's own camera read, or its person typed: a link from elsewhere moves nobody's identity.
      await openMeeting(app, start.value, "replace").catch((error) => (hint.textContent = app.explain(error)));
      claiming = false;
      return;
    }
    hint.textContent = app.t("scan.found");
    frame.setAttribute("data-state", "found");
    navigator.vibrate?.(30);
    await claim(start);
    claiming = false;
  }

  /** @param {Start} start read by this phone's own camera: a frame is claimed directly, nothing is typed */
  async function claim(start) {
    try {
      const claimed = await app.phone.claim(start.kind === "link" ? { link: start.value } : { frame: start.value });
      if (!stopping.signal.aborted) openClaimed(app, claimed);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Problem && error.code === "stale_frame") {
        hint.textContent = app.t("scan.stale");
        frame.setAttribute("data-state", "looking");
        return;
      }
      app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner: "" }, "reset");
    }
  }

  openCamera({ video, signal: stopping.signal, found: (content) => void read(content) })
    .then((camera) => {
      if (stopping.signal.aborted) return;
      frame.setAttribute("data-state", "looking");
      hint.textContent = app.t("scan.looking");
      if (camera.torch !== null) frame.append(torchButton(app, camera.torch));
    })
    .catch((error) => {
      frame.setAttribute("data-state", "none");
      fill(frame, icon("camera"));
      const denied = error instanceof DOMException && error.name === "NotAllowedError";
      fill(hint, app.t(denied ? "scan.denied" : "scan.no_camera"));
    });

  return {
    name: "scan",
    title: app.t("scan.title"),
    content: [frame, hint],
    actions: [
      button({
        id: "scan-paste",
        kind: "quiet",
        icon: "paste",
        words: app.t("scan.paste"),
        press: () => app.open(pasteScreen, undefined, "replace"),
      }),
    ],
    leave: () => stopping.abort(),
  };
}

/**
 * @param {Shell} app
 * @param {(on: boolean) => Promise<void>} torch
 */
function torchButton(app, torch) {
  const press = h(
    "button",
    { type: "button", class: "torch", "aria-pressed": "false", "aria-label": app.t("scan.torch") },
    icon("torch"),
  );
  press.addEventListener("click", () => {
    const on = press.getAttribute("aria-pressed") !== "true";
    void busy(press, () => torch(on)).then(() => press.setAttribute("aria-pressed", String(on)));
  });
  return press;
}

/**
 * What a QR says, typed or pasted. Since no camera of this phone read it, the two digits are asked.
 * @param {Shell} app
 * @returns {View}
 */
export function pasteScreen(app) {
  const problem = complaint();
  const field = h("textarea", {
    id: "paste",
    rows: 3,
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    "aria-label": app.t("paste.label"),
    "aria-describedby": "complaint",
  });

  function goOn() {
    const start = startOfAddress(field.value, app.origins);
    if (start === null) {
      problem.textContent = app.t("scan.foreign");
      field.focus();
      return;
    }
    if (start.kind === "move") {
      openMeeting(app, start.value, "replace").catch((error) => (problem.textContent = app.explain(error)));
      return;
    }
    app.open(
      openingScreen,
      start.kind === "frame" ? { frame: start.value } : { claim: { link: start.value } },
      "replace",
    );
  }

  return {
    name: "paste",
    title: app.t("paste.title"),
    content: [h("p", { class: "lead" }, app.t("paste.lead")), h("div", { class: "field" }, field), problem],
    actions: [
      button({ id: "paste-continue", words: app.t("continue"), press: goOn }),
      button({
        id: "paste-scan",
        kind: "quiet",
        icon: "camera",
        words: app.t("paste.scan"),
        press: () => app.open(scanScreen, undefined, "replace"),
      }),
    ],
  };
}
