// A request: who asks, for which service, why, and every attribute with its value. Approving and refusing are equally
// easy; "I did not start this" is one tap.

import { NoAnswer, Problem } from "../engine/problems.js";
import { attributeLabel, attributeValue } from "../parts/attributes.js";
import { codePad } from "../parts/codepad.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, monogram, note } from "../parts/pieces.js";
import { kindOf } from "./intake.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Request} Request */
/** @typedef {import("../engine/phone.js").ShownAttribute} ShownAttribute */

/** What the person has decided so far: voluntary attributes switched off, protected values already seen. */
/** @typedef {{ off: Set<string>, seen: Record<string, unknown> }} Choice */

/**
 * @param {Shell} app
 * @param {{ request: Request, choice?: Choice }} parameters
 * @returns {View}
 */
export function requestScreen(app, parameters) {
  const { request } = parameters;
  const choice = (parameters.choice ??= { off: new Set(), seen: {} });
  const { partner, service, attributes, type } = request.shown;
  const required = attributes.filter((attribute) => attribute.required);
  const voluntary = attributes.filter((attribute) => !attribute.required);
  const problem = complaint();
  const clock = countdown(app, request, over);

  /** @param {unknown} error */
  function over(error) {
    app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner: partner.name }, "reset");
  }

  /** @param {"declined" | "not_started"} reason */
  const reject = (reason) => async () => {
    await app.phone.reject({ request, reason });
    app.open(
      outcomeScreen,
      { kind: reason === "declined" ? "rejected" : "not_started", partner: partner.name },
      "reset",
    );
  };
  /** @param {unknown} error */
  const failed = (error) => {
    if (ends(error)) over(error);
    else problem.textContent = app.explain(error);
  };
  const refuse = button({
    id: "refuse",
    kind: "quiet",
    icon: "cross",
    words: app.t("request.refuse"),
    press: () => busy(refuse, reject("declined")).catch(failed),
  });
  const notMe = h(
    "button",
    { type: "button", id: "not-me", class: "not-me" },
    icon("hand"),
    h("span", {}, app.t("request.not_me")),
  );
  notMe.addEventListener("click", () => void busy(notMe, reject("not_started")).catch(failed));
  const approve = button({
    id: "approve",
    icon: "check",
    words: app.t("request.approve"),
    press: () => app.open(approvalScreen, { request, shared: sharedNames(attributes, choice) }),
  });

  const title = app.t(type === "identification" ? "request.title_identification" : "request.title_authentication", {
    partner: partner.name,
  });
  return {
    name: "request",
    title,
    bare: true,
    content: [
      h(
        "div",
        { class: "asker", "data-action": request.action },
        monogram(partner.name),
        h(
          "div",
          {},
          h("p", { class: "asker-name", id: "partner" }, partner.name),
          h("p", { class: "asker-service", id: "service" }, service.name),
        ),
      ),
      h("h1", { id: "title", tabindex: "-1" }, title),
      service.purpose === undefined ? null : h("p", { class: "lead", id: "purpose" }, service.purpose),
      h(
        "p",
        { class: "facts-line" },
        h(
          "span",
          {},
          icon(request.shown.started.how === "link" ? "phone" : "scan"),
          app.t(request.shown.started.how === "link" ? "request.by_link" : "request.by_qr"),
        ),
        clock.element,
      ),
      problem,
      attributes.length === 0 ? note("info", app.t("request.nothing_shared", { partner: partner.name })) : null,
      required.length === 0 ? null : group(app, parameters, choice, "request.required", required),
      voluntary.length === 0 ? null : group(app, parameters, choice, "request.voluntary", voluntary),
    ],
    actions: [h("div", { class: "pair" }, refuse, approve), notMe],
    leave: clock.stop,
  };
}

/** @param {unknown} error */
function ends(error) {
  return error instanceof Problem && kindOf(error) === "over";
}

/**
 * @param {ShownAttribute[]} attributes
 * @param {Choice} choice
 */
function sharedNames(attributes, { off }) {
  return attributes.filter(({ name, required }) => required || !off.has(name)).map(({ name }) => name);
}

/**
 * @param {Shell} app
 * @param {{ request: Request, choice?: Choice }} parameters
 * @param {Choice} choice
 * @param {"request.required" | "request.voluntary"} heading
 * @param {ShownAttribute[]} attributes
 */
function group(app, parameters, choice, heading, attributes) {
  const id = heading.replace(".", "-");
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, app.t(heading)),
    heading === "request.voluntary" ? h("p", { class: "hint" }, app.t("request.voluntary_hint")) : null,
    h(
      "dl",
      { class: "facts" },
      attributes.map((attribute) => fact(app, parameters, choice, attribute)),
    ),
  );
}

/**
 * @param {Shell} app
 * @param {{ request: Request, choice?: Choice }} parameters
 * @param {Choice} choice
 * @param {ShownAttribute} attribute
 */
function fact(app, parameters, choice, attribute) {
  const { name, required } = attribute;
  const label = attributeLabel(app, name);
  const line = h("div", { "data-attribute": name, class: choice.off.has(name) ? "fact-off" : "" });
  const toggle = h("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    "data-share": name,
    "aria-label": app.t("request.share", { label }),
    checked: !choice.off.has(name),
    onchange: () => {
      if (toggle.checked) choice.off.delete(name);
      else choice.off.add(name);
      line.classList.toggle("fact-off", !toggle.checked);
    },
  });
  fill(
    line,
    h("dt", {}, label),
    h("dd", {}, ...factValue(app, parameters, choice, attribute)),
    required ? null : h("dd", { class: "fact-switch" }, toggle),
  );
  return line;
}

/**
 * @param {Shell} app
 * @param {{ request: Request, choice?: Choice }} parameters
 * @param {Choice} choice
 * @param {ShownAttribute} attribute
 * @returns {(Node | string)[]}
 */
function factValue(app, { request }, choice, { name, value, masked, protected: isProtected }) {
  if (!isProtected) return [attributeValue(app, name, value)];
  if (name in choice.seen) return [attributeValue(app, name, choice.seen[name])];
  const label = attributeLabel(app, name);
  const show = h(
    "button",
    {
      type: "button",
      class: "show",
      "data-reveal": name,
      "aria-label": app.t("request.show_label", { label }),
      onclick: () =>
        app.open(revealScreen, {
          reveal: async (code) => void Object.assign(choice.seen, await app.phone.revealRequest({ request, code })),
        }),
    },
    icon("eye"),
    app.t("request.show"),
  );
  return [maskedWords(app, masked ?? ""), show];
}

/**
 * A masked value: its dots say nothing to a screen reader, so it hears the ending.
 * @param {Shell} app
 * @param {string} masked
 */
export function maskedWords(app, masked) {
  const ending = masked.replaceAll("*", "");
  if (ending === "") return h("span", { class: "hidden-value" }, app.t("request.hidden"));
  return h(
    "span",
    { class: "masked" },
    h("span", { "aria-hidden": "true" }, masked.replaceAll("*", "•")),
    h("span", { class: "unseen" }, app.t("request.masked", { ending })),
  );
}

/**
 * @param {Shell} app
 * @param {{ request: Request, shared: string[] }} parameters
 * @returns {View}
 */
function approvalScreen(app, { request, shared }) {
  const partner = request.shown.partner.name;
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (code) => {
      try {
        const { returnUrl } = await app.phone.approve({ request, shared, code });
        app.open(outcomeScreen, { kind: "approved", partner, returnUrl }, "reset");
        return null;
      } catch (error) {
        return explained(app, error, partner);
      }
    },
  });
  return {
    name: "approval",
    title: app.t("approval.title"),
    content: [
      h(
        "div",
        { class: "asker asker-small" },
        monogram(partner),
        h("p", {}, app.t(request.shown.type === "identification" ? "approval.share" : "approval.log_in", { partner })),
      ),
      pad.element,
    ],
    leave: pad.leave,
  };
}

/**
 * @param {Shell} app
 * @param {unknown} error of an approval or reveal
 * @param {string} partner
 * @returns {string | null} a sentence for the pad; `null` when another screen says it
 */
function explained(app, error, partner) {
  if (error instanceof NoAnswer) {
    // Nothing may be typed again now: the message with this code is kept and decides.
    app.open(outcomeScreen, { kind: "no_answer", text: app.explain(error), partner }, "reset");
    return null;
  }
  if (error instanceof Problem && error.code === "account_blocked") {
    app.open(outcomeScreen, { kind: "blocked", text: app.explain(error), partner }, "reset");
    return null;
  }
  if (ends(error)) {
    app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner }, "reset");
    return null;
  }
  return app.explain(error);
}

/**
 * Showing protected values in full costs a code, here and in the history.
 * @param {Shell} app
 * @param {{ reveal: (code: string) => Promise<void> }} parameters
 * @returns {View}
 */
export function revealScreen(app, { reveal }) {
  const pad = codePad(app, {
    label: app.t("code.pad"),
    entered: async (code) => {
      try {
        await reveal(code);
        app.back();
        return null;
      } catch (error) {
        return explained(app, error, "");
      }
    },
  });
  return {
    name: "reveal",
    title: app.t("reveal.title"),
    content: [h("p", { class: "lead" }, app.t("reveal.lead")), pad.element],
    leave: pad.leave,
  };
}

/**
 * How long the request still lives. A phone's clock can be wrong: what is implausible is not shown, and only the
 * scheme says that time is over (it may have been extended on the page where it began).
 * @param {Shell} app
 * @param {Request} request
 * @param {(error: unknown) => void} over
 */
function countdown(app, request, over) {
  const element = h("span", { class: "clock", role: "timer", id: "time-left" });
  let asking = false;
  let left = false;

  async function ask() {
    if (asking || left) return;
    asking = true;
    try {
      request.expiresAt = (await app.phone.show(request.action)).expiresAt;
    } catch (error) {
      // Our own answer ends the request too: by then this screen is left, and what the person sees stays.
      if (error instanceof Problem && !left) over(error);
    }
    asking = false;
  }

  function tick() {
    const left = Math.round(request.expiresAt - Date.now() / 1000);
    if (left > 660) return;
    if (left > 0) {
      const words = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      fill(element, icon("clock"), app.t("request.time_left", { time: words }));
    } else if (left % 5 === 0) void ask();
  }

  tick();
  const timer = setInterval(tick, 1000);
  const silence = app.live.listen({
    changed: () => void ask(),
    trouble: (error) => (error instanceof Problem && !left ? over(error) : undefined),
  });
  return {
    element,
    stop: () => {
      left = true;
      clearInterval(timer);
      silence();
    },
  };
}
