// The room on the screen: connects the session with the view and with the controls around the messages.

import { $, ask, copy, h, moment, place, roomPath, secure, store, wrongName } from './common.js';
import { aim, cancel, compose, grow } from './composer.js';
import { askName } from './name.js';
import { presence, showPeople, stoppedTyping, typing } from './people.js';
import * as session from './session.js';
import { notice, strip } from './strip.js';
import { View } from './view.js';

const ROOMS_EVERY = 15_000;
const { room, timeline } = session;
const visible = () => document.visibilityState === 'visible';
let invite = { link: location.href, server: location.host };
let unread = 0;

const view = new View($('log'), $('pill'), room, timeline, {
  older: session.older, seen, jump, drawn,
  reply: (row) => aim({ kind: 'reply', row }),
  edit: (row) => aim({ kind: 'edit', row }),
  react: (row, emoji, on) => session.send({ type: 'react', target: row.seq, emoji, on }),
  delete: (row) => session.send({ type: 'delete', target: row.seq }),
  copy: async (row) => notice(await copy(row.message) ? 'Copied.' : 'Your browser doesn’t let this page copy.'),
  retry: (id) => { session.outbox.retry(id); session.pump(); },
  discard: (id) => session.outbox.strike(id),
});

session.watch({
  joined() {
    view.me = session.nickname;
    $('name').hidden = true;
    $('room').hidden = false;
    presence();
    this.waiting();
    grow();
    if (matchMedia('(hover: hover)').matches) $('text').focus();
  },
  link() { strip(); title(); },
  members: presence,
  topic,
  typing,
  notice,
  readUpTo(seq) { view.lineAfter = seq; },
  update: () => view.update(),
  waiting() {
    const { nickname, outbox } = session;
    view.pending = outbox.items.filter(({ frame }) => frame.type === 'chat_message').map(({ frame, at, failed }) => ({
      kind: 'message', key: `out-${frame.id}`, rev: 0, id: frame.id, at, user: nickname, by: timeline.by ?? nickname,
      message: frame.message, replyTo: frame.reply_to, reactions: [], pending: true, failed,
    }));
    view.update();
  },
  arrived(entries, live) {
    let fresh = 0;
    for (const entry of entries) {
      if (entry.type === 'topic') topic();
      if (entry.type !== 'chat_message') continue;
      stoppedTyping(entry.by);
      if (entry.by === timeline.by) continue;
      fresh += 1;
      if (live) tell(entry);
    }
    if (live && view.atEnd) timeline.trim();
    view.arrived(fresh);
    if (!visible()) unread += fresh;
    title();
    view.update();
  },
});

compose(() => {
  view.lineAfter = Infinity;
  view.toEnd();
});

// -- the messages --

function seen() {
  if (visible() && view.atEnd) session.seen();
}

function drawn() {
  const empty = session.caughtUp && timeline.after === 0 && !view.pending.length && !timeline.rows.length;
  $('empty').hidden = !empty;
  if (empty && !$('empty-code').getAttribute('src')) $('empty-code').src = codePath;
  seen();
}

async function jump(seq) {
  while (!view.show(seq)) {
    if (!timeline.message(seq) && (timeline.oldest <= seq || !session.older())) return notice('That message is no longer here.');
    await new Promise((done) => { setTimeout(done, 50); });
  }
}

// -- notifications --

function title() {
  document.title = `${unread ? `(${unread}) ` : ''}${session.online ? '' : '… '}${room} · Snug`;
}

const canNotify = 'Notification' in window && isSecureContext;
const notifies = () => canNotify && store.get('snug.notify') === 'yes' && Notification.permission === 'granted';

function tell({ seq, user, message }) {
  const row = timeline.message(seq);
  $('said').append(h('p', {}, `${user}${row?.automated ? ' (automated)' : ''}: ${message.slice(0, 500)}`));
  while ($('said').childElementCount > 5) $('said').firstElementChild.remove();
  if (visible() || !notifies() || !row || !view.speaksToMe(row)) return;
  try {
    const shown = new Notification(`${user} in ${room}`, { body: message.slice(0, 200), tag: `snug-${room}`, icon: '/page/icon.svg' });
    shown.onclick = () => { window.focus(); jump(seq); shown.close(); };
  } catch { /* Android shows them only through a service worker; the title still counts */ }
}

async function bell() {
  if (notifies()) store.set('snug.notify', 'no');
  else if (await Notification.requestPermission() === 'granted') store.set('snug.notify', 'yes');
  else notice('Your browser blocks notifications for this page. You can change that in its settings.');
  bellState();
}

function bellState() {
  const on = notifies();
  $('bell').hidden = !canNotify;
  $('bell').setAttribute('aria-pressed', String(on));
  $('bell').title = on ? 'You’re notified when someone mentions you' : 'Notify me when someone mentions me';
}

// -- search, invite, topic, rooms --

let searched = null;
async function search() {
  const asked = $('search-text').value.trim();
  searched = asked;
  let results = [];
  try {
    const path = `/api/rooms/${encodeURIComponent(room)}/messages?${new URLSearchParams({ limit: 50, q: asked })}`;
    const { entries } = asked ? await ask(path) : { entries: [] };
    results = entries.filter((entry) => entry.type === 'chat_message' && !entry.deleted).reverse().map((entry) => h('li', {},
      h('button', { type: 'button', onclick: () => { closeSearch(); jump(entry.seq); } },
        h('span', { class: 'meta' }, h('bdi', {}, entry.user), ' · ', moment(entry.at)), h('span', { dir: 'auto' }, entry.message.slice(0, 300)))));
    if (asked && !results.length) results = [h('li', { class: 'muted' }, 'No messages found.')];
  } catch (error) {
    results = [h('li', { class: 'muted' }, error.message)];
  }
  if (asked === searched) $('results').replaceChildren(...results);
}

function closeSearch() {
  $('search').hidden = true;
  $('find').setAttribute('aria-expanded', 'false');
  $('text').focus();
}

const codePath = `/invite.svg?${new URLSearchParams({ room, secure })}`;
function showInvite() {
  $('invite-link').value = invite.link;
  $('invite-code').src = codePath;
  $('invite-dialog').showModal();
}

function topic() {
  $('topic').replaceChildren(timeline.topic ? h('bdi', {}, timeline.topic) : 'Set a topic');
}

async function rooms() {
  if (!visible() || !matchMedia('(min-width: 880px)').matches) return;
  const { rooms: open } = await ask('/api/rooms').catch(() => ({}));
  if (!open) return;
  const same = (name) => place('', name, '') === place('', room, '');
  const names = open.slice(0, 40).map((info) => info.room);
  if (!names.some(same)) names.unshift(room);
  $('rooms').replaceChildren(...names.map((name) => h('li', {}, h('a', { href: roomPath(name), 'aria-current': same(name) && 'page' },
    h('span', { 'aria-hidden': 'true', class: 'hash' }, '#'), h('bdi', {}, name)))));
}

// -- keys and buttons --

const on = (id, kind, listener) => $(id).addEventListener(kind, listener);
const submitted = (id, listener) => on(id, 'submit', (event) => { event.preventDefault(); listener(); });
const peopleShown = () => document.body.classList.contains('show-people');

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'f') {
    event.preventDefault();
    $('find').click();
  }
  if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
  if (!$('search').hidden) closeSearch();
  else if (peopleShown()) showPeople(false);
  else if (!cancel()) {
    view.toEnd();
    if (!$('room').hidden) $('text').focus();
  }
});
on('find', 'click', () => {
  if (!$('search').hidden) return closeSearch();
  $('search').hidden = false;
  $('find').setAttribute('aria-expanded', 'true');
  $('search-text').select();
});
submitted('search', search);
let searchTimer = null;
on('search-text', 'input', () => { clearTimeout(searchTimer); searchTimer = setTimeout(search, 250); });
on('search-end', 'click', closeSearch);
on('people', 'click', () => showPeople(!peopleShown()));
on('bell', 'click', bell);
on('invite', 'click', showInvite);
on('empty-invite', 'click', showInvite);
on('invite-copy', 'click', async () => {
  $('invite-copy').textContent = await copy(invite.link) ? 'Copied' : 'Copy it by hand';
  setTimeout(() => { $('invite-copy').textContent = 'Copy link'; }, 2000);
});
on('topic', 'click', () => {
  $('topic-field').value = timeline.topic;
  $('topic-dialog').showModal();
});
submitted('topic-form', () => {
  const next = $('topic-field').value.trim();
  $('topic-dialog').close();
  if (next !== timeline.topic) session.send({ type: 'topic', topic: next });
});
for (const button of document.querySelectorAll('dialog .end')) button.addEventListener('click', () => button.closest('dialog').close());
document.addEventListener('visibilitychange', () => {
  if (!visible()) {
    view.lineAfter = timeline.after;
    return;
  }
  unread = 0;
  title();
  rooms();
  seen();
});

/// In some browsers the on-screen keyboard covers the page instead of making it smaller.
function fit() {
  const { height, offsetTop } = window.visualViewport;
  document.documentElement.style.setProperty('--height', `${height}px`);
  if (offsetTop) scrollTo(0, 0);
}
if (window.visualViewport) {
  for (const kind of ['resize', 'scroll']) visualViewport.addEventListener(kind, fit);
  fit();
}

for (const element of document.querySelectorAll('.room-name')) element.textContent = room;
title();
bellState();
topic();
ask(`/invite?${new URLSearchParams({ room, secure })}`).then((answer) => {
  invite = answer;
  $('server').textContent = answer.server;
}, () => {}).finally(() => { $('empty-link').textContent = invite.link; });
$('address').textContent = location.host;
if (wrongName(room, 'a room name', 64)) location.replace('/');
else if (wrongName(session.nickname, 'a nickname', 32)) askName();
else session.join(session.nickname);
rooms();
setInterval(rooms, ROOMS_EVERY);
