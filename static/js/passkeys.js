// Passkeys: hands what the server asks to the browser, and the browser's answer back through a form.
(() => {
  "use strict";
  const works = window.isSecureContext && "PublicKeyCredential" in window;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  /** Give the members that are bytes their form: they travel as base64url. */
  function unpack(told) {
    const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
    const asked = { ...told, challenge: bytes(told.challenge) };
    if (told.user) asked.user = { ...told.user, id: bytes(told.user.id) };
    if (told.allowCredentials) asked.allowCredentials = known(told.allowCredentials);
    if (told.excludeCredentials) asked.excludeCredentials = known(told.excludeCredentials);
    return asked;
  }

  function pack(credential) {
    const { response } = credential;
    const said = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) said[name] = text(response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said });
  }

  async function told(form) {
    if (form.dataset.told) return JSON.parse(form.dataset.told);
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": form.elements.csrf_token.value },
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  async function run(form) {
    const publicKey = unpack(await told(form));
    const container = navigator.credentials;
    const credential = await (form.dataset.passkey === "create" ? container.create({ publicKey }) : container.get({ publicKey }));
    form.elements.credential.value = pack(credential);
    form.requestSubmit();
  }

  rr.onContent((root) => root.querySelectorAll("form[data-passkey]").forEach((form) => { form.hidden = !works; }));

  rr.on("click", "[data-passkey-start]", async (_event, button) => {
    const form = button.closest("form");
    const slot = form.querySelector("[data-passkey-message]");
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    slot.textContent = "";
    try {
      await run(form);
    } catch {
      slot.textContent = slot.dataset.passkeyMessage;
      rr.announce(slot.textContent, true);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
})();
