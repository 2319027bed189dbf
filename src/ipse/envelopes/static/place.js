// Placing a signature on the picture of a page: by mouse, finger or arrows. Without this nine places can be chosen.

const sheet = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.getElementById("sheet")));
const mark = /** @type {SVGGElement} */ (/** @type {unknown} */ (document.getElementById("mark")));
const box = /** @type {SVGRectElement} */ (mark.querySelector(".mark-box"));
const corner = /** @type {SVGRectElement} */ (mark.querySelector(".mark-corner"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("place-form"));
const page = /** @type {HTMLInputElement} */ (document.getElementById("page"));
const news = /** @type {HTMLElement} */ (document.getElementById("mark-news"));
const data = /** @type {Record<string, string | undefined>} */ (sheet.dataset);
const wide = Number(data["width"]);
const high = Number(data["height"]);
const least = { width: Number(data["smallestWidth"]), height: Number(data["smallestHeight"]) };
const MARGIN = 36;
const STEP = 6;

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

/** @returns {Box} */
const read = () => ({
  left: Number(box.getAttribute("x")),
  top: Number(box.getAttribute("y")),
  width: Number(box.getAttribute("width")),
  height: Number(box.getAttribute("height")),
});

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/** @param {string} place */
const radio = (place) => /** @type {HTMLInputElement} */ (form.querySelector(`input[name="place"][value="${place}"]`));

/**
 * Show a box inside the page, and write it into the form.
 * @param {Box} wanted
 */
function show(wanted) {
  const width = Math.min(Math.max(wanted.width, least.width), wide);
  const height = Math.min(Math.max(wanted.height, least.height), high);
  const left = Math.min(Math.max(wanted.left, 0), wide - width);
  const top = Math.min(Math.max(wanted.top, 0), high - height);
  for (const [name, value] of Object.entries({ x: left, y: top, width, height })) box.setAttribute(name, String(value));
  corner.setAttribute("x", String(left + width - 12));
  corner.setAttribute("y", String(top + height - 12));
  field("left").value = String(left / wide);
  field("top").value = String(top / high);
  field("width").value = String(width / wide);
  field("height").value = String(height / high);
  mark.classList.remove("away");
}

function drawn() {
  radio("drawn").checked = true;
  const at = read();
  const say = news.dataset["text"] ?? "";
  news.textContent = say
    .replace("{left}", String(Math.round((100 * at.left) / wide)))
    .replace("{top}", String(Math.round((100 * at.top) / high)));
}

/** @param {PointerEvent} event */
function point(event) {
  const area = sheet.getBoundingClientRect();
  const scale = Math.min(area.width / wide, area.height / high);
  return {
    x: (event.clientX - area.left - (area.width - wide * scale) / 2) / scale,
    y: (event.clientY - area.top - (area.height - high * scale) / 2) / scale,
  };
}

/** @type {((event: PointerEvent) => void) | undefined} */
let moving;
/**
 * Where the page was pressed beside the box: there the box goes. A mouse that moves on draws a new one, a finger scrolls.
 * @type {{x: number, y: number} | undefined}
 */
let pressed;

sheet.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const start = point(event);
  const before = read();
  const target = /** @type {Element} */ (event.target);
  if (target === corner) {
    moving = (now) => {
      const at = point(now);
      show({ ...before, width: at.x - before.left, height: at.y - before.top });
    };
  } else if (mark.contains(target)) {
    moving = (now) => {
      const at = point(now);
      show({ ...before, left: before.left + at.x - start.x, top: before.top + at.y - start.y });
    };
  } else {
    pressed = start;
    moving = (now) => {
      const at = point(now);
      if (now.pointerType === "touch" || Math.hypot(at.x - start.x, at.y - start.y) < 8) return;
      show({
        left: Math.min(start.x, at.x),
        top: Math.min(start.y, at.y),
        width: Math.abs(at.x - start.x),
        height: Math.abs(at.y - start.y),
      });
    };
  }
  sheet.setPointerCapture(event.pointerId);
  event.preventDefault();
});
sheet.addEventListener("pointermove", (event) => moving?.(event));
sheet.addEventListener("pointerup", (event) => {
  const at = point(event);
  const tapped = pressed && Math.hypot(at.x - pressed.x, at.y - pressed.y) < 8;
  if (tapped) {
    const { width, height } = read();
    show({ left: at.x - width / 2, top: at.y - height / 2, width, height });
  }
  if (moving && (tapped || !pressed || event.pointerType !== "touch")) drawn();
  moving = pressed = undefined;
});
sheet.addEventListener("pointercancel", () => {
  if (moving && !pressed) drawn();
  moving = pressed = undefined;
});
// A finger on the box moves it, never the page.
mark.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

mark.addEventListener("keydown", (event) => {
  const far = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
  if (!far) return;
  const [across, down] = /** @type {[number, number]} */ (far);
  const at = read();
  event.preventDefault();
  show(
    event.shiftKey
      ? { ...at, width: at.width + across, height: at.height + down }
      : { ...at, left: at.left + across, top: at.top + down },
  );
  drawn();
});

form.addEventListener("change", (event) => {
  const chosen = /** @type {HTMLInputElement} */ (event.target);
  if (chosen === page) {
    const number = Number(page.value);
    if (number >= 1 && number <= Number(page.max) && page.value !== data["page"]) {
      const here = new URL(location.href);
      here.searchParams.set("page", page.value);
      location.assign(here.href);
    }
    return;
  }
  if (chosen.name !== "place") return;
  if (chosen.value === "drawn") return show(read());
  if (chosen.value === "invisible") return mark.classList.add("away");
  const width = Number(data["usualWidth"]);
  const height = Number(data["usualHeight"]);
  const edge = Math.min(MARGIN, (wide - width) / 2, (high - height) / 2);
  const across = chosen.value.endsWith("left") ? edge : chosen.value.endsWith("right") ? wide - width - edge : (wide - width) / 2;
  const down = chosen.value.startsWith("top") ? edge : chosen.value.startsWith("bottom") ? high - height - edge : (high - height) / 2;
  show({ left: across, top: down, width, height });
});

sheet.classList.add("live");
for (const hidden of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".script-only"))) hidden.hidden = false;
