// The pad for the code. The digits live in one closure variable and nowhere in the document: what is drawn and said
// is only how many there are.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const LENGTH = 5;
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "erase"];

/** @typedef {import("./shell.js").Shell} Shell */

/**
 * @param {Shell} app
 * @param {{ label: string, entered: (code: string) => Promise<string | null>, objection?: string | undefined }} pad
 *   `entered` gets the whole code and answers a sentence when it must be typed again; `objection` is such a sentence
 *   to begin with
 * @returns {{ element: HTMLElement, leave: () => void }}
 */
export function codePad(app, { label, entered, objection: first = "" }) {
  let digits = "";
  let working = false;
  const dots = h("div", { class: "dots", "aria-hidden": "true" });
  const count = h("p", { class: "unseen", role: "status" });
  const complaint = h("p", { class: "complaint", role: "alert", id: "code-complaint" }, first);
  const keys = h("div", { class: "keys", role: "group", "aria-label": label });

  function draw() {
    fill(
      dots,
      Array.from({ length: LENGTH }, (_, at) => h("span", { class: at < digits.length ? "dot dot-full" : "dot" })),
    );
    dots.classList.toggle("dots-working", working);
  }

  /** @param {string} digit */
  async function add(digit) {
    if (working || digits.length >= LENGTH) return;
    digits += digit;
    complaint.textContent = "";
    count.textContent = app.t("code.count", { count: digits.length });
    draw();
    if (digits.length === LENGTH) await submit();
  }

  async function submit() {
    working = true;
    keys.setAttribute("aria-busy", "true");
    count.textContent = app.t("code.checking");
    draw();
    const code = digits;
    const objection = await entered(code).catch((error) => app.explain(error));
    digits = "";
    working = false;
    keys.removeAttribute("aria-busy");
    if (objection === null) return;
    count.textContent = "";
    complaint.textContent = objection;
    dots.classList.remove("dots-wrong");
    void dots.offsetWidth; // restarts the animation
    dots.classList.add("dots-wrong");
    draw();
  }

  function erase() {
    if (working) return;
    digits = digits.slice(0, -1);
    count.textContent = app.t("code.count", { count: digits.length });
    draw();
  }

  /** @param {KeyboardEvent} event */
  function typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) void add(event.key);
    else if (event.key === "Backspace") erase();
    else return;
    event.preventDefault();
  }

  fill(
    keys,
    KEYS.map((key) => {
      if (key === "") return h("span", {});
      if (key !== "erase")
        return h("button", { type: "button", class: "key", "data-digit": key, onclick: () => add(key) }, key);
      const words = app.t("code.erase");
      return h(
        "button",
        { type: "button", class: "key key-erase", id: "code-erase", "aria-label": words, onclick: erase },
        icon("erase"),
      );
    }),
  );
  document.addEventListener("keydown", typed);
  draw();
  return {
    element: h("div", { id: "code-pad", class: "pad" }, dots, count, complaint, keys),
    leave: () => {
      digits = "";
      document.removeEventListener("keydown", typed);
    },
  };
}
