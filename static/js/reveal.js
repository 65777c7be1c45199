// A revealed number leaves the page after its time, when the tab is hidden, on leaving and before printing.
(() => {
  "use strict";
  const SPOKEN = new Set([30, 10]);
  const running = new Map();

  function start(box) {
    const limit = Number(box.dataset.seconds);
    const state = { end: Date.now() + limit * 1000, limit, timer: 0 };
    running.set(box, state);
    box.querySelectorAll("[data-left], progress").forEach((part) => { part.hidden = false; });
    state.timer = setInterval(() => tick(box, state), 250);
    rr.announce(`Shown for ${limit} seconds`);
    tick(box, state);
  }

  function tick(box, state) {
    if (!box.isConnected) return forget(box);
    const left = Math.max(0, Math.ceil((state.end - Date.now()) / 1000));
    if (left === state.shown) return undefined;
    state.shown = left;
    box.querySelector("[data-left-seconds]").textContent = String(left);
    box.querySelector("progress").value = left;
    if (SPOKEN.has(left) && left !== state.limit) rr.announce(`Hides in ${left} seconds`);
    return left ? undefined : hide(box);
  }

  function forget(box) {
    clearInterval(running.get(box)?.timer);
    running.delete(box);
  }

  function hide(box) {
    forget(box);
    const hadFocus = box.contains(document.activeElement);
    const mask = box.querySelector("template[data-mask]").content.cloneNode(true);
    box.querySelector("[data-number]").textContent = "";
    box.replaceWith(mask);
    rr.announce("Hidden again");
    if (hadFocus && !running.size) document.querySelector("[data-reveal-opener]")?.focus();
  }

  const hideAll = () => [...running.keys()].forEach(hide);

  rr.onContent((root) => root.querySelectorAll("[data-reveal]").forEach((box) => { if (!running.has(box)) start(box); }));
  rr.on("click", "[data-hide]", (event, button) => {
    event.preventDefault();
    hide(button.closest("[data-reveal]"));
  });
  rr.on("click", "[data-keep]", (_event, button) => {
    const state = running.get(button.closest("[data-reveal]"));
    if (!state) return;
    state.end += state.limit * 1000;
    const left = Math.ceil((state.end - Date.now()) / 1000);
    button.closest("[data-reveal]").querySelector("progress").max = left;
    rr.announce(`Hides in ${left} seconds`);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) hideAll(); });
  window.addEventListener("pagehide", hideAll);
  window.addEventListener("beforeprint", hideAll);

  // Numbers somebody has typed themselves blur while nobody is there.
  const IDLE = 120000;
  let idle = 0;
  const wake = () => {
    clearTimeout(idle);
    document.body.classList.toggle("rr-idle", document.hidden);
    idle = setTimeout(() => document.body.classList.add("rr-idle"), IDLE);
  };
  ["pointermove", "keydown", "scroll", "visibilitychange"].forEach((type) => document.addEventListener(type, wake, { passive: true }));
  wake();
})();
