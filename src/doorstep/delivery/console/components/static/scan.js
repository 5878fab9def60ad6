// The scan box: sound if wanted, empty and ready at once; scans that come faster than the server answers wait.
"use strict";
(() => {
  const { html, near, onSettle } = window.doorstep;
  const codes = [];
  let scanning = false;
  const scanBox = () => document.querySelector("[data-scan] .scan-input");

  function beep(meaning) {
    if (html.dataset.sound !== "on" || !window.AudioContext) return;
    const context = new AudioContext();
    const tone = context.createOscillator();
    tone.frequency.value = meaning === "danger" ? 220 : 880;
    tone.connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + (meaning === "danger" ? 0.3 : 0.08));
  }
  function next() {
    scanning = false;
    const box = scanBox();
    if (!box) codes.length = 0;
    if (!codes.length) return;
    const typed = box.value;
    box.value = codes.shift();
    box.form.requestSubmit();
    box.value = typed;
  }
  document.addEventListener("submit", (event) => {
    if (!near(event, "[data-scan]")) return;
    if (!scanning) {
      scanning = true;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    codes.push(scanBox().value);
    scanBox().value = "";
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (near(event, "[data-scan]")) scanBox().value = "";
  });
  document.addEventListener("htmx:sendError", () => {
    scanning = false;
    codes.length = 0;
  });
  document.addEventListener("focusout", () => {
    // The scan box keeps the focus: scanners type wherever the cursor is.
    setTimeout(() => {
      const lost = document.activeElement === document.body || !document.activeElement;
      if (lost && !document.querySelector("dialog[open]")) scanBox()?.focus();
    }, 50);
  });
  onSettle((scope) => {
    next();
    const result = scope.querySelector("[data-beep]");
    if (result) beep(result.dataset.beep);
  });
})();
