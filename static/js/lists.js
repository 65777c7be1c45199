// Lists: ticking rows, filters that act at once, and the choices of the conflict screen.
(() => {
  "use strict";
  const ticks = () => [...document.querySelectorAll(".rr-tickbox")];

  function showSelection() {
    const bar = document.querySelector("[data-selection-slot]");
    const line = document.querySelector("[data-result-slot]");
    const all = ticks();
    const count = all.filter((tick) => tick.checked).length;
    const head = document.querySelector("[data-select-page]");
    if (head) {
      head.checked = count > 0 && count === all.length;
      head.indeterminate = count > 0 && count < all.length;
    }
    if (!bar) return;
    bar.hidden = !count;
    if (line) line.hidden = Boolean(count);
    bar.querySelector("[data-selected-count]").textContent = String(count);
    return count;
  }

  const speak = () => rr.announce(`${showSelection() || 0} selected`);
  rr.onContent(showSelection);
  rr.on("change", ".rr-tickbox", speak);
  rr.on("change", "[data-select-page]", (_event, head) => {
    ticks().forEach((tick) => { tick.checked = head.checked; });
    speak();
  });
  rr.on("click", "[data-select-none]", () => {
    ticks().forEach((tick) => { tick.checked = false; });
    speak();
    rr.focus(document.querySelector("[data-select-page]"));
  });

  rr.on("change", "[data-autosubmit]", (_event, control) => control.form.requestSubmit());
  rr.onContent((root) => {
    root.querySelectorAll("[data-apply]").forEach((button) => { button.hidden = true; });
    if (matchMedia("(max-width: 767.98px)").matches) {
      root.querySelectorAll("details[data-filters]").forEach((filters) => { filters.open = false; });
    }
  });
  // Empty filters stay out of the address.
  document.addEventListener("formdata", (event) => {
    if (event.target.id !== "filters") return;
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });

  function showChoice(clash) {
    const chosen = clash.querySelector("input[type=radio]:checked");
    const result = clash.querySelector("[data-result]");
    const another = clash.querySelector("[data-another]");
    const box = another.querySelector("input, textarea");
    another.hidden = chosen?.value !== "other";
    box.disabled = another.hidden;
    if (!chosen) return;
    result.hidden = chosen.value === "other";
    const value = chosen.closest("label").querySelector("[data-value]");
    if (value) result.replaceChildren(...[...value.childNodes].map((node) => node.cloneNode(true)));
  }

  function countChoices() {
    const counter = document.querySelector("[data-chosen]");
    if (!counter) return;
    const clashes = [...document.querySelectorAll("[data-clash]")];
    const done = clashes.filter((clash) => clash.querySelector("input[type=radio]:checked")).length;
    counter.textContent = `${done} of ${clashes.length} chosen`;
  }

  rr.onContent((root) => {
    root.querySelectorAll("[data-clash]").forEach(showChoice);
    countChoices();
  });
  rr.on("change", "[data-clash] input[type=radio]", (_event, radio) => {
    const clash = radio.closest("[data-clash]");
    showChoice(clash);
    countChoices();
    if (radio.value === "other") clash.querySelector("[data-another] :is(input, textarea)").focus();
  });

  // Back leads to the row one came from; the row's address is kept with the page in the history, and nowhere else.
  rr.on("click", "[data-row] .rr-name", (_event, link) => {
    history.replaceState({ ...history.state, row: link.pathname }, "");
  });
  window.addEventListener("load", () => {
    const row = history.state?.row;
    const link = row && [...document.querySelectorAll("[data-row] .rr-name")].find((name) => name.pathname === row);
    if (link && !document.querySelector("[data-focus], .rr-summary")) rr.focus(link);
  });
})();
