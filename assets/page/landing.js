// The first screen: a nickname and a room.

import { $, ago, ask, base, h, keepFiles, place, roomPath, secure, store, wrongName } from './common.js';

const EVERY = 5000;
const MOST = 50;

function here(members) {
  return members === 0 ? 'Nobody here' : members === 1 ? '1 person' : `${members} people`;
}

function card(info) {
  return h('li', {}, h('a', { class: 'card', href: roomPath(info.room), onclick: (event) => {
    // The nickname comes first: without one, the user is asked for it here.
    if (!keepName()) event.preventDefault();
  } }, h('span', { class: 'words' }, h('b', { dir: 'auto' }, info.room), info.topic && h('span', { class: 'muted small', dir: 'auto' }, info.topic)),
  h('span', { class: 'muted small beside' }, h('span', {}, info.locked ? `${here(info.members)} · locked` : here(info.members)),
    info.last > 0 && h('span', {}, ago(info.last_at)))));
}

/// Whether a room is one of those that the field looks for, by its name or topic.
function isLike({ room, topic }) {
  const wanted = $('room').value.trim().toLowerCase();
  return room.toLowerCase().includes(wanted) || Boolean(topic?.toLowerCase().includes(wanted));
}

let rooms = [];
// The server lists 500 rooms at most, those with people first.
let cut = false;
let drawn = null;

/// Shows the rooms that the field looks for. The button says whether it joins one or opens a new one.
function show() {
  const key = (name) => place('', name.trim());
  const typed = key($('room').value);
  $('go').textContent = rooms.some((info) => key(info.room) === typed) ? 'Join' : 'Open room';
  const found = rooms.filter(isLike);
  const items = found.slice(0, MOST).map(card);
  if (found.length > MOST || cut) items.push(say(cut ? 'And more.' : `And ${found.length - MOST} more.`));
  if (!items.length) items.push(say(rooms.length ? 'No room here is called that.' : 'No rooms yet. Type a name to create a room.'));
  // Untouched while nothing changes, so that the focus stays where it is.
  const now = JSON.stringify([found, items.map((item) => item.textContent)]);
  if (now !== drawn) $('rooms').replaceChildren(...items);
  drawn = now;
}

const say = (sentence) => h('li', { class: 'muted' }, sentence);

async function refresh() {
  if (document.visibilityState !== 'visible') return;
  try {
    ({ rooms, more: cut = false } = await ask('/api/rooms'));
    show();
  } catch (error) {
    drawn = null;
    $('rooms').replaceChildren(say(error.message));
  }
}

function wrong(field, message) {
  $(`${field}-wrong`).textContent = message ?? '';
  $(field).setAttribute('aria-invalid', String(Boolean(message)));
  if (message) $(field).focus();
  return !message;
}

function keepName() {
  const name = $('nickname').value.trim();
  if (!wrong('nickname', wrongName(name, 32))) return false;
  store.set('snug.name', name);
  return true;
}

$('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!keepName()) return;
  const room = $('room').value.trim();
  if (wrong('room', wrongName(room, 64))) location.href = roomPath(room);
});

$('room').addEventListener('input', show);
$('nickname').value = store.get('snug.name') ?? '';
if (matchMedia('(hover: hover)').matches) ($('nickname').value ? $('room') : $('nickname')).focus();
ask(`/invite?secure=${secure}`).then(({ server, link }) => {
  $('server').textContent = server;
  document.title = `${server} · Snug`;
  $('link').textContent = link;
  $('curl').textContent = `curl -d 'Hello, everyone' '${location.origin}${base}/api/rooms/tea/messages?user=maya'`;
}, () => {});
$('code').src = `${base}/invite.svg?secure=${secure}`;
keepFiles(() => {});
refresh();
setInterval(refresh, EVERY);
document.addEventListener('visibilitychange', refresh);
