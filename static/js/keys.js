// Shortcuts. Single keys can be turned off and never act in a field, while composing, or over a dialog.
(() => {
  "use strict";
  const OFF = "off";
  let prefix = "";
  let forgetPrefix = 0;
  let isOn = document.body.dataset.keys !== OFF && !/(?:^|; )keys=off(?:;|$)/.test(document.cookie);

  rr.onContent((root) => root.querySelectorAll("[data-keys-switch]").forEach((tick) => { tick.checked = isOn; }));
  rr.on("change", "[data-keys-switch]", (_event, tick) => {
    isOn = tick.checked;
    rr.cookie("keys", isOn ? "" : OFF);
  });

  // The list names what works on this page, and nothing else.
  rr.onContent(() => document.querySelectorAll("[data-needs]").forEach((keys) => {
    keys.hidden = keys.nextElementSibling.hidden = !document.querySelector(keys.dataset.needs);
  }));

  const isTyping = (element) => element?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const press = (name) => {
    const found = document.querySelector(`[data-key="${CSS.escape(name)}"]`);
    found?.click();
    return Boolean(found);
  };

  const rows = () => [...document.querySelectorAll("[data-row] .rr-name")];
  const current = () => document.activeElement?.closest?.("[data-row]");
  function move(step) {
    const names = rows();
    if (!names.length) return false;
    const at = names.findIndex((name) => name.closest("[data-row]") === current());
    names[at < 0 ? (step > 0 ? 0 : names.length - 1) : Math.min(names.length - 1, Math.max(0, at + step))].focus();
    return true;
  }
  function tickRow() {
    const tick = current()?.querySelector(".rr-tickbox");
    tick?.click();
    return Boolean(tick);
  }
  function edit() {
    const address = current()?.dataset.edit;
    if (address) location.assign(address);
    return Boolean(address) || press("e");
  }
  function newRecord() {
    const address = document.body.dataset.newRecord;
    if (address && !press("n")) location.assign(address);
    return Boolean(address) || press("n");
  }
  function openHelp() {
    const list = document.getElementById("shortcuts");
    if (list) rr.open(list);
    return Boolean(list);
  }
  function toSearch() {
    const box = document.getElementById("q");
    box?.focus();
    box?.select();
    return Boolean(box);
  }

  const actions = {
    "/": toSearch, "?": openHelp, n: newRecord, e: edit, x: tickRow, j: () => move(1), k: () => move(-1),
    "[": () => press("["), "]": () => press("]"), "g p": () => press("g p"),
  };

  function single(event) {
    const key = prefix ? `${prefix} ${event.key}` : event.key;
    prefix = "";
    clearTimeout(forgetPrefix);
    if (key === "g") {
      prefix = "g";
      forgetPrefix = setTimeout(() => { prefix = ""; }, 1200);
      return;
    }
    if (Object.hasOwn(actions, key) && actions[key]()) event.preventDefault();
  }

  function arrows(event) {
    if (!current() || !["ArrowDown", "ArrowUp"].includes(event.key)) return false;
    event.preventDefault();
    return move(event.key === "ArrowDown" ? 1 : -1);
  }

  function inForm(event) {
    const form = event.target.closest?.("main form");
    if (!form || event.target.closest("dialog")) return false;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector(".btn-primary[type=submit]"));
      return true;
    }
    const cancel = event.key === "Escape" && form.querySelector("[data-cancel]");
    if (cancel) cancel.click();
    return Boolean(cancel);
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || inForm(event)) return;
    const blocked = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
    if (blocked || isTyping(event.target) || arrows(event) || !isOn) return;
    single(event);
  });
})();
