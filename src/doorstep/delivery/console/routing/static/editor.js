// The editor of rules: line numbers, a link from an error to its line, open parts stay open, nothing typed is lost.
"use strict";
(() => {
  const text = () => document.querySelector("textarea[data-rules]");
  const gutter = () => document.querySelector(".gutter");

  function count(box) {
    const lines = box.value.split("\n").length;
    const shown = gutter().children.length;
    for (let at = shown; at < lines; at += 1) {
      const line = document.createElement("span");
      line.textContent = at + 1;
      gutter().append(line, "\n");
    }
    for (let at = shown; at > lines; at -= 1) {
      gutter().lastChild.remove();
      gutter().lastElementChild.remove();
    }
    gutter().scrollTop = box.scrollTop;
  }

  function settle() {
    const box = text();
    if (!box) return;
    count(box);
    box.addEventListener("scroll", () => { gutter().scrollTop = box.scrollTop; });
    const key = box.dataset.rules;
    if ("changed" in box.dataset) { sessionStorage.setItem(key, box.value); return; }
    const left = sessionStorage.getItem(key);
    const offer = document.querySelector("[data-restore]");
    if (!left || left === box.value || !offer) return;
    offer.hidden = false;
    offer.querySelector("button").addEventListener("click", () => {
      box.value = left;
      offer.hidden = true;
      count(box);
    });
  }

  document.addEventListener("input", (event) => {
    const box = text();
    if (event.target !== box) return;
    count(box);
    sessionStorage.setItem(box.dataset.rules, box.value);
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-line]") : null;
    const box = text();
    if (!link || !box) return;
    event.preventDefault();
    const lines = box.value.split("\n");
    const at = Math.max(0, Number(link.dataset.line) - 1);
    const begin = lines.slice(0, at).join("\n").length + (at ? 1 : 0);
    box.focus();
    box.setSelectionRange(begin, begin + (lines[at] || "").length);
    box.scrollTop = Math.max(0, at - 6) * 18;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const box = text();
    const isSaved = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (box && isSaved) sessionStorage.removeItem(box.dataset.rules);
  });
  const parts = () => [...document.querySelectorAll(".editor-form details")];
  let open = [];
  document.addEventListener("htmx:beforeRequest", () => {
    open = parts().map((part) => part.open);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const fresh = parts();
    if (fresh.length === open.length) fresh.forEach((part, at) => { part.open = open[at]; });
    open = [];
  });
  window.doorstep.onSettle(settle);
})();
