// @ts-check
// The map as Leaflet moves it: the same outlines, read from the drawing that the page already holds
// and brought back to degrees. No tiles, no second copy. If anything fails, the drawing stays.
"use strict";

(() => {
  /** @type {any} */
  const L = window.L;
  /** @type {any} */
  const drought = window.DROUGHT;
  /** @type {any} */
  const drawing = document.getElementById("map");
  const [west, north, scale] = drawing.dataset.projection.split(" ").map(Number);
  /** @type {any[]} */
  const rows = drought.rows;

  /** Map units to latitude and longitude: spherical Mercator backwards. @param {number[]} point */
  function degrees([x, y]) {
    const ordinate = ((north - y / scale) * Math.PI) / 180;
    return [(2 * Math.atan(Math.exp(ordinate)) - Math.PI / 2) * (180 / Math.PI), west + x / scale];
  }

  /**
   * The rings of path data as `delivery.outlines` writes it: "M x y", then "l" with steps, then "z".
   * @param {string} path
   */
  function rings(path) {
    return [...path.matchAll(/M([^lz]*)l?([^z]*)z/g)].map(([, start, steps]) => {
      let [x, y] = numbers(start);
      const ring = [[x, y]];
      const moves = numbers(steps);
      for (let i = 0; i < moves.length; i += 2) ring.push([(x += moves[i]), (y += moves[i + 1])]);
      return ring.map(degrees);
    });
  }

  /** @param {string} text */
  const numbers = (text) => (text.match(/-?\d+/g) ?? []).map(Number);

  /** What the list says of a landscape, for popups. @param {any} row */
  function card(row) {
    const made = document.createElement("div");
    const link = row.element.querySelector("a").cloneNode(true);
    made.append(link, ...[...row.element.querySelectorAll(".standing")].map((one) => one.cloneNode(true)));
    const more = link.cloneNode(false);
    more.textContent = drought.say("open");
    made.append(more);
    return made;
  }

  /** Name and gravest stage in one line. @param {any} row */
  const label = (row) =>
    `${row.name}: ${row.element.querySelector(".standing").textContent}`.replace(/\s+/g, " ").trim();

  const box = document.createElement("div");
  box.className = "moving";
  drawing.parentElement.append(box);
  const map = L.map(box, {
    attributionControl: false,
    dragging: !L.Browser.mobile, // One finger scrolls the page; two move the map.
    maxZoom: 9,
    scrollWheelZoom: false,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    zoomControl: false,
    zoomDelta: 0.5,
    zoomSnap: 0,
  });
  L.control.zoom({ zoomInTitle: drought.say("enlarge"), zoomOutTitle: drought.say("shrink") }).addTo(map);
  L.control.attribution({ prefix: false }).addAttribution(drought.say("attribution")).addTo(map);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", drought.say("map"));

  const whole = drawing.viewBox.baseVal;
  const everything = L.latLngBounds(degrees([0, 0]), degrees([whole.width, whole.height]));
  map.fitBounds(everything);
  for (const row of rows) {
    row.layer = L.polygon(rings(row.shape.getAttribute("d")), { noClip: true, smoothFactor: 0 });
    row.layer.addTo(map).bindTooltip(() => label(row), { sticky: true }).bindPopup(() => card(row));
  }

  /** The landscape that Tab leads to; arrow keys pass this on. @type {any} */
  let chosen = rows[0];

  /** Colours and names follow the list. */
  function follow() {
    for (const row of rows) {
      const path = row.layer.getElement();
      path.setAttribute("class", `leaflet-interactive ${row.shape.getAttribute("class")}`);
      path.setAttribute("aria-label", label(row));
      path.setAttribute("role", "button");
      path.setAttribute("tabindex", row === chosen ? "0" : "-1");
    }
    map.closePopup();
  }

  /** The nearest landscape in a direction. @param {any} from @param {number[]} way */
  function next(from, [right, down]) {
    const here = map.latLngToLayerPoint(from.layer.getBounds().getCenter());
    let [best, least] = [from, Infinity];
    for (const row of rows) {
      if (row === from || row.element.hidden) continue;
      const way = map.latLngToLayerPoint(row.layer.getBounds().getCenter()).subtract(here);
      const ahead = way.x * right + way.y * down;
      const aside = Math.abs(way.x * down) + Math.abs(way.y * right);
      if (ahead > 0 && aside <= ahead && ahead + aside < least) [best, least] = [row, ahead + aside];
    }
    return best;
  }

  /** @type {Record<string, number[]>} */
  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") map.closePopup();
    const row = rows.find((one) => one.layer.getElement() === event.target);
    if (!row) return;
    if (WAYS[event.key]) {
      chosen = next(row, WAYS[event.key]);
      row.layer.getElement().setAttribute("tabindex", "-1");
      chosen.layer.getElement().setAttribute("tabindex", "0");
      chosen.layer.getElement().focus();
    } else if (event.key === "Enter" || event.key === " ") {
      row.layer.openPopup(row.layer.getBounds().getCenter());
      row.layer.getPopup().getElement().querySelector("a").focus();
      row.layer.once("popupclose", () => row.layer.getElement().focus());
    } else return;
    event.preventDefault();
  });

  let country = "";
  function look() {
    const wanted = /** @type {any} */ (document.getElementById("country")).value;
    if (wanted === country) return;
    country = wanted;
    const shown = rows.filter((row) => !wanted || row.country === wanted);
    map.fitBounds(wanted ? L.latLngBounds(shown.map((row) => row.layer.getBounds())) : everything);
  }

  follow();
  look();
  addEventListener("drought:shown", follow);
  addEventListener("drought:shown", look);
  document.getElementById("map-box")?.classList.add("moves");
})();
