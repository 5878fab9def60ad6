// Toasts: good news goes by itself, a failure stays until it is closed.
"use strict";
(() => {
  const { near, onSettle } = window.doorstep;
  document.addEventListener("click", (event) => {
    if (near(event, "[data-close-toast]")) near(event, ".toast").remove();
  });
  onSettle(() =>
    document.querySelectorAll(".toast.success:not([data-going])").forEach((toast) => {
      toast.dataset.going = "yes";
      setTimeout(() => toast.remove(), 5000);
    }));
})();
