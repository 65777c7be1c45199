// The one search box. On the list it filters while one types; numbers and addresses never get into a URL.
(() => {
  "use strict";
  const WAIT = 300;
  const form = document.querySelector("form[data-search]");
  if (!form || !form.dataset.live) return;
  const box = form.elements.q;
  let timer = 0;
  let slow = 0;
  let busy = null;
  let last = box.value.trim();

  // Part of a number is a number too: from four digits on, with an @, or as soon as it starts like a PAN.
  const isPrivate = (text) => (text.match(/\p{Nd}/gu) || []).length >= 4 || text.includes("@") || /^[a-z]{5}\d/i.test(text);

  function listAddress(text) {
    const filters = document.getElementById("filters");
    const wanted = new URLSearchParams(filters ? new FormData(filters) : undefined);
    wanted.delete("q");
    wanted.delete("page");
    [...wanted].forEach(([name, value]) => { if (!value) wanted.delete(name, value); });
    if (text) wanted.set("q", text);
    const query = wanted.toString();
    return form.dataset.live + (query ? `?${query}` : "");
  }

  function search() {
    clearTimeout(timer);
    const text = box.value.trim();
    last = text;
    clearTimeout(slow);
    slow = setTimeout(saySearching, WAIT);
    const options = { source: box, target: "#results", swap: "outerHTML", replace: listAddress("") };
    if (isPrivate(text)) return htmx.ajax("POST", form.action, options);
    const address = listAddress(text);
    return htmx.ajax("GET", address, { ...options, replace: address });
  }

  function saySearching() {
    const line = document.querySelector("#results .rr-slot [data-announce], #results .rr-empty h2");
    if (!line || busy?.line === line) return;
    busy = { line, words: line.textContent };
    line.textContent = "Searching…";
  }

  // Where no answer came, the list still shows what it says.
  function isDone() {
    clearTimeout(slow);
    if (busy) busy.line.textContent = busy.words;
    busy = null;
  }

  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing && box.value.trim() !== last) timer = setTimeout(search, WAIT);
  });
  box.addEventListener("compositionend", () => { timer = setTimeout(search, WAIT); });
  form.addEventListener("submit", (event) => {
    if (!document.getElementById("results")) return;
    event.preventDefault();
    search();
  });
  document.addEventListener("htmx:finally:request", isDone);
})();
