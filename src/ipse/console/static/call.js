// Looks every two seconds whether the person has proven in the app that they are on the line, and shows the page anew.

const place = document.querySelector("[data-call]");
const address = place instanceof HTMLElement ? place.dataset.call : undefined;

async function look() {
  const answer = await fetch(String(address), { headers: { accept: "application/json" } });
  if (answer.ok && (await answer.json()).state !== "asked") location.reload();
}

if (address) {
  setInterval(() => {
    if (!document.hidden) void look().catch(() => undefined);
  }, 2000);
}
