// The search in this room: the words, the hits, newest first, and more of them on demand.

import { $, ask, h, moment } from './common.js';
import { closed, opened } from './layers.js';
import { room } from './session.js';

const PAGE = 50;
const PAUSE = 250;
let timer = null;
// What is searched for. Answers to earlier words are dropped.
let asked = null;

const isOpen = () => !$('search').hidden;

function hit(entry, jump) {
  return h('li', {}, h('button', { type: 'button', onclick: () => { close(); jump(entry.seq); } },
    h('span', { class: 'meta' }, h('bdi', {}, entry.user), ' · ', moment(entry.at)), h('span', { dir: 'auto' }, entry.message.slice(0, 300))));
}

/// Shows hits below those that are shown, or the first ones. `before` is the lowest entry looked at: a search may end before it is
/// through the room.
async function search(jump, before) {
  clearTimeout(timer);
  const words = $('search-text').value.trim();
  const key = `${words}\n${before}`;
  asked = key;
  if (!words) return $('results').replaceChildren();
  let items = [];
  try {
    const query = new URLSearchParams({ limit: PAGE, q: words, ...(before && { before }) });
    const { entries, more, cursor } = await ask(`/api/rooms/${encodeURIComponent(room)}/messages?${query}`);
    items = entries.filter((entry) => entry.type === 'chat_message' && !entry.deleted).reverse().map((entry) => hit(entry, jump));
    if (!items.length && !more && !before) items = [h('li', { class: 'muted' }, 'No messages found.')];
    if (!items.length && more) items = [h('li', { class: 'muted' }, 'Nothing found so far.')];
    const lowest = cursor ?? entries[0]?.seq;
    if (more && lowest) {
      items.push(h('li', { class: 'further' }, h('button', { type: 'button', onclick: () => search(jump, lowest) }, 'Older hits')));
    }
  } catch (error) {
    items = [h('li', { class: 'muted' }, error.message)];
  }
  if (asked !== key) return;
  const further = $('results').querySelector('.further');
  if (!before) $('results').replaceChildren(...items);
  else further?.replaceWith(...items);
  // The button that was pressed is gone: the focus goes to the first of what it brought.
  if (before) items[0]?.querySelector('button')?.focus();
}

function hide() {
  $('search').hidden = true;
  $('find').setAttribute('aria-expanded', 'false');
}

function close() {
  hide();
  closed(hide);
  if (matchMedia('(hover: hover)').matches) $('text').focus();
}

/// Closes the search. Returns false if it was not open.
export function closeSearch() {
  if (!isOpen()) return false;
  close();
  return true;
}

/// `jump` shows a message of the room.
export function offerSearch(jump) {
  $('find').addEventListener('click', () => {
    if (closeSearch()) return;
    $('search').hidden = false;
    $('find').setAttribute('aria-expanded', 'true');
    opened(hide);
    $('search-text').select();
  });
  $('search').addEventListener('submit', (event) => { event.preventDefault(); search(jump); });
  $('search-text').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, PAUSE, jump); });
  $('search-end').addEventListener('click', close);
}
