// The first screen: a nickname and a room.

import { $, ask, base, h, keepFiles, place, roomPath, secure, store, wrongName } from './common.js';

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
  h('span', { class: 'muted small' }, info.locked ? `${here(info.members)} · locked` : here(info.members))));
}

/// The keys of the rooms that exist: the button says whether it joins one or opens a new one.
let known = new Set();
const nameButton = () => { $('go').textContent = known.has(place('', $('room').value.trim())) ? 'Join' : 'Open room'; };

let drawn = '';
async function refresh() {
  if (document.visibilityState !== 'visible') return;
  let items;
  try {
    const { rooms } = await ask('/api/rooms');
    if (JSON.stringify(rooms) === drawn) return;
    drawn = JSON.stringify(rooms);
    known = new Set(rooms.map((info) => place('', info.room)));
    nameButton();
    items = rooms.slice(0, MOST).map(card);
    if (rooms.length > MOST) items.push(h('li', { class: 'muted' }, `And ${rooms.length - MOST} more.`));
    if (!items.length) items = [h('li', { class: 'muted' }, 'No rooms yet. Type a name below to create a room.')];
  } catch (error) {
    drawn = '';
    items = [h('li', { class: 'muted' }, error.message)];
  }
  $('rooms').replaceChildren(...items);
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

$('room').addEventListener('input', nameButton);
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
