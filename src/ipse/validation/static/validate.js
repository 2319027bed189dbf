// Choosing a file by dragging, and saying at once what is too large. Without this script the form works as it stands.

const form = /** @type {HTMLFormElement} */ (document.getElementById("choose"));
const drop = /** @type {HTMLElement} */ (document.getElementById("drop"));
const file = /** @type {HTMLInputElement} */ (document.getElementById("file"));
const content = /** @type {HTMLInputElement} */ (document.getElementById("content"));
const judge = /** @type {HTMLButtonElement} */ (document.getElementById("judge"));
const problem = /** @type {HTMLElement} */ (document.getElementById("problem"));
const words = judge.textContent;

const chosen = /** @type {HTMLElement} */ (document.getElementById("chosen"));
const other = /** @type {HTMLElement} */ (document.getElementById("other"));
const first = other.textContent;

function tooLarge() {
  const most = Number(form.dataset["most"]);
  return [file, content].some((input) => [...(input.files ?? [])].some((each) => each.size > most));
}

function look() {
  const refused = tooLarge();
  problem.textContent = refused ? (form.dataset["tooLarge"] ?? "") : "";
  problem.hidden = !refused;
  file.setAttribute("aria-invalid", String(refused));
  chosen.textContent = file.files?.[0]?.name ?? "";
  other.textContent = file.files?.length ? (other.dataset["other"] ?? "") : first;
  return !refused;
}

/** @param {boolean} over */
function mark(over) {
  drop.classList.toggle("over", over);
}

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    mark(true);
  });
}
for (const name of ["dragleave", "dragend"]) drop.addEventListener(name, () => mark(false));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  mark(false);
  const brought = event.dataTransfer?.files;
  if (!brought?.length) return;
  file.files = brought;
  look();
});
file.addEventListener("change", look);
content.addEventListener("change", look);

form.addEventListener("submit", (event) => {
  if (!look()) return event.preventDefault();
  judge.textContent = form.dataset["judging"] ?? words;
  judge.setAttribute("aria-disabled", "true");
});

// The browser's own button speaks the browser's language: ours takes its place, and the whole field is the input.
other.hidden = false;
drop.classList.add("live");

// Back from the answer the button is as it was.
addEventListener("pageshow", () => {
  look();
  judge.textContent = words;
  judge.removeAttribute("aria-disabled");
});
