// Filters apply themselves; what is typed survives leaving the page; a wrong field has the focus.
"use strict";
(() => {
  const { near, onSettle } = window.doorstep;
  document.addEventListener("change", (event) => {
    const form = near(event, "form[data-autosubmit]");
    if (form && !near(event, "input[type=search]")) form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-autosubmit]")) return;
    // Empty filters are left out, so that addresses stay short.
    event.target.querySelectorAll("input:not([type=hidden]), select").forEach((field) => {
      if (!field.value) field.disabled = true;
    });
  });
  document.addEventListener("input", (event) => {
    const draft = near(event, "[data-draft]");
    if (draft) sessionStorage.setItem(draft.dataset.draft, draft.value);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig?.elt; // the form itself, though the answer has replaced it
    if (!(form instanceof HTMLFormElement) || !event.detail.successful) return;
    form.querySelectorAll("[data-draft]").forEach((field) => sessionStorage.removeItem(field.dataset.draft));
  });
  onSettle((scope) => {
    scope.querySelectorAll("[data-draft]").forEach((field) => {
      if (!field.value) field.value = sessionStorage.getItem(field.dataset.draft) || "";
    });
    if (!document.querySelector("dialog[open]")) scope.querySelector("main [aria-invalid]")?.focus();
  });
})();
