// Copying a program or a secret. Without this people select and copy it themselves.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button.copy"))) {
  const place = document.getElementById(button.dataset["copy"] ?? "");
  button.hidden = !place;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place?.textContent ?? "");
    const before = button.textContent;
    button.textContent = button.dataset["copied"] ?? "";
    setTimeout(() => (button.textContent = before), 2000);
  });
}
