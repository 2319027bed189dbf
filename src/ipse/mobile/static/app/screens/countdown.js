// How long requests still live.

import { Problem } from "../engine/problems.js";
import { fill, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";

/** @typedef {import("../parts/shell.js").Shell} Shell */
/** @typedef {import("../engine/phone.js").Request} Request */

const LONGEST = 660;

/**
 * A phone's clock can be wrong: what is implausible is not shown.
 * @param {number} until unix seconds
 * @returns {number | null} seconds left
 */
export function secondsLeft(until) {
  const left = Math.round(until - Date.now() / 1000);
  return left > 0 && left <= LONGEST ? left : null;
}

/** @param {number} seconds */
export function clockWords(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * The clock of the request on the screen. Only the scheme says that time is over (it may have been extended on the
 * page where it began).
 * @param {Shell} app
 * @param {Request} request
 * @param {(error: unknown) => void} over
 */
export function countdown(app, request, over) {
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
    const seconds = Math.round(request.expiresAt - Date.now() / 1000);
    if (seconds > LONGEST) return;
    if (seconds > 0) fill(element, icon("clock"), app.t("request.time_left", { time: clockWords(seconds) }));
    else if (seconds % 5 === 0) void ask();
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

/**
 * The clocks of a list: every element with `data-until` says what is left of it.
 * @param {Shell} app
 * @param {Element} list
 * @returns {() => void} to stop them
 */
export function clocksOf(app, list) {
  function tick() {
    for (const clock of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-until]"))) {
      const seconds = secondsLeft(Number(clock.dataset["until"]));
      const time = seconds === null ? "" : clockWords(seconds);
      const words = time === "" ? "" : app.t("request.time_left", { time });
      clock.textContent = clock.dataset["short"] === undefined ? words : time;
      clock.setAttribute("aria-label", words);
    }
  }

  const watching = new MutationObserver(tick);
  watching.observe(list, { childList: true });
  const timer = setInterval(tick, 1000);
  tick();
  return () => {
    watching.disconnect();
    clearInterval(timer);
  };
}
