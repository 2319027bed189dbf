// Keeps what the app shows of its open requests up to date while somebody looks: `home`, then the watch stream, then
// `home` again whenever it says so. A hidden page closes the stream and asks anew when it is shown.

import { NoAnswer, Problem } from "./problems.js";
import { events } from "./watch.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Home} Home */
/** @typedef {{ home?: (home: Home) => void, trouble?: (error: Problem | NoAnswer) => void, changed?: () => void }} Listener */

const LONGEST_PAUSE = 30_000;

export class Live {
  #phone;
  #base;
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {AbortController | null} */
  #running = null;
  /** @type {Home | null} */
  latest = null;

  /**
   * @param {{ phone: Phone, base: string }} parts
   */
  constructor({ phone, base }) {
    this.#phone = phone;
    this.#base = base;
    document.addEventListener("visibilitychange", () => this.#follow());
    window.addEventListener("online", () => this.restart());
  }

  /**
   * Runs while there is at least one listener and the page is visible. A listener with `changed` takes the news
   * itself, so that asking `home` does not come between a request on the screen and its challenge.
   * @param {Listener} listener
   * @returns {() => void} to stop listening
   */
  listen(listener) {
    this.#listeners.add(listener);
    this.#follow();
    return () => {
      this.#listeners.delete(listener);
      // The next screen may listen at once; only when it does not, the stream ends.
      setTimeout(() => this.#follow(), 0);
    };
  }

  /** Asks anew at once. */
  restart() {
    this.#running?.abort();
    this.#running = null;
    this.#follow();
  }

  #follow() {
    const wanted = this.#listeners.size > 0 && document.visibilityState === "visible";
    if (wanted && this.#running === null) {
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    }
    if (!wanted) {
      this.#running?.abort();
      this.#running = null;
    }
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    let pause = 1000;
    while (!signal.aborted) {
      try {
        const home = await this.#ask();
        if (signal.aborted) return;
        const watching = { base: this.#base, token: home.watch, signal, fetch: window.fetch.bind(window) };
        for await (const name of events(watching)) {
          pause = 1000;
          if (name === "changed") await this.#tell();
          if (name === "stopped") break;
        }
      } catch (error) {
        if (signal.aborted) return;
        const known = error instanceof Problem || error instanceof NoAnswer;
        if (known) for (const { trouble } of this.#listeners) trouble?.(error);
        if (error instanceof Problem && error.code !== "too_many_requests") return this.#end(signal);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /**
   * What was known no longer holds; whoever listens next asks anew.
   * @param {AbortSignal} signal
   */
  #end(signal) {
    this.latest = null;
    if (this.#running?.signal === signal) this.#running = null;
  }

  async #tell() {
    const takers = [...this.#listeners].filter(({ changed }) => changed !== undefined);
    for (const { changed } of takers) changed?.();
    if (takers.length === 0) await this.#ask();
  }

  async #ask() {
    const home = await this.#phone.home();
    this.latest = home;
    for (const { home: hear } of this.#listeners) hear?.(home);
    return home;
  }
}
