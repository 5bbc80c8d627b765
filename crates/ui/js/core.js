// What every page runs: keys, scanner, search, dialogs, the offline bar. Without it every page still works.
import './keys.js';
import './passkey.js';
import './scanner.js';
import './search.js';

document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-dialog]:not([data-dialog=phim])');
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest('[data-print]')) window.print();
});

const offline = document.getElementById('offline');
const show = (lost) => { if (offline) offline.hidden = !lost; };
addEventListener('offline', () => show(true));
addEventListener('online', () => show(false));
document.addEventListener('htmx:sendError', () => show(true));
document.addEventListener('htmx:timeout', () => show(true));
document.addEventListener('htmx:afterOnLoad', () => show(false));
