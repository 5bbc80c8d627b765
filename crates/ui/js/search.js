// The search box as a combobox: arrows move, Enter opens the preselected person when the list answers what
// stands in the box, else the form is sent; Esc closes the list, then leaves the box.
const box = document.getElementById('q');
const list = document.getElementById('ket-qua');

if (box && list) {
  const options = () => [...list.querySelectorAll('[role=option]')];
  const asked = () => list.querySelector('[data-q]')?.dataset.q;
  const fresh = () => asked() === box.value.trim().normalize('NFC');
  const mark = (chosen) => {
    for (const option of options()) option.setAttribute('aria-selected', String(option === chosen));
    if (chosen) { box.setAttribute('aria-activedescendant', chosen.id); chosen.scrollIntoView({ block: 'nearest' }); }
    else box.removeAttribute('aria-activedescendant');
  };
  const chosen = () => list.querySelector('[aria-selected=true]');
  const opened = () => {
    box.setAttribute('aria-expanded', String(options().length > 0));
    mark(chosen());
    document.getElementById('q-tin').textContent = list.querySelector('.hits-head')?.textContent ?? '';
  };
  const close = () => { list.replaceChildren(); opened(); };

  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const all = options(), at = all.indexOf(chosen());
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      mark(all[(at + step + all.length) % all.length]);
    } else if (event.key === 'Enter' && at >= 0 && fresh()) {
      event.preventDefault();
      all[at].click();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (list.firstChild) close(); else box.blur();
    }
  });
  list.addEventListener('focusin', (event) => { const option = event.target.closest('[role=option]'); if (option) mark(option); });
  document.addEventListener('htmx:beforeSwap', (event) => {
    // An answer to what no longer stands in the box is dropped.
    if (event.detail.target === list && !box.value.trim()) event.detail.shouldSwap = false;
  });
  document.addEventListener('htmx:afterSwap', (event) => { if (event.detail.target === list) opened(); });
  box.addEventListener('input', () => { if (!box.value.trim()) close(); });
  document.addEventListener('click', (event) => { if (list.closest('.topbar') && !event.target.closest('#tim')) close(); });
  opened();
}
