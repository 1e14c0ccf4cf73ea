// Asks the browser for a passkey, and sends the answer with the button's form. Without this file, pages offer other ways.
(() => {
  const bytes = text => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), letter => letter.charCodeAt(0));
  const text = buffer => {
    if (!buffer) return null;
    const letters = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const named = list => list.map(one => ({ ...one, id: bytes(one.id) }));

  const create = async asked => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: named(asked.excludeCredentials),
      },
    });
    const { response } = made;
    // Browsers return no key if they do not support its algorithm.
    const key = response.getPublicKey?.();
    if (!key) throw new DOMException("", "NotSupportedError");
    return {
      id: text(made.rawId),
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.getAuthenticatorData()),
      publicKey: text(key),
      algorithm: response.getPublicKeyAlgorithm(),
    };
  };

  const get = async asked => {
    const used = await navigator.credentials.get({
      publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: named(asked.allowCredentials) },
    });
    const { response } = used;
    return {
      id: text(used.rawId),
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: text(response.userHandle),
    };
  };

  // Error texts, by the name of the browser's error.
  const WORDS = {
    NotAllowedError: "Nothing was sent: it was cancelled, or took too long. Try again.",
    InvalidStateError: "This device has a passkey of your account already.",
    NotSupportedError: "This device cannot make a passkey that works here. Use another device.",
    SecurityError: "Passkeys do not work at this address. Open the dashboard at the address that its admin gave you.",
    TooMany: "Too many attempts. Wait a minute and try again.",
    Refused: "This page is out of date. Reload it and try again.",
  };

  // Enter in a field acts like the button. `form.submit()` below fires no submit event.
  document.addEventListener("submit", event => {
    const button = event.target.querySelector("[data-passkey]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  document.addEventListener("click", async event => {
    const button = event.target.closest("[data-passkey]");
    if (!button || button.disabled || !button.form.reportValidity()) return;
    const { form } = button, note = form.querySelector("[data-passkey-note]");
    note.hidden = true;
    button.disabled = true;
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
      const body = new URLSearchParams();
      for (const name of ["csrf", "step"]) if (form.elements[name]) body.set(name, form.elements[name].value);
      const answer = await fetch(button.dataset.passkey, { method: "POST", body });
      if (!answer.ok) throw new DOMException("", answer.status === 429 ? "TooMany" : "Refused");
      const asked = await answer.json();
      form.querySelector("[data-passkey-answer]").value = JSON.stringify(await (asked.create ? create(asked.create) : get(asked.get)));
      form.submit();
    } catch (error) {
      note.textContent = WORDS[error.name] ?? "The passkey could not be used. Reload the page and try again.";
      note.hidden = false;
      button.disabled = false;
    }
  });
})();
