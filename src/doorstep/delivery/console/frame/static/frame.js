// What every page shares: remembered choices, menus, copying, focus after an action, progress.
"use strict";
(() => {
  const html = document.documentElement;
  const root = document.body.dataset.root || "/console";
  const words = JSON.parse(document.body.dataset.words || "{}");
  html.classList.add("js");

  const near = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
  const typing = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
  const settled = []; // what components do with a fresh page or part of one
  window.doorstep = { html, root, words, near, typing, say, onSettle: (act) => settled.push(act) };

  const remember = (name, value) => {
    document.cookie = `${name}=${value};path=/console;max-age=31536000;samesite=lax`;
  };
  remember("zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  const mark = () =>
    document.querySelectorAll("[data-set]").forEach((button) => {
      const chosen = html.dataset[button.dataset.set] === button.dataset.value;
      button.setAttribute("aria-pressed", String(chosen));
    });
  const choose = (name, value) => {
    html.dataset[name] = value;
    remember(name, value);
    mark();
    settle(document);
  };

  document.addEventListener("click", (event) => {
    const set = near(event, "[data-set]");
    if (set) choose(set.dataset.set, set.dataset.value);
    if (near(event, "[data-toggle-rail]")) choose("rail", html.dataset.rail === "narrow" ? "wide" : "narrow");
    const refused = near(event, "[data-why]");
    if (refused) say(refused.dataset.why, "attention");
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const copied = near(event, "[data-copy]");
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => say(words.copied));
  });

  function say(text, meaning = "success") {
    const toast = document.createElement("div");
    toast.className = `toast ${meaning}`;
    toast.setAttribute("role", "status");
    const line = document.createElement("p");
    line.textContent = text;
    toast.append(line);
    // An open dialog covers the page: the message goes into it.
    (document.querySelector("dialog[open]") || document.getElementById("toasts"))?.append(toast);
    setTimeout(() => toast.remove(), 4000);
  }

  // Focus stays where it was: on the same control of the fresh page, else on the page itself.
  let held = null;
  function addressOf(element) {
    if (!element || element === document.body) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (element.dataset?.href) return `[data-href="${CSS.escape(element.dataset.href)}"]`;
    const form = element.closest("form[action]");
    if (!form) return null;
    const control = element.name ? `[name="${CSS.escape(element.name)}"]` : "button";
    return `form[action="${CSS.escape(form.getAttribute("action"))}"] ${control}`;
  }
  function restore() {
    const lost = !document.activeElement || document.activeElement === document.body;
    const same = held && document.querySelector(held);
    if (held && lost && !document.querySelector("dialog[open]")) {
      (same && !same.disabled ? same : document.getElementById("main"))?.focus({ preventScroll: true });
    }
    held = null;
  }

  function settle(scope) {
    settled.forEach((act) => act(scope));
    // On a phone a row of tabs is wider than the screen: the current one is scrolled into view.
    scope.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
      const row = tab.parentElement;
      row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    });
    const wanted = scope.querySelector("[data-autofocus]");
    if (wanted && !document.querySelector("dialog[open]")) wanted.focus();
    restore();
    const title = document.getElementById("main")?.dataset.title;
    if (title) document.title = `${title} · Doorstep`;
  }

  let slow = 0;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    const opener = element?.closest?.("dialog")?.id;
    const button = opener && document.querySelector(`[data-dialog="${CSS.escape(opener)}"]`);
    held = addressOf(button || (element?.contains?.(document.activeElement) ? document.activeElement : null));
    if (button && !button.id) held = `[data-dialog="${CSS.escape(opener)}"]`;
    slow = slow || setTimeout(() => document.body.classList.add("slow"), 300);
  });
  document.addEventListener("htmx:afterRequest", () => {
    clearTimeout(slow);
    slow = 0;
    document.body.classList.remove("slow");
  });
  document.addEventListener("htmx:sendError", () => say(words.unreachable, "danger"));
  document.addEventListener("htmx:afterSettle", (event) => {
    const drawer = document.getElementById("drawer");
    if (event.detail.target?.id === "drawer-body" && !drawer.open) drawer.showModal();
    settle(drawer?.open ? drawer : document);
  });
  document.addEventListener("DOMContentLoaded", () => {
    mark();
    settle(document);
  });
})();
