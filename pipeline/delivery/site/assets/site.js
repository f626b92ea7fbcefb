// @ts-check
// What every page does beyond its HTML: it keeps the place across links, remembers the language,
// opens the right one at the door, and unfolds everything for paper.
"use strict";

(() => {
  const REMEMBERED = "drought-language";

  /** The place (month, drought type, country) travels in the fragment: no server, no cookie. */
  function keepPlace() {
    const place = location.hash.includes("=") ? location.hash : "";
    for (const link of document.querySelectorAll("a[data-keep]")) {
      const href = (link.getAttribute("href") || "").split("#")[0];
      link.setAttribute("href", href + place);
    }
  }

  /** @param {string} language */
  function remember(language) {
    try {
      localStorage.setItem(REMEMBERED, language);
    } catch {
      // A browser that keeps nothing asks again.
    }
  }

  /** @returns {string[]} languages the reader wants, best first */
  function wanted() {
    let chosen = null;
    try {
      chosen = localStorage.getItem(REMEMBERED);
    } catch {
      // As above.
    }
    return [...(chosen ? [chosen] : []), ...navigator.languages].map((tag) => tag.split("-")[0]);
  }

  /** @param {Element} doors */
  function openDoor(doors) {
    for (const language of wanted()) {
      const link = doors.querySelector(`a[data-language="${CSS.escape(language)}"]`);
      if (link instanceof HTMLAnchorElement) {
        location.replace(link.href);
        return;
      }
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-language]");
    if (link instanceof HTMLElement) remember(link.dataset.language || "");
  });
  document.addEventListener("toggle", () => keepPlace(), true);
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector(".languages[open]");
    if (event.key === "Escape" && open) open.removeAttribute("open");
  });
  addEventListener("hashchange", keepPlace);
  addEventListener("drought:place", keepPlace);
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("main details")) folded.setAttribute("open", "");
  });

  // A chart that is wider than the screen begins at its end: now.
  for (const wide of document.querySelectorAll(".chart .scroll")) wide.scrollLeft = wide.scrollWidth;

  keepPlace();
  const doors = document.getElementById("doors");
  if (doors) openDoor(doors);
})();
