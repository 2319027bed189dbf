// One document that is to be signed: its whole digests and, where the scheme holds it, its pages and the file itself.

import { OpenedDocument } from "../engine/papers.js";
import { Problem } from "../engine/problems.js";
import { fill, h } from "../parts/dom.js";
import { busy, button, complaint, note, waiting } from "../parts/pieces.js";
import { digestWords, facts } from "../parts/signing.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/contents.js").SignatureDocument} SignatureDocument */

/**
 * @param {Shell} app
 * @param {{ action: string, partner: string, document: SignatureDocument, hash: string, number: number, count: number, opened: () => void, differs: () => void }} parameters
 * @returns {View}
 */
export function documentScreen(app, { action, partner, document: shown, hash, number, count, opened, differs }) {
  const held = shown.document !== "";
  const paper = held ? paperOf(app, { action, shown, opened, differs }) : null;
  if (!held) opened();
  return {
    name: "document",
    title: shown.label,
    bare: true,
    content: [
      h("p", { class: "confirm-label", id: "position" }, app.t("document.position", { number, count })),
      h("h1", { id: "title", tabindex: "-1", dir: "auto" }, shown.label),
      ...(paper === null ? [note("info", h("p", { id: "not-held" }, app.t("document.not_held", { partner })))] : paper.content),
      h("div", { class: "confirm digests" }, digests(app, shown, hash)),
    ],
    actions: [
      paper === null ? null : paper.open,
      button({ id: "document-back", words: app.t("document.back"), press: () => app.back() }),
    ],
    ...(paper === null ? {} : { leave: paper.leave }),
  };
}

/**
 * @param {Shell} app
 * @param {SignatureDocument} shown
 * @param {string} hash
 */
function digests(app, { file_digest: file, digest }, hash) {
  /** @param {string} value @param {string} part */
  const whole = (value, part) => h("span", { class: "digest", "data-part": part }, digestWords(value, "whole"));
  return facts([
    file === "" ? null : [app.t("document.file_digest"), whole(file, "file_digest")],
    [app.t(file === "" ? "document.digest" : "document.signed_digest", { hash }), whole(digest, "digest")],
  ]);
}

/**
 * The pages one below the other, fetched as they come into sight, and the file.
 * @param {Shell} app
 * @param {{ action: string, shown: SignatureDocument, opened: () => void, differs: () => void }} what
 */
function paperOf(app, { action, shown, opened, differs }) {
  const paper = new OpenedDocument(app.phone, { action, document: shown.document });
  const problem = complaint();
  const checked = h("div", { id: "file-checked", class: "checked", role: "status" });
  const pages = h("div", { class: "pages", id: "pages" }, waiting(app.t("document.loading")));
  /** @type {string[]} */
  const addresses = [];
  let left = false;

  /** @param {Blob} blob */
  function addressOf(blob) {
    const address = URL.createObjectURL(blob);
    addresses.push(address);
    return address;
  }

  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        sight.unobserve(target);
        void draw(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: "600px 0px" },
  );

  /** @param {HTMLElement} frame */
  async function draw(frame) {
    const page = Number(frame.dataset["page"]);
    try {
      const picture = await paper.page(page);
      if (!left) fill(frame, h("img", { src: addressOf(picture), alt: frame.getAttribute("aria-label") ?? "" }));
    } catch {
      if (!left) fill(frame, h("p", { class: "hint" }, app.t("document.no_page")));
    }
  }

  async function show() {
    try {
      const count = await paper.pages();
      if (left) return;
      opened();
      const frames = Array.from({ length: count }, (_, at) =>
        h("div", { class: "page", "data-page": at + 1, role: "group", "aria-label": app.t("document.page", { page: at + 1, pages: count }) }),
      );
      fill(pages, frames.length === 0 ? h("p", { class: "hint" }, app.t("document.no_pages")) : frames);
      for (const frame of frames) sight.observe(frame);
    } catch (error) {
      if (left) return;
      const again = h("button", { type: "button", class: "text-button", id: "document-again" }, app.t("try_again"));
      again.addEventListener("click", () => {
        fill(pages, waiting(app.t("document.loading")));
        void show();
      });
      fill(pages, note("warning", h("p", {}, app.explain(error)), again));
    }
  }

  async function openFile() {
    problem.textContent = "";
    fill(checked);
    try {
      const file = await paper.file(shown.file_digest);
      if (left) return;
      const link = h("a", { href: addressOf(file), download: shown.label, id: "file-link", class: "text-button" }, app.t("document.again"));
      fill(checked, note("ok", h("p", {}, app.t("document.checked")), link));
      link.click();
    } catch (error) {
      if (left) return;
      if (error instanceof Problem && error.code === "other_file") {
        differs();
        fill(checked, note("danger", h("p", { class: "note-title", id: "other-file" }, app.t("document.other_file")), h("p", {}, app.t("document.other_file_more"))));
      } else problem.textContent = app.explain(error);
    }
    checked.scrollIntoView({ block: "nearest" });
  }

  const open = button({ id: "open-file", kind: "quiet", icon: "sheet", words: app.t("document.open"), press: () => busy(open, openFile) });
  void show();
  return {
    content: [checked, problem, pages],
    open,
    leave: () => {
      left = true;
      sight.disconnect();
      for (const address of addresses) URL.revokeObjectURL(address);
    },
  };
}
