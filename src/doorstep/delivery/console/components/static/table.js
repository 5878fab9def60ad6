// Tables: a row is a link; ticked rows are counted and acted on together.
"use strict";
(() => {
  const { near, onSettle } = window.doorstep;
  document.addEventListener("click", (event) => {
    const row = near(event, "tr[data-href]");
    if (row && !near(event, "a, button, input, label, select") && !String(getSelection())) location.href = row.dataset.href;
  });
  function count(form) {
    const boxes = [...form.querySelectorAll("tbody [data-tick]")];
    const ticked = boxes.filter((box) => box.checked).length;
    const shown = form.querySelector("[data-ticked]");
    if (shown) shown.textContent = ticked ? shown.dataset.some.replace("{n}", ticked) : shown.dataset.none;
    form.querySelectorAll("[data-needs-tick]").forEach((button) => { button.disabled = !ticked; });
    const all = form.querySelector("[data-tick-all]");
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  }
  document.addEventListener("change", (event) => {
    const form = near(event, "form[data-selection]");
    if (!form) return;
    if (near(event, "[data-tick-all]")) {
      form.querySelectorAll("tbody [data-tick]").forEach((box) => { box.checked = event.target.checked; });
    }
    count(form);
  });
  onSettle((scope) => scope.querySelectorAll("form[data-selection]").forEach(count));
})();
