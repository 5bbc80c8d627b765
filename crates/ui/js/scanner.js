// A desk scanner types like a keyboard, only faster, and ends with Enter. A burst of at least 8 characters
// with under 50 ms between them goes to the search, wherever the focus was; a field it fell into gets back
// what it held before.
const GAP = 50, SHORTEST = 8;
let burst = '', last = 0, field = null, held = '';

// True in the middle of a burst: its letters are no shortcuts.
export const scanning = () => burst.length > 1;

const editable = (node) => ('value' in node && typeof node.value === 'string' ? node : null);

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Shift') return;
  const quick = event.timeStamp - last < GAP;
  last = event.timeStamp;
  if (event.key === 'Enter') {
    if (quick && burst.length >= SHORTEST) scanned(event);
    burst = '';
  } else if (event.key.length === 1) {
    if (!quick || !burst) { burst = ''; field = editable(event.target); held = field?.value ?? ''; }
    burst += event.key;
    if (burst.length > 2 && !field) event.preventDefault();
  } else burst = '';
}, true);

function scanned(event) {
  const box = document.querySelector('[data-scan]') ?? document.getElementById('q');
  if (!box) return;
  event.preventDefault();
  event.stopPropagation();
  if (field && field !== box) field.value = held;
  box.value = burst;
  box.form.submit();
}
