// Keys: search, rows, sections.
"use strict";
(() => {
  const { root, typing } = window.doorstep;
  const places = { h: "/", o: "/orders", f: "/fulfillment", i: "/inventory", r: "/returns", d: "/dead-letters" };
  let going = 0;
  function step(by) {
    const rows = [...document.querySelectorAll("#main [data-rows] tbody tr")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement?.closest("tr"));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  const open = (row) => (row.dataset.href ? (location.href = row.dataset.href) : row.querySelector("a")?.click());
  document.addEventListener("keydown", (event) => {
    const combined = event.ctrlKey || event.metaKey;
    if (combined && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.getElementById("search")?.select();
      return;
    }
    if (combined || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const row = document.activeElement?.matches("tbody tr") ? document.activeElement : null;
    if (Date.now() - going < 1500 && places[event.key] !== undefined) {
      location.href = root + places[event.key];
      return;
    }
    going = event.key === "g" ? Date.now() : 0;
    const tick = row?.querySelector("[data-tick]");
    const act = {
      "/": () => document.getElementById("search")?.select(),
      "?": () => document.getElementById("keys")?.showModal(),
      j: () => step(1),
      k: () => step(-1),
      ArrowDown: row && (() => step(1)),
      ArrowUp: row && (() => step(-1)),
      Enter: row && (() => open(row)),
      x: tick && (() => tick.click()),
    }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
