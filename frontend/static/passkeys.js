// Forms with [data-passkey] ask the browser for a passkey when they are sent: "create" makes one,
// "get" uses one. The server's options lie in the page, or are fetched when [data-options] names an
// address; the browser's answer goes into the field named credential.
(function () {
  "use strict";

  function bytes(text) {
    const plain = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }

  function text(buffer) {
    const plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return window.btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function read(options) {
    const asked = options.publicKey;
    const key = (one) => Object.assign({}, one, { id: bytes(one.id) });
    asked.challenge = bytes(asked.challenge);
    if (asked.user) asked.user.id = bytes(asked.user.id);
    for (const list of ["allowCredentials", "excludeCredentials"]) {
      if (asked[list]) asked[list] = asked[list].map(key);
    }
    return { publicKey: asked };
  }

  function write(credential) {
    const response = {};
    const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    for (const name of names) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function options(form) {
    if (!form.dataset.options) return JSON.parse(document.getElementById("passkey-options").textContent);
    const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return (await answer.json()).request_options;
  }

  async function ask(form) {
    const problem = form.querySelector("[data-problem]");
    problem.hidden = true;
    try {
      const asked = read(await options(form));
      const made = await navigator.credentials[form.dataset.passkey](asked);
      form.elements.credential.value = write(made);
      form.submit();
    } catch (error) {
      problem.hidden = false; // refused, timed out, no passkey here, or no such thing in this browser
    }
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      ask(form);
    });
  }
})();
