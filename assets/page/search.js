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

// Items that go when more hits come.
const said = (sentence) => h('li', { class: 'muted passing' }, sentence);
const further = (jump, cursor) =>
  h('li', { class: 'passing' }, h('button', { type: 'button', onclick: () => search(jump, cursor) }, 'Search further back'));

/// Shows the first hits, or with a `cursor` those that follow the ones on the screen. The server looks at so much at a time, so
/// a part may be empty and have a cursor.
async function search(jump, cursor) {
  clearTimeout(timer);
  const words = $('search-text').value.trim();
  const key = `${words}\n${cursor}`;
  asked = key;
  if (!words) return $('results').replaceChildren();
  let items = [];
  try {
    const query = new URLSearchParams({ limit: PAGE, q: words, ...(cursor && { cursor }) });
    const { entries, cursor: next } = await ask(`/api/rooms/${encodeURIComponent(room)}/messages?${query}`);
    items = entries.filter((entry) => entry.type === 'chat_message' && !entry.deleted).reverse().map((entry) => hit(entry, jump));
    if (!items.length) items = [said(next ? 'Nothing found so far.' : cursor ? 'No more messages found.' : 'No messages found.')];
    if (next) items.push(further(jump, next));
  } catch (error) {
    items = [said(error.message), cursor && further(jump, cursor)].filter(Boolean);
  }
  if (asked !== key) return;
  if (cursor) for (const item of $('results').querySelectorAll('.passing')) item.remove();
  else $('results').replaceChildren();
  $('results').append(...items);
  // The button that was pressed is gone: the focus goes to the first of what it brought.
  if (cursor) items[0]?.querySelector('button')?.focus();
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
