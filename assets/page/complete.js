// Names of people here, offered above the composer while one types “@”.

import { $, fold, h, tile } from './common.js';
import { members, names, nickname } from './session.js';

const MOST = 6;
/// What stands before the caret while a name is typed.
const TYPED = /(?:^|[^\p{L}\p{M}\p{N}_@])@([\p{L}\p{M}\p{N}_.-]{0,32})$/u;

const field = $('text');
const list = $('names');
let chosen = 0;
// What was typed when the names were sent away: they stay away until it changes.
let dismissed = null;
// What the names in the list were offered for. The browser tells of a moved caret late, maybe after a name was chosen: the same
// word again changes nothing.
let offeredFor = null;

const typed = () => TYPED.exec(field.value.slice(Math.max(field.selectionStart - 64, 0), field.selectionStart));
const isOpen = () => !list.hidden;

/// The people whose names go on like that, or have a word that does: those who are here first, then those who spoke last.
function found(start) {
  const spoke = [...names.values()].slice(-200).reverse();
  const all = new Map([...Array.from(members.values(), (member) => member.nickname), ...spoke].map((name) => [fold(name), name]));
  all.delete(fold(nickname));
  const wanted = fold(start);
  const begins = [...all].filter(([name]) => name.startsWith(wanted));
  const within = [...all].filter(([name]) => !name.startsWith(wanted) && name.split(/[^\p{L}\p{M}\p{N}]+/u).some((word) => word.startsWith(wanted)));
  return [...begins, ...within].slice(0, MOST).map(([, name]) => name);
}

function close() {
  list.hidden = true;
  offeredFor = null;
  field.removeAttribute('aria-activedescendant');
}

/// Offers the names that what was typed may become.
export function offerNames() {
  const match = field.selectionStart === field.selectionEnd ? typed() : null;
  if (match && match[0] === offeredFor) return;
  if (match?.[0] !== dismissed) dismissed = null;
  const offered = match && dismissed === null ? found(match[1]) : [];
  if (!offered.length) return close();
  list.replaceChildren(...offered.map((name, at) => h('li', { id: `name-${at}`, role: 'option', onclick: () => take(name) }, tile(name, 'little'), h('bdi', {}, name))));
  list.hidden = false;
  offeredFor = match[0];
  choose(0);
}

function choose(at) {
  const items = [...list.children];
  chosen = (at + items.length) % items.length;
  items.forEach((item, index) => item.setAttribute('aria-selected', String(index === chosen)));
  field.setAttribute('aria-activedescendant', `name-${chosen}`);
}

function take(name) {
  const at = field.selectionStart;
  field.setRangeText(`@${name} `, at - typed()[1].length - 1, at, 'end');
  close();
  field.dispatchEvent(new Event('input'));
  field.focus();
}

/// A key in the composer. Returns whether it was one for the names.
export function nameKey({ key, shiftKey, altKey, ctrlKey, metaKey }) {
  if (!isOpen() || shiftKey || altKey || ctrlKey || metaKey) return false;
  if (key === 'ArrowDown' || key === 'ArrowUp') choose(chosen + (key === 'ArrowDown' ? 1 : -1));
  else if (key === 'Enter' || key === 'Tab') take(list.children[chosen].querySelector('bdi').textContent);
  else if (key === 'Escape') {
    dismissed = typed()?.[0] ?? null;
    close();
  } else return false;
  return true;
}

// A press on a name does not take the focus from the composer.
list.addEventListener('pointerdown', (event) => event.preventDefault());
field.addEventListener('blur', close);
document.addEventListener('selectionchange', () => { if (isOpen() && document.activeElement === field) offerNames(); });
