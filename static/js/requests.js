// Around each htmx request: what failed is said, the typed text stays, and the focus never gets lost.
(() => {
  "use strict";
  const ANSWERS = new Set([409, 412, 422, 428]);
  let focused = null;
  let failed = null;

  // What a page asks by a timer is marked, so that it keeps no session alive.
  const isUnattended = (ctx) => Boolean(ctx.sourceElement?.matches?.("[hx-trigger^=every]"));
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (isUnattended(ctx)) ctx.request.headers["X-Unattended"] = "true";
    if (rr.holdsBack?.(ctx, isUnattended(ctx))) return event.preventDefault();
    target(ctx)?.setAttribute("aria-busy", "true");
    return undefined;
  });
  document.addEventListener("htmx:finally:request", () => {
    document.querySelectorAll("[aria-busy]").forEach((element) => element.removeAttribute("aria-busy"));
  });

  function target(ctx) {
    return ctx.target instanceof Element ? ctx.target : document.querySelector(ctx.target || "#none");
  }

  document.addEventListener("htmx:before:response", (event) => {
    const { ctx } = event.detail;
    const { status, headers } = ctx.response;
    if (status < 400 || ANSWERS.has(status)) return;
    failed = ctx;
    if (status === 401) {
      event.preventDefault();
      if (isUnattended(ctx) && rr.sessionLasts) rr.sessionLasts(0);
      else signedOut(headers.get("HX-Redirect"));
    } else if (!headers.has("HX-Retarget") && !headers.has("HX-Redirect")) {
      // An answer that is none of ours, as from a proxy, must not land in the page.
      event.preventDefault();
      rr.message("fault-flash", () => again(ctx));
    }
  });

  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!ctx?.request) return;
    const isLate = ctx.request.signal?.reason === "timeout";
    if (!ctx.response || isLate) rr.message(isLate ? "timeout-flash" : "network-flash", () => again(ctx));
    else rr.message("fault-flash");
  });

  rr.again = again;
  function again(ctx) {
    const source = ctx.sourceElement;
    const form = source.closest("form[data-search]") || source;
    if (form.matches("form")) form.requestSubmit();
    else source.dispatchEvent(new Event(source.matches("input, select, textarea") ? "change" : "click", { bubbles: true }));
  }

  function signedOut(address) {
    const dialog = document.getElementById("signed-out");
    const login = dialog?.querySelector("a[target]").href;
    if (dialog && rr.isDirty?.()) rr.open(dialog);
    else location.assign(address || login || "/login");
  }

  rr.on("click", "[data-signed-in-again]", async (_event, button) => {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
    const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const form = page?.getElementById("sign-out");
    const token = form?.querySelector("input[name=csrf_token]").value;
    if (!token) return rr.announce("You are not signed in yet", true);
    document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = token; });
    button.closest("dialog").close();
    rr.sessionLasts?.(Number(form.dataset.sessionLeft));
    const source = failed?.sourceElement;
    return source?.isConnected && source.querySelector("[type=submit]")?.focus();
  });

  document.addEventListener("htmx:before:swap", () => { focused = document.activeElement; });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    rr.refresh();
    const slot = rr.slot();
    const spot = target(ctx);
    if (spot?.id === "messages" && slot !== spot) slot.replaceChildren(...spot.childNodes);
    const place = spot?.isConnected ? spot : document.getElementById(spot?.id) || document.querySelector("main");
    keepFocus(place);
    const spoken = place?.querySelector("[data-announce]");
    if (spoken) rr.announce(spoken.textContent);
  });

  // After the swap, because an answer may bring a title of its own.
  document.addEventListener("htmx:finally:swap", titleFollowsErrors);

  function titleFollowsErrors() {
    const bare = document.title.replace(/^Error: /, "");
    document.title = document.querySelector(".rr-summary") ? `Error: ${bare}` : bare;
  }

  function keepFocus(place) {
    // Whoever types in the search box stays there, with the caret where it is.
    if (!place || document.activeElement?.id === "q") return undefined;
    const dialog = document.querySelector("dialog[open]");
    const wanted = (dialog || place).querySelector(".rr-summary, [data-focus]");
    if (wanted) return rr.focus(wanted);
    if (focused?.isConnected || (document.activeElement && document.activeElement !== document.body)) return undefined;
    const same = focused?.id && document.getElementById(focused.id);
    if (dialog) return rr.focus(same || dialog.querySelector("h2"));
    return rr.focus(same || place.querySelector("h1, h2") || document.querySelector("main h1") || place);
  }
})();
