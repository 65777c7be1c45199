// The end of the session: said before it comes, in every tab, and again when it is there. Nothing that was typed goes.
//
// The server tells seconds; what counts here is the clock of this machine, which goes on while a laptop sleeps. Before
// anything is said the server is asked, so that a late timer or a use elsewhere never makes it a false alarm.
(() => {
  "use strict";
  const LOOKS_EVERY = 10000;
  const SOON = 500;
  const PATIENCE = 8000;
  const NEWS = 1500;
  const form = document.getElementById("sign-out");
  const dialog = document.getElementById("session-end");
  const signedOut = document.getElementById("signed-out");
  if (!form?.dataset.sessionLeft || !dialog) return;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  const warnBefore = Number(form.dataset.warnBefore) * 1000;
  let isRemembered = "remembered" in form.dataset;
  let end = 0;
  let isSaid = false;
  let isAsking = false;
  let asksAgain = 0;
  let timer = 0;
  let isOver = false;
  let held = [];

  const left = () => end - Date.now();

  /** Take what the server has just said, and tell the other tabs the moment; nothing else goes there. */
  rr.sessionLasts = (seconds) => {
    const moment = Date.now() + seconds * 1000;
    if (Math.abs(moment - end) < NEWS) return;
    tabs?.postMessage(moment);
    move(moment);
  };
  if (tabs) tabs.onmessage = ({ data }) => move(Number(data));

  function move(moment) {
    end = moment;
    if (left() > 0) isOver = false;
    if (left() > warnBefore) {
      isSaid = false;
      goOn();
    }
    look();
  }

  function look() {
    clearTimeout(timer);
    const isDue = left() <= 0 ? !isOver : left() <= warnBefore && !isSaid;
    if (isDue && Date.now() >= asksAgain) ask();
    if (dialog.open) count();
    const wait = dialog.open ? 1000 : left() - (isSaid ? 0 : warnBefore);
    timer = setTimeout(look, Math.max(SOON, Math.min(LOOKS_EVERY, wait)));
  }

  const send = (options) => fetch("/session", {
    credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE), ...options, headers: { "HX-Request": "true", ...options.headers },
  }).catch(() => null);
  const told = (answer) => Number(answer.headers.get("Session-Left"));

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    const known = end;
    const answer = await send({ headers: { "X-Unattended": "true" } });
    isAsking = false;
    asksAgain = Date.now() + 2 * SOON;
    if (known !== end) return look();
    if (answer?.status === 204) return hear(told(answer), answer.headers.get("Session-End"));
    if (answer?.status === 401 || left() <= 0) return over();
    asksAgain = Date.now() + LOOKS_EVERY;
    return undefined;
  }

  function hear(seconds, what) {
    isRemembered = what === "resumed";
    isSaid = seconds * 1000 <= warnBefore;
    rr.sessionLasts(seconds);
    if (isSaid && !isRemembered) warn(what);
  }

  function warn(what) {
    dialog.querySelectorAll("[data-when]").forEach((part) => { part.hidden = part.dataset.when !== what; });
    count();
    rr.open(dialog, true);
    look();
  }

  function count() {
    const seconds = Math.max(0, left() / 1000);
    const minutes = Math.round(seconds / 60);
    dialog.querySelector("[data-ends-in]").textContent = seconds > 90 ? `${minutes} minutes` : `${Math.ceil(seconds / 10) * 10} seconds`;
  }

  // A dialog that opens takes the focus from a field, which then is sent to be checked: nobody's doing, but a use of
  // the session. It waits until somebody stays. When the session is over, a timer has nothing to ask any more.
  rr.holdsBack = (ctx, isUnattended) => {
    if (isUnattended) return isOver;
    if (dialog.open) held.push(ctx);
    return dialog.open || signedOut.open;
  };
  dialog.addEventListener("close", () => { held = []; });
  function goOn() {
    const waiting = held;
    dialog.close();
    waiting.filter((ctx) => ctx.sourceElement.isConnected).forEach(rr.again);
  }

  // Escape and the cross leave the session as it is: a key that only clears the view must not prolong it.

  /** A browser that is remembered signs itself in with the next page, so there is nothing to say. */
  function over() {
    isOver = true;
    dialog.close();
    if (!isRemembered) rr.open(signedOut, true);
  }

  rr.on("click", "[data-stay]", async () => {
    const answer = await send({ method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer?.status === 401) return over();
    if (!answer?.ok) return rr.message(answer ? "fault-flash" : "network-flash");
    goOn();
    rr.announce("You stay signed in");
    isSaid = false;
    return rr.sessionLasts(told(answer));
  });

  document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
    const seconds = ctx.response.headers.get("Session-Left");
    if (seconds) rr.sessionLasts(Number(seconds));
  });
  ["visibilitychange", "focus", "online"].forEach((type) => window.addEventListener(type, look));
  rr.sessionLasts(Number(form.dataset.sessionLeft));
})();
