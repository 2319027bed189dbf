// A request: who asks, for which service, why, what is confirmed, and every attribute with its value. Approving and
// refusing are equally easy; "I did not start this" is one tap.

import { attributeLabel, attributeValue } from "../parts/attributes.js";
import { confirmWords, contentCard } from "../parts/contents.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { busy, button, complaint, monogram, note } from "../parts/pieces.js";
import { newReading } from "../parts/signing.js";
import { ends, openApproval, revealScreen } from "./approval.js";
import { placesLine, rememberLine, warningNotes } from "./caution.js";
import { countdown } from "./countdown.js";
import { documentScreen } from "./document.js";
import { kindOf } from "./intake.js";
import { outcomeScreen } from "./outcome.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../parts/shell.js").View} View */
/** @typedef {import("../engine/phone.js").Request} Request */
/** @typedef {import("../engine/phone.js").ShownAttribute} ShownAttribute */
/** @typedef {import("../parts/language.js").MessageId} MessageId */

/** What the person has decided so far: voluntary attributes switched off, protected values already seen. */
/** @typedef {{ off: Set<string>, seen: Record<string, unknown>, remember?: boolean, reading?: Reading }} Choice */
/** @typedef {import("../parts/signing.js").Reading} Reading */

/**
 * What is understood and cannot be signed here: a heading, and what to do.
 * @type {Map<string, { title: MessageId, text: MessageId }>}
 */
const UNSIGNABLE = new Map([
  ["signer_lost", { title: "strange.signer_lost.title", text: "strange.signer_lost" }],
  ["activation_key", { title: "strange.activation_key.title", text: "strange.activation_key" }],
]);

/**
 * @param {Shell} app
 * @param {{ request: Request, choice?: Choice }} parameters
 * @returns {View}
 */
export function requestScreen(app, parameters) {
  const { request } = parameters;
  const choice = (parameters.choice ??= { off: new Set(), seen: {} });
  const { partner, service, attributes } = request.shown;
  const problem = complaint();
  const clock = countdown(app, request, over);
  const { title, verb } = wordsFor(app, request);

  const circumstances = h("p", { class: "facts-line" }, startedBy(app, request), clock.element);
  const reader = readerOf(app, request, choice);
  // What is signed comes first, then the certificate that is made for it.
  const ordered = request.sealing === null ? request.contents : request.contents.toReversed();
  const contents = ordered.map((content) => contentCard(app, content, { contents: ordered, reader }));
  const rest = moreBelow(app);
  const purpose = service.purpose === undefined ? null : h("p", { class: "lead", id: "purpose" }, service.purpose);

  /** @param {unknown} error */
  function over(error) {
    app.open(outcomeScreen, { kind: kindOf(error), text: app.explain(error), partner: partner.name }, "reset");
  }

  return {
    name: "request",
    title,
    bare: true,
    content: [
      askerOf(app, request),
      h("h1", { id: "title", tabindex: "-1", class: request.contents.length > 0 ? "title-quiet" : "" }, title),
      problem,
      request.strange === null ? null : strangeNote(app, request.strange),
      reader.reading.differs ? differsNote(app) : null,
      ...warningNotes(app, request),
      ...(request.contents.length > 0 ? [circumstances, ...contents, purpose] : [purpose, circumstances]),
      placesLine(app, request),
      ...sharing(app, parameters, choice),
      request.sealing === null ? rememberLine(app, request, choice) : null,
      rest.end,
    ],
    actions: [
      rest.element,
      ...answers(app, request, {
        verb,
        problem,
        over,
        refusal: request.strange !== null || reader.reading.differs,
        approve: () =>
          void openApproval(app, {
            request,
            shared: sharedNames(attributes, choice),
            remember: choice.remember === true,
          }),
      }),
    ],
    leave: () => {
      clock.stop();
      rest.stop();
    },
  };
}

/**
 * Opens documents, and brings the person back to where they were on the list.
 * @param {Shell} app
 * @param {Request} request
 * @param {Choice} choice
 * @returns {import("../parts/signing.js").Reader}
 */
function readerOf(app, { action, shown, contents, sealing }, choice) {
  const reading = (choice.reading ??= newReading());
  const signature = contents.find((content) => content.type === "signature");
  const { at } = reading;
  reading.at = 0;
  if (at > 0 && !reading.differs) {
    // Once the screen is drawn.
    queueMicrotask(() => {
      const row = /** @type {HTMLElement | null} */ (document.querySelector(`[data-document="${at}"]`));
      row?.scrollIntoView({ block: "center" });
      row?.focus({ preventScroll: true });
    });
  }
  return {
    reading,
    signer: sealing !== null && !sealing.make ? sealing.signer : null,
    open: (number) => {
      const opened = signature?.documents[number - 1];
      if (signature === undefined || opened === undefined) return;
      reading.at = number;
      app.open(documentScreen, {
        action,
        partner: shown.partner.name,
        document: opened,
        hash: signature.hash_algorithm,
        number,
        count: signature.documents.length,
        opened: () => void reading.read.add(number),
        differs: () => void (reading.differs = true),
      });
    },
  };
}

/** @param {Shell} app */
function differsNote(app) {
  return h("div", { id: "differs" }, note("danger", h("p", { class: "note-title" }, app.t("document.other_file")), h("p", {}, app.t("document.other_file_more"))));
}

/**
 * Says that there is more to read than fits, until the end has come into sight.
 * @param {Shell} app
 */
function moreBelow(app) {
  const end = h("div", { class: "end", "aria-hidden": "true" });
  const element = h(
    "button",
    {
      type: "button",
      id: "more-below",
      class: "more-below",
      hidden: true,
      "aria-label": app.t("request.more"),
      onclick: () => {
        const screen = element.ownerDocument.getElementById("screen");
        screen?.scrollBy({ top: screen.clientHeight * 0.8 });
      },
    },
    icon("down"),
  );
  const sight = new IntersectionObserver(([last]) => {
    // Whoever went down with the keyboard goes on with what stands next.
    if (last?.isIntersecting && document.activeElement === element) document.getElementById("refuse")?.focus();
    element.hidden = last?.isIntersecting !== false;
  });
  sight.observe(end);
  return { element, end, stop: () => sight.disconnect() };
}

/**
 * @param {Shell} app
 * @param {Request} request
 * @returns {{ title: string, verb: string }}
 */
function wordsFor(app, { shown, contents, strange }) {
  const { type, partner } = shown;
  if (strange !== null) return { title: app.t(UNSIGNABLE.get(strange)?.title ?? "strange.title", { partner: partner.name }), verb: "" };
  if (contents.length > 0) return confirmWords(app, contents, partner.name);
  const title = app.words(`request.title_${type}`, "request.title_authentication", { partner: partner.name });
  return { title, verb: app.t("request.approve") };
}

/**
 * Who asks: the partner, and who asks on its behalf, both by name.
 * @param {Shell} app
 * @param {Request} request
 */
function askerOf(app, { action, shown: { partner, broker, service } }) {
  return h(
    "div",
    { class: "asker", "data-action": action },
    monogram(partner.name),
    h(
      "div",
      {},
      h("p", { class: "asker-name", id: "partner", dir: "auto" }, partner.name),
      broker === undefined || broker === ""
        ? null
        : h("p", { class: "asker-broker", id: "broker" }, app.t("request.through", { broker })),
      h("p", { class: "asker-service", id: "service", dir: "auto" }, service.name),
    ),
  );
}

/**
 * @param {Shell} app
 * @param {string} what
 */
function strangeNote(app, what) {
  const unsignable = UNSIGNABLE.get(what);
  return h(
    "div",
    { id: "strange", "data-what": what },
    unsignable === undefined
      ? note("danger", h("p", {}, app.t("strange.text")), h("p", {}, app.t("strange.update")))
      : note("danger", app.t(unsignable.text)),
  );
}

/**
 * @param {Shell} app
 * @param {Request} request
 */
function startedBy(app, { shown: { started } }) {
  /** @type {Record<string, import("../parts/icons.js").IconName>} */
  const pictures = { link: "phone", qr: "scan", push: "mail" };
  return h("span", {}, icon(pictures[started.how] ?? "scan"), app.words(`request.by_${started.how}`, "request.by_qr"));
}

/**
 * @param {Shell} app
 * @param {{ request: Request, choice?: Choice }} parameters
 * @param {Choice} choice
 */
function sharing(app, parameters, choice) {
  const { request } = parameters;
  const { attributes, partner, type } = request.shown;
  const required = attributes.filter((attribute) => attribute.required);
  const voluntary = attributes.filter((attribute) => !attribute.required);
  const nothing = attributes.length === 0 && request.contents.length === 0;
  return [
    nothing && type === "authentication" ? note("info", app.t("request.nothing_shared", { partner: partner.name })) : null,
    // Who has a certificate already is only asked whether this partner may know it.
    nothing && type === "signing" ? note("info", app.t("request.certificate_shown", { partner: partner.name })) : null,
    required.length === 0 ? null : group(app, parameters, choice, "request.required", required),
    voluntary.length === 0 ? null : group(app, parameters, choice, "request.voluntary", voluntary),
  ];
}

/**
 * Refusing is as easy as approving, and there is no approving of what could not be shown.
 * @param {Shell} app
 * @param {Request} request
 * @param {{ verb: string, problem: HTMLElement, over: (error: unknown) => void, refusal: boolean, approve: () => void }} parts
 *   `refusal` when there is nothing else
 */
function answers(app, request, { verb, problem, over, refusal, approve }) {
  const partner = request.shown.partner.name;
  /** @param {"declined" | "not_started"} reason */
  const reject = (reason) => async () => {
    await app.phone.reject({ request, reason });
    const nothing = app.t(request.sealing === null ? "outcome.nothing_confirmed" : "outcome.nothing_signed");
    const text = request.contents.length > 0 && reason === "declined" ? { text: nothing } : {};
    app.open(outcomeScreen, { kind: reason === "declined" ? "rejected" : "not_started", partner, ...text }, "reset");
  };
  /** @param {unknown} error */
  const failed = (error) => {
    if (ends(error)) over(error);
    else problem.textContent = app.explain(error);
  };
  const refuse = button({
    id: "refuse",
    kind: refusal ? "main" : "quiet",
    icon: "cross",
    words: app.t("request.refuse"),
    press: () => busy(refuse, reject("declined")).catch(failed),
  });
  const notMe = notMeButton(app, reject("not_started"), failed);
  if (refusal) return [refuse, notMe];
  const agree = button({ id: "approve", icon: "check", words: verb, press: approve });
  // Long words on a button have the whole width, and so has its counterpart.
  const pair = request.sealing === null ? h("div", { class: "pair" }, refuse, agree) : h("div", { class: "pair pair-tall" }, agree, refuse);
  return [pair, notMe];
}

/**
 * @param {Shell} app
 * @param {() => Promise<void>} say
 * @param {(error: unknown) => void} failed
 */
export function notMeButton(app, say, failed) {
  const press = h(
    "button",
    { type: "button", id: "not-me", class: "not-me" },
    icon("hand"),
    h("span", {}, app.t("request.not_me")),
  );
  press.addEventListener("click", () => void busy(press, say).catch(failed));
  return press;
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
          reveal: async (code) => {
            const values = await app.phone.revealRequest({ request, code });
            Object.assign(choice.seen, values);
            return values;
          },
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
