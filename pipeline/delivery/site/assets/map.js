// @ts-check
// The map page beyond its HTML: another month, another drought type, one country, a search.
// Stages come from data/*.js by <script>, which a USB stick can serve as well as a web server.
"use strict";

/**
 * @typedef {{months: string[], ranks: Record<string, string[]>}} Stages
 *   One string for each landscape, one character a month: a digit is a rank; a letter (a = 0) the same,
 *   not confirmed; "-" is not known.
 * @typedef {{type: string, rank: number | null, sure: boolean}} Cell
 * @typedef {{month: string, type: string, country: string}} Place
 */

(() => {
  /** @param {string} id @returns {any} */
  const at = (id) => document.getElementById(id);
  const ROOT = "../";
  const language = document.documentElement.lang;
  const slider = at("month");
  const newest = slider.dataset.newest;
  const list = at("list");
  const rows = [...list.children].map((element, order) => ({
    element,
    order,
    number: Number(element.dataset.number),
    country: element.dataset.country,
    name: element.querySelector("a").textContent,
    found: folded(`${element.querySelector("a").textContent} ${element.dataset.names}`),
    original: [...element.querySelectorAll(".standing")],
    shape: at(`l${element.dataset.number}`),
  }));
  for (const row of rows) row.shape.dataset.original = row.shape.getAttribute("class");

  /** @type {Record<string, Promise<void>>} */
  const asked = {};
  /** @type {any} */
  const drought = (window.DROUGHT = window.DROUGHT || {});
  /** @type {Place} */
  let place = { month: newest, type: "any", country: "" };

  /** Load a script once. @param {string} path @returns {Promise<void>} */
  function load(path) {
    return (asked[path] ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = ROOT + path;
      script.onload = () => resolve();
      script.onerror = () => {
        delete asked[path];
        reject(new Error(path));
      };
      document.head.append(script);
    }));
  }

  /** Leaflet's own style sheet, which nothing on the page needs before. @returns {Promise<void>} */
  function loadStyle() {
    return new Promise((resolve, reject) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = `${ROOT}assets/leaflet/leaflet.css`;
      link.onload = () => resolve();
      link.onerror = () => reject(new Error(link.href));
      document.head.prepend(link); // Before ours, which has the last word.
    });
  }

  /**
   * A name without case, marks and the letters that keyboards lack: "Qaraqalpogʻiston" is found by
   * "qaraqalpogiston", "Ақтөбе" by "актобе", "Şanlıurfa" by "sanliurfa".
   * @param {string} text
   */
  function folded(text) {
    const from = "ıқғңүұөәіһҳҷ";
    const to = "iкгнууоаиххч";
    return text
      .toLowerCase()
      .normalize("NFD")
      .replace(/[\u0300-\u036f\u02bb\u02bc\u2018\u2019'`ʹʺ]/g, "")
      .replace(/[ıқғңүұөәіһҳҷ]/g, (letter) => to[from.indexOf(letter)]);
  }

  /** @param {string} text @param {Record<string, string | number>} values */
  const filled = (text, values) =>
    text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

  /** @param {string} key @param {Record<string, string | number>} [values] */
  const say = (key, values = {}) => filled(drought.words[`js.${key}`], values);

  /** Months are counted from year 0. @param {string} month */
  const ordinal = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
  /** @param {number} count */
  const monthOf = (count) =>
    `${String(Math.floor(count / 12)).padStart(4, "0")}-${String((count % 12) + 1).padStart(2, "0")}`;
  /** @param {string} month */
  const monthName = (month) =>
    say("month", {
      month: drought.words.months[Number(month.slice(5)) - 1],
      year: Number(month.slice(0, 4)),
    });

  /** @param {string} month @returns {Promise<Stages>} */
  async function stagesOf(month) {
    await load(`data/words-${language}.js`);
    await load("data/stages.js");
    if (drought.stages.months.includes(month)) return drought.stages;
    const year = month.slice(0, 4);
    await load(`data/stages-${year}.js`);
    return drought.years[year];
  }

  /** @param {string} sign @param {string} type @returns {Cell} */
  function cell(sign, type) {
    if (/[0-9]/.test(sign)) return { type, rank: Number(sign), sure: true };
    if (/[a-j]/.test(sign)) return { type, rank: sign.charCodeAt(0) - 97, sure: false };
    return { type, rank: null, sure: true };
  }

  /** @param {Stages} stages @param {number} number @param {string} month @returns {Cell[]} */
  function cells(stages, number, month) {
    const column = stages.months.indexOf(month);
    return drought.stages.types
      .map((/** @type {string} */ type) => cell(stages.ranks[type]?.[number]?.[column] ?? "-", type))
      .sort((/** @type {Cell} */ a, /** @type {Cell} */ b) => weight(b) - weight(a));
  }

  /** Gravest first, not known last. @param {Cell} one */
  const weight = (one) => (one.rank === null ? -1 : one.rank);
  /** @param {Cell} one */
  const colour = (one) =>
    (one.rank === null ? "sx" : `s${Math.min(one.rank, 5)}`) + (one.sure ? "" : " u");

  /**
   * The name of a stage, and its language where it is not the page's.
   * @param {string} country @param {string} month @param {Cell} one @returns {[string, string?]}
   */
  function stageName(country, month, one) {
    if (one.rank === null) return [say("not_known")];
    const plans = drought.stages.plans[country] ?? [];
    const ladder = plans.filter((/** @type {[string, number]} */ [from]) => from <= month).pop();
    return drought.words.ladders[ladder?.[1] ?? -1]?.[one.type]?.[one.rank] ?? [String(one.rank)];
  }

  /** @param {string} type */
  const typeName = (type) => at("type").querySelector(`option[value="${type}"]`).textContent;

  /** @param {string} tag @param {string} css @param {string} text */
  function element(tag, css, text) {
    const made = document.createElement(tag);
    if (css) made.className = css;
    made.textContent = text;
    return made;
  }

  /** @param {string} country @param {string} month @param {Cell} one */
  function standing(country, month, one) {
    const line = element("p", "standing", "");
    const [name, tongue] = stageName(country, month, one);
    const strong = element("strong", "", name);
    if (tongue) strong.lang = tongue;
    const remark = one.sure ? "" : `, ${say("unconfirmed")}`;
    line.append(
      element("b", `mark ${colour(one)}`, one.rank === null ? "?" : String(one.rank)),
      " ",
      strong,
      " ",
      element("small", "", typeName(one.type) + remark),
    );
    return line;
  }

  /** Which lines a row shows: stages that stand; else one line. @param {Cell[]} all */
  function worthSaying(all) {
    const grave = all.filter((one) => one.rank !== 0 || !one.sure);
    return grave.length ? grave : all.slice(0, 1);
  }

  /** @param {Stages} stages */
  function paint(stages) {
    const isAsMade = place.month === newest && place.type === "any";
    for (const row of rows) {
      const all = cells(stages, row.number, place.month).filter(
        (one) => place.type === "any" || one.type === place.type,
      );
      row.weight = weight(all[0]);
      row.shape.setAttribute("class", isAsMade ? row.shape.dataset.original : colour(all[0]));
      for (const old of row.element.querySelectorAll(".standing")) old.remove();
      row.element.append(
        ...(isAsMade
          ? row.original
          : worthSaying(all).map((one) => standing(row.country, place.month, one))),
      );
    }
    rows.sort((a, b) => (isAsMade ? a.order - b.order : b.weight - a.weight || a.order - b.order));
    list.append(...rows.map((row) => row.element));
    at("shown").textContent = monthName(place.month);
    at("situation").hidden = place.month !== newest;
    for (const legend of document.querySelectorAll(".legend")) {
      legend.toggleAttribute("hidden", legend.getAttribute("data-type") !== place.type);
    }
    filter();
  }

  function filter() {
    const text = folded(at("find").value.trim());
    let shown = 0;
    for (const row of rows) {
      const isShown =
        (!place.country || row.country === place.country) && (!text || row.found.includes(text));
      row.element.hidden = !isShown;
      row.shape.classList.toggle("off", !isShown);
      shown += Number(isShown);
    }
    at("nobody").hidden = shown > 0;
    if (drought.words) at("count").textContent = say("count", { shown, total: rows.length });
    dispatchEvent(new CustomEvent("drought:shown"));
  }

  /** Say the month at once and draw it when it is there. */
  async function show() {
    const { month } = place;
    slider.value = ordinal(month);
    for (const step of document.querySelectorAll("button[data-step]")) {
      const to = ordinal(month) + Number(step.getAttribute("data-step"));
      step.toggleAttribute("disabled", to < Number(slider.min) || to > Number(slider.max));
    }
    try {
      const stages = await stagesOf(month);
      if (month !== place.month) return;
      slider.setAttribute("aria-valuetext", monthName(month));
      at("month-name").textContent = monthName(month);
      paint(stages);
    } catch (error) {
      at("month-name").textContent = drought.words ? say("not_loaded", { month }) : month;
      console.warn(error);
    }
  }

  /** @param {Partial<Place>} change */
  function go(change) {
    place = { ...place, ...change };
    const fragment = new URLSearchParams(
      Object.entries(place).filter(([key, value]) => value && value !== DEFAULTS[key]),
    );
    history.replaceState(null, "", fragment.size ? `#${fragment}` : location.pathname);
    dispatchEvent(new CustomEvent("drought:place"));
    return show();
  }

  /** @type {Record<string, string>} */
  const DEFAULTS = { month: newest, type: "any", country: "" };

  /** @returns {Place} from the fragment, as far as it makes sense */
  function placeOfAddress() {
    const told = new URLSearchParams(location.hash.slice(1));
    const month = told.get("month") ?? "";
    const fits =
      /^\d{4}-(0[1-9]|1[0-2])$/.test(month) &&
      ordinal(month) >= Number(slider.min) &&
      ordinal(month) <= Number(slider.max);
    /** @param {string} id @param {string} or */
    const option = (id, or) =>
      [...at(id).options].some((one) => one.value === told.get(id)) ? String(told.get(id)) : or;
    return {
      month: fits ? month : newest,
      type: option("type", "any"),
      country: option("country", ""),
    };
  }

  function readAddress() {
    place = placeOfAddress();
    at("type").value = place.type;
    at("country").value = place.country;
    if (Object.keys(DEFAULTS).some((key) => place[/** @type {keyof Place} */ (key)] !== DEFAULTS[key]))
      show();
  }

  slider.max = String(ordinal(newest));
  slider.min = String(Number(slider.dataset.first) * 12);
  slider.value = slider.max;
  const YEARS = [1, 0.75, 0.5, 0.25, 0].map((part) => {
    const first = Number(slider.min);
    return monthOf(Math.round(Number(slider.max) - part * (Number(slider.max) - first))).slice(0, 4);
  });
  for (const year of new Set(YEARS)) at("ticks").append(element("span", "", year));
  let waiting = 0;
  slider.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => go({ month: monthOf(Number(slider.value)) }), 60);
  });
  slider.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = { PageUp: 12, PageDown: -12 }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = Math.min(Math.max(Number(slider.value) + step, slider.min), slider.max);
    go({ month: monthOf(to) });
  });
  for (const button of document.querySelectorAll("button[data-step]")) {
    button.addEventListener("click", () =>
      go({ month: monthOf(ordinal(place.month) + Number(button.getAttribute("data-step"))) }),
    );
  }
  for (const id of ["type", "country"]) at(id).addEventListener("change", () => go({ [id]: at(id).value }));
  at("find").addEventListener("input", filter);
  at("controls").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    list.querySelector("li:not([hidden]) a")?.focus();
  });
  addEventListener("hashchange", readAddress);
  at("controls").hidden = false;
  readAddress();

  // The map that can be moved is 160 KB: it comes when somebody reaches for it, and only adds to what
  // is drawn. Whatever happens, the drawing stays.
  Object.assign(drought, { rows, say });
  async function enhance() {
    try {
      await stagesOf(newest);
      await Promise.all([loadStyle(), load("assets/leaflet/leaflet.js")]);
      await load("assets/moving.js");
    } catch (error) {
      console.warn(error);
    }
  }
  at("move").hidden = false;
  at("move").addEventListener("click", async (/** @type {MouseEvent} */ event) => {
    const isByKey = event.detail === 0;
    await enhance();
    at("move").hidden = at("map-box").classList.contains("moves");
    if (isByKey) document.querySelector(".moving path[tabindex='0']")?.focus();
  });
})();
