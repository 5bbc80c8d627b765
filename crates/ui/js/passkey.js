// Passkeys. A form with data-passkey («new» or «known») is shown where the browser can make them; sending it asks the server
// (data-ask) for a challenge and the authenticator for its answer, which goes along in two hidden fields.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function made(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
    // Found without a name being typed.
    authenticatorSelection: { ...options.authenticatorSelection, residentKey: 'required', requireResidentKey: true },
  };
  const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
  return { id, rawId: text(rawId), type, response: {
    attestationObject: text(response.attestationObject), clientDataJSON: text(response.clientDataJSON),
  } };
}

async function shown(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  return { id, rawId: text(rawId), type, response: {
    authenticatorData: text(response.authenticatorData), clientDataJSON: text(response.clientDataJSON),
    signature: text(response.signature), userHandle: text(response.userHandle),
  } };
}

async function answered(form) {
  const asked = await fetch(form.dataset.ask, { method: 'POST', body: new URLSearchParams() });
  if (!asked.ok) throw new Error(`asked in vain: ${asked.status}`);
  const { ticket, options } = await asked.json();
  const answer = await (form.dataset.passkey === 'new' ? made : shown)(options.publicKey);
  form.elements.ticket.value = ticket;
  form.elements.answer.value = JSON.stringify(answer);
  form.submit();
}

if (isSecureContext && 'PublicKeyCredential' in window) {
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const failed = form.querySelector('[data-failed]');
      failed.hidden = true;
      answered(form).catch(() => { failed.hidden = false; });
    });
  }
}
