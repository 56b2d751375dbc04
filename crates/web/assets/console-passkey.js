// Shows each form that a passkey answers, where the browser has passkeys, and sends what the passkey answered.
"use strict";
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const made = form.dataset.passkey === "create";
  const browser = window.PublicKeyCredential;
  const read = made ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (!browser || !browser[read]) continue;
  for (const instead of document.querySelectorAll("[data-passkey-instead]")) instead.hidden = true;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const publicKey = browser[read](JSON.parse(form.dataset.options));
      const answer = await navigator.credentials[made ? "create" : "get"]({ publicKey });
      form.elements.answer.value = JSON.stringify(answer);
      form.submit();
    } catch {
      form.querySelector("[role=alert]").hidden = false;
    }
  });
}
