// A page that lives: parts of the market are fetched again and replaced where they changed. Everything works without it.
"use strict";

const root = document.documentElement;
const button = document.getElementById("theme");
const kept = localStorage.getItem("skarb-theme");
if (kept) root.dataset.theme = kept;
button.hidden = false;
button.addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("skarb-theme", root.dataset.theme);
});

const EVERY = 2000; // milliseconds between two looks
const SLOWEST = 30000;

function replaceChanged(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    // A part that is no more has become another page. What a reader stands in keeps still.
    if (!next) location.reload();
    else if (next.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = next.innerHTML;
  }
}

async function live() {
  let wait = EVERY;
  for (;;) {
    await new Promise((done) => setTimeout(done, wait));
    if (document.hidden) continue;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      replaceChanged(new DOMParser().parseFromString(await answer.text(), "text/html"));
      document.body.classList.remove("lost");
      wait = EVERY;
    } catch {
      document.body.classList.add("lost");
      wait = Math.min(SLOWEST, wait * 2);
    }
  }
}

if (document.querySelector("[data-part]")) live();
