// What this phone says of itself. A browser truly knows very little: nothing here is guessed, and what is not known
// is absent.

/**
 * What is kept of this installation of the app, whoever's identity lives in it.
 * @typedef {{ id: string, installed: string, label: string }} Installation
 *   a random id; the day the app was first opened here, `YYYY-MM-DD`; the name a person gave this phone, or nothing
 */

export class Device {
  #installation;
  #os;
  #keep;

  /**
   * @param {{ installation: Installation, os: string | null, keep: (installation: Installation) => Promise<void> }} parts
   */
  constructor({ installation, os, keep }) {
    this.#installation = installation;
    this.#os = os;
    this.#keep = keep;
  }

  get label() {
    return this.#installation.label;
  }

  /** @param {string} label what the person calls this phone; empty takes the name away */
  async rename(label) {
    this.#installation = { ...this.#installation, label: label.trim().slice(0, 60) };
    await this.#keep(this.#installation);
  }

  /**
   * @param {{ name: string, version: string }} app
   * @returns {Record<string, string>} the `device` member of messages (protocol §7)
   */
  report(app) {
    const { id, installed, label } = this.#installation;
    return {
      ...(this.#os === null ? {} : { os: this.#os }),
      appName: app.name,
      appRelease: app.version,
      appInstalledDate: installed,
      deviceId: id,
      ...(label === "" ? {} : { deviceLabel: label }),
    };
  }
}

/** @type {[RegExp, string][]} */
const FAMILIES = [
  [/android/i, "Android"],
  [/iphone|ipad|ipod|^ios$/i, "iOS"],
  [/cros|chrome ?os/i, "ChromeOS"],
  [/mac/i, "macOS"],
  [/win/i, "Windows"],
  [/linux|x11/i, "Linux"],
];

/**
 * The family of the operating system, as the browser says it.
 * @param {{ platform?: string | undefined, userAgent: string, touchPoints: number }} browser
 * @returns {string | null}
 */
export function familyOf({ platform = "", userAgent, touchPoints }) {
  const system = /\(([^)]*)\)/.exec(userAgent)?.[1] ?? "";
  for (const words of [platform, system]) {
    const family = FAMILIES.find(([pattern]) => pattern.test(words))?.[1];
    // A tablet of Apple calls itself a Mac; a Mac has no screen to touch.
    if (family === "macOS" && touchPoints > 1) return "iOS";
    if (family !== undefined) return family;
  }
  return null;
}
