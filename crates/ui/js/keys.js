// Keyboard: `/` and Ctrl K to the search box, `?` the list of keys, `g t` to the search page.
// Single letters rest while someone types, while an input method composes, and when turned off.
import { scanning } from './scanner.js';

const OFF = 'yba-phim-don-tat';
const typing = (node) => node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);
const off = () => { try { return localStorage.getItem(OFF) === '1'; } catch { return false; } };

const PLACES = { t: '/' };
let going = 0;

export function focusSearch() {
  const box = document.getElementById('q');
  if (box) { box.focus(); box.select(); } else location.assign('/');
}

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    return focusSearch();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || scanning() || off()) return;
  if (document.querySelector('dialog[open]')) return;
  if (event.key === '/') { event.preventDefault(); focusSearch(); }
  else if (event.key === '?') document.getElementById('phim')?.showModal();
  else if (event.key === 'g') going = event.timeStamp;
  else if (PLACES[event.key] && event.timeStamp - going < 1500) location.assign(PLACES[event.key]);
});

const box = document.getElementById('phim-tat-don');
if (box) {
  box.checked = !off();
  box.addEventListener('change', () => { try { localStorage.setItem(OFF, box.checked ? '0' : '1'); } catch { /* private mode */ } });
}
