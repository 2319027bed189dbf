// Being woken when somebody asks (Web Push): a courtesy. Every way of the app works without it.

import { b64u, b64uDecode } from "./encoding.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {"on" | "off" | "denied" | "none"} Waking `none`: this browser or this scheme wakes nobody */

/** Why the phone cannot be woken: `denied` by the person or the browser, or the browser's `service` does not help. */
export class NotWoken extends Error {
  /** @param {"denied" | "service"} why */
  constructor(why) {
    super(why);
    this.why = why;
  }
}

function supported() {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

/**
 * @param {Phone} phone
 * @returns {Promise<Waking>}
 */
export async function waking(phone) {
  if (!supported() || !(await phone.configuration()).push_key) return "none";
  if (Notification.permission === "denied") return "denied";
  return (await phone.record())?.waking ? "on" : "off";
}

/**
 * Asks the person, then the browser's push service, then tells the scheme.
 * @param {Phone} phone
 * @throws {NotWoken}
 */
export async function wakeThis(phone) {
  if ((await Notification.requestPermission()) !== "granted") throw new NotWoken("denied");
  await told(phone, await subscription(phone));
}

/**
 * Wakes this phone no more.
 * @param {Phone} phone
 */
export async function wakeNoMore(phone) {
  await phone.say({ type: "unpush", path: "/push/end", members: () => ({}) });
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/**
 * At each start: a subscription that the browser has replaced or lost is made and told anew.
 * @param {Phone} phone
 */
export async function keepWaking(phone) {
  const known = (await phone.record())?.waking;
  if (!known || !supported() || Notification.permission !== "granted") return;
  const present = await subscription(phone);
  if (present.endpoint !== known) await told(phone, present);
}

/** @param {Phone} phone */
async function subscription(phone) {
  const key = (await phone.configuration()).push_key;
  if (!key) throw new NotWoken("service");
  const { pushManager } = await navigator.serviceWorker.ready;
  const wish = { userVisibleOnly: true, applicationServerKey: b64uDecode(key) };
  try {
    return (await pushManager.getSubscription()) ?? (await pushManager.subscribe(wish));
  } catch {
    throw new NotWoken("service");
  }
}

/**
 * @param {Phone} phone
 * @param {PushSubscription} present
 */
async function told(phone, present) {
  const keys = { p256dh: b64u(present.getKey("p256dh") ?? new ArrayBuffer(0)), auth: b64u(present.getKey("auth") ?? new ArrayBuffer(0)) };
  const members = () => ({ subscription: { endpoint: present.endpoint, keys } });
  try {
    await phone.say({ type: "push", path: "/push", kept: { endpoint: present.endpoint }, members });
  } catch (error) {
    await present.unsubscribe().catch(() => false);
    throw error;
  }
}
