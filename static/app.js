// What every page shares: speaking to screen readers, messages, copying, the theme. Everything works without it.
(() => {
  "use strict";
  const SCRIPTED = "[data-copy],[data-dismiss],[data-theme-switch],[data-keep],[data-select-page],[data-show-password],[data-fix]";
  const hooks = [];

  const rr = {
    /** Speak a sentence through the layout's live region. */
    announce(text, urgent = false) {
      const region = document.getElementById(urgent ? "live-assertive" : "live-polite");
      if (!region || !text) return;
      region.textContent = "";
      setTimeout(() => { region.textContent = text.replace(/\s+/g, " ").trim(); }, 60);
    },
    /** Run the hook for the page as it is, and again after each swap. */
    onContent(hook) {
      hooks.push(hook);
      hook(document);
    },
    refresh() { hooks.forEach((hook) => hook(document)); },
    /** Handle an event of any element, now or later in the page, that matches the selector. */
    on(type, selector, handle) {
      document.addEventListener(type, (event) => {
        const found = event.target instanceof Element && event.target.closest(selector);
        if (found) handle(event, found);
      });
    },
    focus(element) {
      if (!element) return;
      if (element.tabIndex < 0 && !element.hasAttribute("tabindex")) element.tabIndex = -1;
      element.focus();
    },
    /** Where messages stand: in the dialog while one covers the page, for there the page is neither seen nor heard. */
    slot() {
      // The last one lies above the others.
      const body = [...document.querySelectorAll("dialog[open] .rr-dialog-body")].at(-1);
      if (!body) return document.getElementById("messages");
      const there = body.querySelector("[data-messages]");
      if (there) return there;
      const made = document.createElement("div");
      made.dataset.messages = "";
      body.prepend(made);
      return made;
    },
    /** Put a message of the layout into the message element, with an optional Retry. */
    message(id, retry) {
      const slot = rr.slot();
      const template = document.getElementById(id);
      if (!slot || !template) return;
      slot.replaceChildren(template.content.cloneNode(true));
      if (retry) {
        const button = document.getElementById("retry-button").content.firstElementChild.cloneNode(true);
        button.addEventListener("click", () => { slot.replaceChildren(); retry(); });
        slot.querySelector(".rr-flash-text").after(button);
      }
      rr.refresh();
      // An alert speaks for itself.
      if (!slot.querySelector("[role=alert]")) rr.announce(slot.querySelector(".rr-flash-text").textContent, true);
    },
    cookie(name, value) {
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? 31536000 : 0}; SameSite=Lax${secure}`;
    },
  };
  window.rr = rr;

  rr.onContent((root) => root.querySelectorAll(SCRIPTED).forEach((element) => { element.hidden = false; }));

  rr.on("click", "[data-dismiss]", (_event, button) => {
    const dialog = button.closest("dialog");
    button.closest(".rr-flash").remove();
    rr.focus(dialog ? dialog.querySelector("h2") : document.querySelector("main h1"));
  });

  rr.on("click", "[data-copy]", async (_event, button) => {
    await copy(button.dataset.copy);
    const words = button.querySelector("[data-words]");
    const before = words.dataset.before || words.textContent;
    words.dataset.before = before;
    words.textContent = button.dataset.copied;
    rr.announce(button.dataset.copied);
    setTimeout(() => { words.textContent = before; }, 2500);
  });

  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    // Plain http on an office network has no clipboard interface.
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "visually-hidden";
    const focused = document.activeElement;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    focused?.focus();
  }

  rr.on("click", "[data-theme-set]", (_event, button) => {
    const theme = button.dataset.themeSet;
    if (theme) document.documentElement.dataset.bsTheme = theme;
    else delete document.documentElement.dataset.bsTheme;
    rr.cookie("theme", theme);
    document.querySelectorAll("[data-theme-set]").forEach((each) => each.setAttribute("aria-pressed", each === button));
  });

  rr.onContent((root) => root.querySelectorAll("[data-retry-in]").forEach((button) => {
    let left = Number(button.dataset.retryIn);
    const words = button.textContent;
    delete button.dataset.retryIn;
    button.removeAttribute("data-retry-in");
    const tick = () => {
      button.textContent = left > 0 ? `${words} in ${left} s` : words;
      if (left <= 0) return button.removeAttribute("aria-disabled");
      button.setAttribute("aria-disabled", "true");
      left -= 1;
      return setTimeout(tick, 1000);
    };
    tick();
  }));
  rr.on("click", "a[aria-disabled=true]", (event) => event.preventDefault());

  // After signing out, Back must show nothing: a page from the browser's memory is asked for again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  window.addEventListener("load", () => {
    const summary = document.querySelector(".rr-summary");
    const flash = document.querySelector(".rr-flash-text");
    const wanted = summary || document.querySelector("[data-focus]") || (flash && document.querySelector("main h1"));
    // What is wrong is said first, also where a field has asked for the focus.
    if (wanted && (summary || document.activeElement === document.body)) rr.focus(wanted);
    if (flash && !summary) setTimeout(() => rr.announce(flash.textContent), 300);
  });
})();
