// Keyboard. Everywhere: Ctrl K and `/` to the search box, `?` the list of keys, `g` and a letter to a place of the menu
// (data-go), Esc out of what is open. A page's own keys stand on its elements as aria-keyshortcuts («n», «1», «F9»,
// «Control+s»): the key clicks the element, or focuses it when it is a field. Single letters rest while someone types,
// while an input method composes, and when turned off (data-letters).
import { scanning } from './scanner.js';

const typing = (node) => node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);
const off = () => document.documentElement.dataset.letters === 'off';
const shown = (node) => node.getClientRects().length > 0;
// When `g` was pressed; long ago at first, so that no letter alone leads anywhere in the first moments of a page.
let going = -Infinity;

export function focusSearch() {
  const box = document.getElementById('q');
  if (box) { box.focus(); box.select(); } else location.assign('/');
}

const owner = (key) => [...document.querySelectorAll('[aria-keyshortcuts]')]
  .find((node) => node.getAttribute('aria-keyshortcuts').split(' ').includes(key) && node.id !== 'q' && shown(node));

function act(node) {
  if (typing(node)) node.focus(); else node.click();
}

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  const chord = event.ctrlKey || event.metaKey;
  if (event.key === 'Escape') {
    const open = document.querySelector('details.account[open]');
    if (open) { open.open = false; open.querySelector('summary').focus(); }
    return;
  }
  if (chord && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    return focusSearch();
  }
  const long = /^F\d+$/.test(event.key) || (chord && !event.altKey);
  if (document.querySelector('dialog[open]')) return;
  if (long) {
    const node = owner(chord ? `Control+${event.key}` : event.key);
    if (node) { event.preventDefault(); act(node); }
    return;
  }
  if (chord || event.altKey || typing(event.target) || scanning() || off()) return;
  const place = event.timeStamp - going < 1500 && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  going = -Infinity;
  if (place) location.assign(place.href);
  else if (event.key === '/') { event.preventDefault(); focusSearch(); }
  else if (event.key === '?') help();
  else if (event.key === 'g') going = event.timeStamp;
  else {
    const node = owner(event.key);
    if (!node) return;
    event.preventDefault();
    // A choice is not made by a key held down, nor in the first moment of a page: a key pressed twice must not decide twice.
    if (!('key' in node.dataset) || !(event.repeat || event.timeStamp < 300)) act(node);
  }
});

// The list of keys, with those of this page.
export function help() {
  const dialog = document.getElementById('phim');
  const list = dialog?.querySelector('#phim-trang');
  if (!list) return;
  const own = [...document.querySelectorAll('[aria-keyshortcuts]')].filter((node) => node.id !== 'q' && shown(node));
  list.hidden = own.length === 0;
  list.lastElementChild.replaceChildren(...own.flatMap((node) => {
    const key = document.createElement('kbd'), word = document.createElement('span'), keys = document.createElement('span');
    key.textContent = node.getAttribute('aria-keyshortcuts').replaceAll('Control+', 'Ctrl ');
    word.textContent = node.dataset.word ?? node.getAttribute('aria-label') ?? node.textContent.trim();
    keys.append(key);
    return [keys, word];
  }));
  dialog.showModal();
}

document.addEventListener('click', (event) => {
  const menu = document.querySelector('details.account[open]');
  if (menu && !menu.contains(event.target)) menu.open = false;
  if (event.target.closest('[data-dialog=phim]')) { event.preventDefault(); if (menu) menu.open = false; help(); }
});
