// Dialogs and the drawer.
"use strict";
(() => {
  const { near, onSettle } = window.doorstep;
  document.addEventListener("click", (event) => {
    const opener = near(event, "[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (near(event, "[data-close]")) near(event, "dialog")?.close();
    if (event.target instanceof HTMLDialogElement) {
      const box = event.target.getBoundingClientRect();
      const beside = event.clientX < box.left || event.clientX > box.right;
      const outside = beside || event.clientY < box.top || event.clientY > box.bottom;
      // A click beside the dialog closes it, unless something may be typed there already.
      if (outside && !event.target.querySelector("textarea, input:not([type=hidden])")) event.target.close();
    }
  });
  // A form that the server sent back with errors is open in the page: make it modal, and go to the wrong field.
  onSettle((scope) => {
    const failed = scope.querySelector("dialog[open][data-failed]");
    if (!failed) return;
    failed.removeAttribute("data-failed");
    failed.close();
    failed.showModal();
    failed.querySelector("[aria-invalid]")?.focus();
  });
  let changed = false;
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig?.elt;
    if (form instanceof HTMLFormElement && event.detail.successful && form.matches("[data-changes]")) changed = true;
  });
  document.getElementById("drawer")?.addEventListener("close", () => {
    if (changed) window.htmx.ajax("GET", location.href, { target: "#main", swap: "outerHTML" });
    changed = false;
  });
})();
