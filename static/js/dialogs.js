// Native dialogs: a link that is also a page of its own opens the dialog in place where there is one.
(() => {
  "use strict";
  const FIRST = ".rr-dialog-body :is(input:not([type=hidden]), select, textarea, button, a[href])";

  /** Open a dialog in place of another, or above it: there what was typed below stays where it is. */
  rr.open = (dialog, isAbove = false) => {
    if (dialog.open) return;
    if (!isAbove) document.querySelectorAll("dialog[open]").forEach((other) => other.close());
    dialog.querySelector("[data-messages]")?.remove();
    dialog.showModal();
    if (!dialog.querySelector("[autofocus]")) dialog.querySelector(FIRST)?.focus();
  };

  rr.on("click", "[data-dialog]", (event, opener) => {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    rr.open(dialog);
  });

  rr.on("click", "dialog [data-close]", (event, button) => {
    event.preventDefault();
    button.closest("dialog").close();
  });
  rr.on("click", "dialog [data-leave]", (_event, button) => button.closest("dialog").close());

  // Browsers without invoker commands.
  if (!("command" in HTMLButtonElement.prototype)) {
    rr.on("click", "[commandfor]", (_event, button) => rr.open(document.getElementById(button.getAttribute("commandfor"))));
  }

  rr.onContent((root) => root.querySelectorAll("dialog[data-open]").forEach((dialog) => {
    dialog.removeAttribute("data-open");
    rr.open(dialog);
  }));
})();
