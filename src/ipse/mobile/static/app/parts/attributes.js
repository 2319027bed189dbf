// Names and values of attributes in the words of people.

import { h } from "./dom.js";
import { LOCALES } from "./language.js";

/** @typedef {import("./shell.js").Shell} Shell */

const COUNTRY_CODES = new Set(["claim_citizenship", "claim_citizenship_as_iso", "IDIssuingCountry", "country"]);
const PHOTO = /^image\/(jpeg|png|webp)$/;

/**
 * ISO 3166-1 alpha-3 to alpha-2, for the countries that people of this scheme come from; browsers name only the latter.
 */
const ALPHA3 = new Map(
  (
    "AUT:AT BEL:BE BGR:BG CHE:CH CYP:CY CZE:CZ DEU:DE DNK:DK ESP:ES EST:EE FIN:FI FRA:FR GBR:GB GRC:GR HRV:HR HUN:HU " +
    "IRL:IE ISL:IS ITA:IT LTU:LT LUX:LU LVA:LV MAR:MA MDA:MD MLT:MT NLD:NL NOR:NO POL:PL PRT:PT ROU:RO SRB:RS SVK:SK " +
    "SVN:SI SWE:SE TUR:TR UKR:UA USA:US"
  )
    .split(" ")
    .map((pair) => /** @type {[string, string]} */ (pair.split(":"))),
);

/**
 * @param {Shell} app
 * @param {string} name as the protocol has it
 */
export function attributeLabel(app, name) {
  if (`attribute.${name}` in app.catalogue) return app.words(`attribute.${name}`, "attribute.other");
  const national = /^([A-Z]{2})NationalNumber$/.exec(name)?.[1];
  if (national !== undefined) return app.t("attribute.national_number", { country: countryName(app, national) });
  const spaced = name.replaceAll("_", " ");
  return spaced.charAt(0).toLocaleUpperCase() + spaced.slice(1);
}

/**
 * @param {Shell} app
 * @param {string} name
 * @param {unknown} value
 * @returns {Node | string} a photo as a picture, everything else as words
 */
export function attributeValue(app, name, value) {
  if (typeof value === "boolean") return app.t(value ? "yes" : "no");
  if (typeof value === "number") return value.toLocaleString(LOCALES[app.language]);
  if (typeof value === "string") return wordsOf(app, name, value);
  if (Array.isArray(value)) return value.map((item) => String(item)).join(", ");
  if (typeof value !== "object" || value === null) return "";
  const members = /** @type {Record<string, unknown>} */ (value);
  const photo = photoOf(app, members);
  return photo ?? structured(app, members);
}

/**
 * @param {Shell} app
 * @param {Record<string, unknown>} members
 */
function photoOf(app, { format, value }) {
  if (typeof format !== "string" || typeof value !== "string" || !format.startsWith("image/")) return null;
  if (!PHOTO.test(format)) return app.t("attribute.photo_not_shown");
  return h("img", { class: "photo", alt: app.t("attribute.photo_of_you"), src: `data:${format};base64,${value}` });
}

/**
 * @param {Shell} app
 * @param {Record<string, unknown>} members
 */
function structured(app, members) {
  if (typeof members["formatted"] === "string") return h("span", { class: "lines" }, members["formatted"]);
  const street = members["street_address"];
  const place = [members["postal_code"], members["locality"]].filter((part) => typeof part === "string").join(" ");
  if (typeof street === "string" || place !== "") {
    const country = typeof members["country"] === "string" ? countryName(app, members["country"]) : "";
    const lines = [street, place, country].filter((line) => typeof line === "string" && line !== "");
    return h("span", { class: "lines" }, lines.join("\n"));
  }
  const lines = Object.entries(members).map(([name, value]) => {
    const shown = typeof value === "object" ? JSON.stringify(value) : wordsOf(app, name, String(value));
    return `${attributeLabel(app, name)}: ${shown}`;
  });
  return h("span", { class: "lines" }, lines.join("\n"));
}

/**
 * @param {Shell} app
 * @param {string} name
 * @param {string} value
 */
function wordsOf(app, name, value) {
  if (COUNTRY_CODES.has(name)) return countryName(app, value);
  if (name === "IDDocumentType") return app.words(`document_type.${value.charAt(0)}`, "attribute.other");
  if (name === "gender") return app.words(`gender.${value}`, "gender.unknown");
  if (name === "locale") return app.words(`language.${value.slice(0, 2).toLowerCase()}`, "attribute.other");
  const day = /^(\d{4})-(\d{2})-(\d{2})(T.*)?$/.exec(value);
  return day === null ? value : dateWords(app, Number(day[1]), Number(day[2]), Number(day[3]));
}

/**
 * @param {Shell} app
 * @param {number} year
 * @param {number} month 1 to 12
 * @param {number} day
 */
function dateWords(app, year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.toLocaleDateString(LOCALES[app.language], {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}

/**
 * @param {Shell} app
 * @param {string} code ISO 3166-1, two or three letters; anything else comes back as it is
 */
export function countryName(app, code) {
  const region = ALPHA3.get(code) ?? code;
  if (!/^[A-Z]{2}$/.test(region)) return code;
  return new Intl.DisplayNames([app.language], { type: "region" }).of(region) ?? code;
}

/**
 * @param {Shell} app
 * @param {number} milliseconds unix
 * @returns {string} day and time as this phone's clock and place say them
 */
export function momentWords(app, milliseconds) {
  const date = new Date(milliseconds);
  const time = date.toLocaleTimeString(LOCALES[app.language], { hour: "2-digit", minute: "2-digit" });
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return app.t("moment.today", { time });
  today.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return app.t("moment.yesterday", { time });
  const day = date.toLocaleDateString(LOCALES[app.language], { day: "numeric", month: "long", year: "numeric" });
  return app.t("moment.other", { day, time });
}
