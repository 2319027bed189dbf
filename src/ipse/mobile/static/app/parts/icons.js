// The icons, drawn as strokes on a 24 unit grid. They are always decoration: what they mean stands beside them in
// words or in the accessible name of their button.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  alert: "M12 4 2.8 19.5h18.4L12 4Zm0 6v4.5m0 2.8v.2",
  arrow: "M5 12h14m-6-6 6 6-6 6",
  back: "M14.5 5.5 8 12l6.5 6.5",
  badge: "M4 5h16v11H12.5M4 5v11h2.5M7.5 8.5h9m-9 3h4M9.5 13a3 3 0 1 0 0 6 3 3 0 0 0 0-6Zm-1.7 5.6v3.2l1.7-1 1.7 1v-3.2",
  bell: "M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5l1.5-1.5Zm3.7 3.2h3.6M12 5.5V4",
  bank: "M4 10h16L12 4.5 4 10Zm2 0v8m4-8v8m4-8v8m4-8v8M3.5 19.5h17",
  block: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM6 6l12 12",
  browser: "M3.5 5h17v14h-17V5Zm0 4.2h17M6.3 7v.2m2.7-.2v.2",
  camera: "M4 8.5h3.2L9 6h6l1.8 2.5H20v10H4v-10Zm8 1.7a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8Z",
  card: "M3 6h18v12.5H3V6Zm3.2 4.2h4.3v3.6H6.2v-3.6Zm7.8.3h3.8M14 14h2.6",
  check: "m5 12.8 4.6 4.7L19.2 7",
  clock: "M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4ZM12 7.6V12l3 2.2",
  cloud: "M7.2 18.5a4.2 4.2 0 0 1-.5-8.4 5.6 5.6 0 0 1 10.7 1.2 3.7 3.7 0 0 1-.4 7.2H7.2Z",
  cross: "m6.5 6.5 11 11m0-11-11 11",
  disk: "M4.5 7c0-1.5 3.4-2.7 7.5-2.7S19.5 5.5 19.5 7s-3.4 2.7-7.5 2.7S4.5 8.5 4.5 7Zm0 0v10c0 1.5 3.4 2.7 7.5 2.7s7.5-1.2 7.5-2.7V7m-15 5c0 1.5 3.4 2.7 7.5 2.7s7.5-1.2 7.5-2.7",
  dial: "M5.5 17.5a8.5 8.5 0 1 1 13 0M12 13.5l3.5-4.5M12 12.3a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8Z",
  down: "m5.5 9.5 6.5 6.5 6.5-6.5",
  erase: "M9 6h11v12H9l-5-6 5-6Zm3 4 4 4m0-4-4 4",
  eye: "M2.8 12S6.2 6 12 6s9.2 6 9.2 6-3.4 6-9.2 6-9.2-6-9.2-6ZM12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4Z",
  finger:
    "M6 8.2a7.2 7.2 0 0 1 12 0M4.8 12.5a7.2 7.2 0 0 1 14.4 0v2.2M8 19.2c-.5-2-.4-4.4-.4-6.7a4.4 4.4 0 0 1 8.8 0c0 2.4 0 4.4-.8 6.2M12 12.2c.1 3.4-.1 5.8-.9 8",
  globe:
    "M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4Zm0 0c2.4 2.4 3.4 5.2 3.4 8.2s-1 5.8-3.4 8.2c-2.4-2.4-3.4-5.2-3.4-8.2s1-5.8 3.4-8.2ZM4 12h16",
  hand: "M8 12.5V6.2a1.3 1.3 0 0 1 2.6 0v4.6-6a1.3 1.3 0 0 1 2.6 0v6-5a1.3 1.3 0 0 1 2.6 0v6.2-3.2a1.3 1.3 0 0 1 2.6 0v5c0 4-2.4 6.7-6 6.7-3 0-4.4-1.2-5.9-4L4.3 12.7c-.6-1.2.9-2.3 1.9-1.3L8 13.3",
  home: "M4 11 12 4.5 20 11v8.5h-5.2V14H9.2v5.5H4V11Z",
  info: "M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4Zm0 7.2v5.2m0-8.2v.2",
  key: "M8.5 8.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4Zm3.2 1.5L19.5 5m-3.5 2.5 2.3 3.2",
  link: "M14 5h5v5m0-5-8 8m-1.5-7H5v13h13v-4.5",
  lock: "M6.5 11h11v8.5h-11V11Zm2.3 0V8a3.2 3.2 0 0 1 6.4 0v3M12 14.5V16",
  mail: "M4 6.5h16v11.5H4V6.5Zm0 1 8 6 8-6",
  next: "M9.5 5.5 16 12l-6.5 6.5",
  paste: "M8.5 5.5h-3V20h13V5.5h-3M9 4h6v3.5H9V4Zm0 8h6m-6 3.5h4",
  pin: "M12 20.5s6.5-5.6 6.5-10.7a6.5 6.5 0 0 0-13 0C5.5 14.9 12 20.5 12 20.5ZM12 7.5a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8Z",
  pen: "M4 20.2h16M6 16.5l.9-3.9L15.7 3.8a1.6 1.6 0 0 1 2.3 0l1 1a1.6 1.6 0 0 1 0 2.3L10 15.8l-4 .7Zm7.8-10.8 3.3 3.3",
  phone: "M7.5 3.5h9v17h-9v-17Zm3.5 14h2",
  power: "M12 3.5V12M7.3 6.7a7.2 7.2 0 1 0 9.4 0",
  scan: "M4 8.5V4h4.5m7 0H20v4.5m0 7V20h-4.5m-7 0H4v-4.5M4 12h16",
  settings:
    "M4 7.5h8m5 0h3M4 16.5h3m5 0h8M14.5 5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Zm-5 9a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  shield: "M12 3.5 5 6v5.8c0 4.2 2.8 7.2 7 8.7 4.2-1.5 7-4.5 7-8.7V6l-7-2.5Zm-3 8.7 2.2 2.2 4-4.2",
  sheet: "M6 3.5h8.5L18.5 7.5v13H6v-17Zm8.2.2v4h4M9.2 12h6m-6 4h4",
  sim: "M6.5 3.5h7l4 4v13h-11v-17Zm2.8 8.7h5.4v5H9.3v-5Zm2.7 0v5",
  tag: "M4.5 4.5h7.2l8 8-7.2 7.2-8-8V4.5Zm4 3.8v.2",
  torch: "M7.5 3.5h9v3.7L14.5 10v10.5h-5V10l-2-2.8V3.5Zm0 3.5h9M12 13v1.5",
  trash: "M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7m-7 3.5v5.5m4-5.5v5.5",
  unlock: "M6.5 11h11v8.5h-11V11Zm2.3 0V7.8a3.2 3.2 0 0 1 6.1-1.4M12 14.5V16",
  user: "M12 4.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6ZM4.8 20c.6-3.7 3.5-5.8 7.2-5.8s6.6 2.1 7.2 5.8",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("pathLength", "24"); // so that any of them can be drawn stroke by stroke
  svg.append(path);
  return svg;
}

/**
 * The mark of Ipse: a person, i, within the arc of those who vouch.
 * @returns {SVGSVGElement}
 */
export function mark() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 40 40");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  svg.append(
    shape("path", { d: "M9.2 26.6a12.5 12.5 0 1 1 21.6 0", class: "mark-arc" }),
    shape("circle", { cx: "20", cy: "14.8", r: "3.1", class: "mark-spark" }),
    shape("path", { d: "M20 21.4v9.8", class: "mark-body" }),
  );
  return svg;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
