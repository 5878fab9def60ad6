// The live dot: a word of the server's that changes with every event. Pages that say so refresh themselves,
// unless somebody is busy there.
"use strict";
(() => {
  const { root, words, typing } = window.doorstep;
  const live = document.querySelector("[data-live]");
  let head = document.body.dataset.head || "";
  let asking = false;
  const busy = () =>
    document.querySelector("dialog[open], #main details[open], #main :checked[data-tick]") ||
    typing(document.activeElement) || document.hidden || String(getSelection());

  function show(found) {
    live.classList.remove("off");
    live.querySelector(".live-word").textContent = words.live;
    live.title = words.live_title;
    for (const [key, count] of Object.entries(found.badges)) {
      const badge = document.querySelector(`[data-badge="${key}"]`);
      if (badge) {
        badge.textContent = count >= 1000 ? "1000+" : count;
        badge.hidden = !count;
      }
    }
    live.classList.toggle("fresh", found.head !== head);
  }
  async function pulse() {
    if (asking || document.hidden || !live) return;
    asking = true;
    try {
      const answer = await fetch(`${root}/pulse`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(words.signed_out);
      const found = await answer.json();
      show(found);
      const refreshes = document.querySelector("#main[data-refresh]");
      if (found.head !== head && refreshes && !busy()) {
        head = found.head;
        window.htmx.ajax("GET", location.href, { target: "#main", swap: "outerHTML show:none" });
      } else if (!refreshes) head = found.head;
    } catch (problem) {
      live.classList.add("off");
      live.querySelector(".live-word").textContent = words.not_live;
      live.title = problem.message === words.signed_out ? problem.message : words.unreachable;
    } finally {
      asking = false;
    }
  }
  if (live) setInterval(pulse, 3000);
})();
