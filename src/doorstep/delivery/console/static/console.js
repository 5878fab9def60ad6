// What the server cannot do: keys, remembered choices, dialogs, the live dot, charts. Pages work without it.
"use strict";
(() => {
  const html = document.documentElement;
  const root = document.body.dataset.root || "/console";
  html.classList.add("js");
  const remember = (name, value) => { document.cookie = `${name}=${value};path=/console;max-age=31536000;samesite=lax`; };
  remember("zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

  // Remembered choices: theme, density, width of the navigation.
  const mark = () => document.querySelectorAll("[data-set]").forEach((button) =>
    button.setAttribute("aria-pressed", String(html.dataset[button.dataset.set] === button.dataset.value)));
  const choose = (name, value) => { html.dataset[name] = value; remember(name, value); mark(); draw(document); };

  // Dialogs, drawer, menus, copying, rows.
  const near = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;
  document.addEventListener("click", (event) => {
    const set = near(event, "[data-set]");
    if (set) choose(set.dataset.set, set.dataset.value);
    if (near(event, "[data-toggle-rail]")) choose("rail", html.dataset.rail === "narrow" ? "wide" : "narrow");
    const opener = near(event, "[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    const refused = near(event, "[data-why]");
    if (refused) say(refused.dataset.why);
    if (near(event, "[data-close]")) near(event, "dialog")?.close();
    if (event.target instanceof HTMLDialogElement) {
      const box = event.target.getBoundingClientRect();
      const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
      if (outside && !event.target.querySelector("textarea, input:not([type=hidden])")) event.target.close();
    }
    document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    const copied = near(event, "[data-copy]");
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => say(`Copied.`));
    const row = near(event, "tr[data-href]");
    if (row && !near(event, "a, button, input, label, select") && !String(getSelection())) location.href = row.dataset.href;
  });
  document.getElementById("drawer")?.addEventListener("close", () => {
    if (changed) window.htmx.ajax("GET", location.href, { target: "#main", swap: "outerHTML" });
    changed = false;
  });
  let changed = false;

  function say(text) {
    const toast = document.createElement("div");
    toast.className = "toast success";
    toast.setAttribute("role", "status");
    const words = document.createElement("p");
    words.textContent = text;
    toast.append(words);
    document.getElementById("toasts")?.append(toast);
    setTimeout(() => toast.remove(), 2500);
  }

  // Keys.
  const typing = (element) => element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
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
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.getElementById("search")?.select();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const row = document.activeElement?.matches("tbody tr") ? document.activeElement : null;
    if (Date.now() - going < 1500 && places[event.key] !== undefined) { location.href = root + places[event.key]; return; }
    going = event.key === "g" ? Date.now() : 0;
    const act = {
      "/": () => document.getElementById("search")?.select(),
      "?": () => document.getElementById("keys")?.showModal(),
      j: () => step(1), k: () => step(-1),
      ArrowDown: row && (() => step(1)), ArrowUp: row && (() => step(-1)),
      Enter: row && (() => (row.dataset.href ? (location.href = row.dataset.href) : row.querySelector("a")?.click())),
      x: row && (() => row.querySelector("input[type=checkbox]")?.click()),
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // Filters apply themselves; what is typed into a note survives leaving the page.
  document.addEventListener("change", (event) => {
    const form = near(event, "form[data-autosubmit]");
    if (form && !near(event, "input[type=search]")) form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    event.target.querySelectorAll?.("input:not([type=hidden]), select").forEach((field) => {
      if (event.target.matches("[data-autosubmit]") && !field.value) field.disabled = true;
    });
  });
  document.addEventListener("input", (event) => {
    const draft = near(event, "[data-draft]");
    if (draft) sessionStorage.setItem(draft.dataset.draft, draft.value);
  });

  // The live dot: a word of the server's that changes with every event; pages that say so refresh themselves, unless somebody is busy there.
  const live = document.querySelector("[data-live]");
  let head = document.body.dataset.head || "";
  let asking = false;
  let row = ""; // where the keyboard stood before the page refreshed itself
  const busy = () => document.querySelector("dialog[open]") || typing(document.activeElement) || document.hidden || String(getSelection()) || document.querySelector("#main details[open]");
  async function pulse() {
    if (asking || document.hidden || !live) return;
    asking = true;
    try {
      const answer = await fetch(`${root}/pulse`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error("You are signed out, or the server restarts: load the page again.");
      const found = await answer.json();
      live.classList.remove("off");
      live.querySelector(".live-word").textContent = "Live";
      live.title = "Events arrive here by themselves";
      for (const [key, count] of Object.entries(found.badges)) {
        const badge = document.querySelector(`[data-badge="${key}"]`);
        if (badge) { badge.textContent = count >= 1000 ? "1000+" : count; badge.hidden = !count; }
      }
      live.classList.toggle("news", found.head !== head);
      if (found.head !== head && document.querySelector("#main[data-refresh]") && !busy()) {
        head = found.head;
        row = document.activeElement?.matches("tr[data-href]") ? document.activeElement.dataset.href : "";
        window.htmx.ajax("GET", location.href, { target: "#main", swap: "outerHTML show:none" });
      } else if (!document.querySelector("#main[data-refresh]")) head = found.head;
    } catch (problem) {
      live.classList.add("off");
      live.querySelector(".live-word").textContent = "Not live";
      live.title = problem.message.includes("signed out") ? problem.message : "The server does not answer.";
    } finally { asking = false; }
  }
  if (live) setInterval(pulse, 3000);

  // Charts.
  function draw(scope) {
    scope.querySelectorAll(".chart[data-series]").forEach((box) => {
      if (!window.uPlot) return;
      const [days, hand, free] = JSON.parse(box.dataset.series);
      const style = getComputedStyle(html);
      const of = (name) => style.getPropertyValue(name).trim();
      const axis = { stroke: of("--muted"), grid: { stroke: of("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
      const day = (at) => new Date(at * 1000).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
      const whole = (_, splits) => splits.map((each) => (Number.isInteger(each) ? each : ""));
      box.replaceChildren();
      new window.uPlot({
        width: box.clientWidth || 560, height: 180, cursor: { y: false }, legend: { live: true },
        scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(1, Math.ceil(high * 1.1))] } },
        axes: [{ ...axis, values: (_, splits) => splits.map(day) }, { ...axis, values: whole, size: 36 }],
        series: [{ label: "Day", value: (_, at) => (at ? day(at) : "") },
          { label: "On hand", stroke: of("--muted"), width: 1.5, points: { show: false }, paths: window.uPlot.paths.stepped({ align: 1 }) },
          { label: "Available", stroke: of("--accent"), width: 2, points: { show: false }, paths: window.uPlot.paths.stepped({ align: 1 }), fill: of("--accent-tint") }],
      }, [days.map((day) => Date.parse(`${day}T12:00:00Z`) / 1000), hand, free], box);
    });
  }

  // A scan: sound if wanted, and the box is empty and ready again.
  function beep(meaning) {
    if (html.dataset.sound !== "on" || !window.AudioContext) return;
    const context = new AudioContext();
    const tone = context.createOscillator();
    tone.frequency.value = meaning === "danger" ? 220 : 880;
    tone.connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + (meaning === "danger" ? 0.3 : 0.08));
  }

  function settle(scope) {
    draw(scope);
    scope.querySelectorAll("[data-draft]").forEach((field) => { if (!field.value) field.value = sessionStorage.getItem(field.dataset.draft) || ""; });
    if (row) [...document.querySelectorAll("tr[data-href]")].find((each) => each.dataset.href === row)?.focus();
    row = "";
    const wanted = scope.querySelector("[data-autofocus]");
    if (wanted && !document.querySelector("dialog[open]")) wanted.focus();
    nextScan();
    const result = scope.querySelector("[data-beep]");
    if (result) beep(result.dataset.beep);
    const title = document.getElementById("main")?.dataset.title;
    if (title) document.title = `${title} · Doorstep`;
  }
  let slow = 0;
  document.addEventListener("htmx:beforeRequest", (event) => { slow = slow || setTimeout(() => document.body.classList.add("slow"), 300); });
  document.addEventListener("htmx:afterRequest", (event) => {
    clearTimeout(slow);
    slow = 0;
    document.body.classList.remove("slow");
    const form = event.detail.requestConfig?.elt; // the form itself, though the answer has replaced it
    if (form instanceof HTMLFormElement && event.detail.successful) {
      form.querySelectorAll("[data-draft]").forEach((field) => sessionStorage.removeItem(field.dataset.draft));
      if (form.matches("[data-changes]")) changed = true;
    }
  });
  document.addEventListener("htmx:sendError", () => say("The server does not answer. Nothing was changed; try again."));
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "drawer-body") document.getElementById("drawer").showModal();
    settle(document.getElementById("drawer")?.open ? document.getElementById("drawer") : document);
  });
  // Scans that come faster than the server answers wait their turn; the box is empty for the next one at once.
  const codes = [];
  let scanning = false;
  const scanBox = () => document.querySelector("[data-scan] .scan-input");
  document.addEventListener("submit", (event) => {
    if (!near(event, "[data-scan]")) return;
    if (!scanning) { scanning = true; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    codes.push(scanBox().value);
    scanBox().value = "";
  }, true);
  document.addEventListener("htmx:configRequest", (event) => { if (near(event, "[data-scan]")) scanBox().value = ""; });
  function nextScan() {
    scanning = false;
    const box = scanBox();
    if (!box) codes.length = 0;
    if (!codes.length) return;
    const typed = box.value;
    box.value = codes.shift();
    box.form.requestSubmit();
    box.value = typed;
  }
  document.addEventListener("htmx:sendError", () => { scanning = false; codes.length = 0; });
  document.addEventListener("focusout", () => {
    // The station's scan box keeps the focus: scanners type wherever the cursor is.
    setTimeout(() => {
      const box = document.querySelector("[data-scan] .scan-input");
      if (box && (document.activeElement === document.body || !document.activeElement) && !document.querySelector("dialog[open]")) box.focus();
    }, 50);
  });
  document.addEventListener("alpine:init", () => {
    window.Alpine.data("toast", () => ({
      init() { if (this.$el.dataset.meaning !== "danger") setTimeout(() => this.$el.remove(), 5000); },
      close() { this.$root.remove(); },
    }));
    window.Alpine.data("selection", () => ({
      ticked: 0,
      get none() { return this.ticked === 0; },
      get words() { return this.ticked ? `${this.ticked} ticked` : "Tick rows to act on them."; },
      boxes() { return [...this.$root.querySelectorAll("tbody input[type=checkbox]")]; },
      count() { this.ticked = this.boxes().filter((box) => box.checked).length; },
      all(event) { this.boxes().forEach((box) => { box.checked = event.target.checked; }); this.count(); },
    }));
  });
  document.addEventListener("DOMContentLoaded", () => { mark(); settle(document); });
})();
