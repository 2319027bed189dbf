// The world page: the app in a window of a phone's size, and phone numbers to the clipboard. Both work without this
// file too: the link opens a tab, the number can be read.
// @ts-check

const opener = document.querySelector("#open-app");
if (opener instanceof HTMLAnchorElement) {
  opener.addEventListener("click", (event) => {
    const { width, height } = opener.dataset;
    const phone = window.open(opener.href, opener.target, `popup,width=${width},height=${height}`);
    if (phone) {
      event.preventDefault();
      phone.focus();
    }
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  });
}
