// Forms: one sending at a time, asking before typed text is lost, and the small help while typing.
(() => {
  "use strict";
  const DIGITS = /[\u0966-\u096F\u09E6-\u09EF\u0A66-\u0A6F\u0AE6-\u0AEF\u0B66-\u0B6F\u0BE6-\u0BEF\u0C66-\u0C6F\u0CE6-\u0CEF\u0D66-\u0D6F]/g;
  const initial = new WeakMap();
  let isLeaving = false;
  let afterLeave = null;

  // --- sending once, and saying so
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sending) return stop(event);
    const goesAway = !form.matches("[data-guard], [hx-post]") && !form.closest("dialog");
    if (goesAway && isDirty() && askToLeave(() => form.submit())) return stop(event);
    if (!navigator.onLine && form.method === "post") {
      stop(event);
      rr.message("network-flash", () => form.requestSubmit());
    }
    return undefined;
  }, true);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const byHtmx = form.hasAttribute("hx-post");
    if (event.defaultPrevented && !byHtmx) return;
    if (!byHtmx) isLeaving = true;
    form.dataset.sending = "true";
    const button = event.submitter || form.querySelector("[type=submit]");
    if (button?.dataset.busy) setBusy(button);
  });

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  function words(button) {
    return [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  }

  function setBusy(button) {
    const text = words(button);
    if (!text) return;
    button.dataset.idle = text.data;
    text.data = button.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  }

  function setIdle(form) {
    form.removeAttribute("data-sending");
    [...form.elements].filter((button) => button.dataset.idle).forEach((button) => {
      words(button).data = button.dataset.idle;
      button.removeAttribute("data-idle");
      button.removeAttribute("aria-disabled");
    });
  }
  // Only the form that was sent: a check of one field may end while the form is on its way.
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.matches?.("form[data-sending]")) setIdle(ctx.sourceElement);
  });
  window.addEventListener("pageshow", () => {
    isLeaving = false;
    document.querySelectorAll("form[data-sending]").forEach(setIdle);
  });

  // --- leaving with changes
  const typed = (form) => new URLSearchParams(
    [...new FormData(form)].filter(([name]) => !["csrf_token", "idempotency_key"].includes(name)),
  ).toString();
  const isChanged = (form) => form.hasAttribute("data-dirty") || (initial.has(form) && initial.get(form) !== typed(form));
  const isDirty = () => [...document.querySelectorAll("form[data-guard]")].some(isChanged);
  rr.isDirty = isDirty;

  // Only after every script has shaped the form: a box that a script disables is no change of the clerk's.
  const remember = () => document.querySelectorAll("form[data-guard]").forEach((form) => {
    if (!initial.has(form)) initial.set(form, typed(form));
  });
  document.addEventListener("DOMContentLoaded", remember);
  document.addEventListener("htmx:after:swap", () => setTimeout(remember));

  // What was saved is no longer a change: the page the answer leads to opens without a question.
  document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
    const { status, headers } = ctx.response;
    if (status >= 400 || !(headers.has("HX-Redirect") || headers.has("HX-Location"))) return;
    initial.delete(ctx.sourceElement);
    ctx.sourceElement.removeAttribute("data-dirty");
  });

  function askToLeave(leave) {
    const dialog = document.getElementById("leave");
    if (!dialog) return false;
    afterLeave = leave;
    rr.open(dialog);
    return true;
  }

  rr.on("click", "[data-leave]", () => {
    isLeaving = true;
    afterLeave?.();
  });
  window.addEventListener("beforeunload", (event) => { if (!isLeaving && isDirty()) event.preventDefault(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button || link?.target;
    if (!link || opensElsewhere || event.defaultPrevented || link.closest("dialog")) return;
    const isHere = link.getAttribute("href").startsWith("#");
    if (!isHere && isDirty() && askToLeave(() => location.assign(link.href))) event.preventDefault();
  });

  // --- errors
  rr.on("click", ".rr-summary a[href^='#f-']", (event, link) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus();
  });

  rr.onContent((root) => root.querySelectorAll(".rr-message").forEach((message) => {
    const isWrong = Boolean(message.querySelector(".rr-error"));
    document.querySelectorAll(`[aria-describedby~="${message.id}"]`).forEach((described) => {
      const controls = described.matches("fieldset") ? described.querySelectorAll("input") : [described];
      controls.forEach((control) => (isWrong ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid")));
    });
  }));

  // A field that is wrong is checked again while it is put right; the page listens for rr:recheck with a delay.
  rr.on("input", "[aria-invalid=true]", (_event, control) => control.dispatchEvent(new Event("rr:recheck", { bubbles: true })));

  // --- help while typing
  const plain = (text) => text.replace(DIGITS, (digit) => String((digit.codePointAt(0) - 0x966) % 0x80 % 10));
  const shapes = {
    aadhaar(text) {
      const digits = plain(text).replace(/[\s-]/g, "");
      return /^\d+$/.test(digits) ? digits.replace(/(\d{4})(?=\d)/g, "$1 ") : text;
    },
    pan: (text) => text.replace(/\s/g, "").toUpperCase(),
    mobile(text) {
      const digits = plain(text).replace(/[\s-]/g, "").replace(/^(\+91|91|0)(?=\d{10}$)/, "");
      return /^\d{10}$/.test(digits) ? `${digits.slice(0, 5)} ${digits.slice(5)}` : text;
    },
  };
  const group = (field) => {
    const shape = shapes[field.dataset?.group];
    if (shape) field.value = shape(field.value);
  };
  document.addEventListener("focusout", (event) => group(event.target));
  // What the page brings is grouped too, so that passing through a box is no change of the clerk's.
  rr.onContent((root) => root.querySelectorAll("[data-group]:not(:focus)").forEach(group));

  rr.on("click", "[data-fix]", (_event, button) => {
    const field = document.getElementById(button.dataset.fix);
    const letters = [...field.value.replace(/\s/g, "")];
    letters[Number(button.dataset.at) - 1] = button.dataset.put;
    field.value = letters.join("");
    button.remove();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  rr.on("click", "[data-show-password]", (_event, button) => {
    const field = document.getElementById(button.dataset.showPassword);
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
    words(button).data = isShown ? "Show" : "Hide";
  });

  // "The same as the current address" takes the second box away; unticking brings it back with its text.
  const followSame = (tick) => {
    const field = document.getElementById(tick.dataset.same);
    if (!field) return;
    field.disabled = tick.checked;
    field.closest(".rr-field").hidden = tick.checked;
  };
  rr.onContent((root) => root.querySelectorAll("[data-same]").forEach(followSame));
  rr.on("change", "[data-same]", (_event, tick) => followSame(tick));
})();
