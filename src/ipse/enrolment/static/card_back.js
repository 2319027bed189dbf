// The way back from this computer to the phone: a code that moves each second, read by the app's own scanner.

import { frameMaker, picture } from "../signin/frames.js";

const page = /** @type {HTMLElement} */ (document.getElementById("card-back"));
const place = /** @type {HTMLElement} */ (document.getElementById("qr-place"));
const data = /** @type {Record<string, string | undefined>} */ (page.dataset);

const began = performance.now();
const image = document.createElement("img");
image.id = "qr";
image.alt = data["alt"] ?? "";
image.width = 296;
image.height = 296;

const makeFrame = await frameMaker(data["enrolment"] ?? "", data["secret"] ?? "");
let drawn = -1;

async function draw() {
  const second = Math.floor(Number(data["elapsed"]) + (performance.now() - began) / 1000);
  if (second === drawn || document.hidden) return;
  drawn = second;
  const content = `${data["app"]}/#return=${await makeFrame(second)}`;
  image.src = picture(content);
  image.dataset["content"] = content;
}

/** When the phone has read it, or all is over, the page says so. */
async function look() {
  if (document.hidden) return;
  const answer = await fetch(`${data["address"]}/state`).catch(() => null);
  if (answer === null || !answer.ok) return;
  const { state } = await answer.json();
  if (state !== "showing") location.replace(`${data["address"]}?lang=${document.documentElement.lang}`);
}

await draw();
place.replaceChildren(image);
setInterval(() => void draw(), 250);
setInterval(() => void look(), 2500);
