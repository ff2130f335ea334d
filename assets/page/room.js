// The room on the screen: connects the session with the view and with the controls around the messages.

import { $, ask, base, copy, h, keepFiles, secure, store, wrongName } from './common.js';
import { aim, cancel, compose, giveBack, grow } from './composer.js';
import { showDialog } from './layers.js';
import { askName, badLink } from './name.js';
import { hidePeople, offerPeople, presence, stoppedTyping, typing } from './people.js';
import { elsewhere, hideRooms, offerRooms, redrawRooms } from './rooms.js';
import { editor, reactors } from './rows.js';
import { closeSearch, offerSearch } from './search.js';
import * as session from './session.js';
import { notice, seeking, strip } from './strip.js';
import { View } from './view.js';

const { room, timeline } = session;
const visible = () => document.visibilityState === 'visible';
let invite = { link: bare(location), server: location.host };
let unread = 0;

// False until the place where one stopped reading is on the screen. Nothing counts as seen before.
let landed = false;

const act = {
  older: session.older, fill: session.fill, seen, jump, drawn, reactors: showReactors,
  reply: (row) => aim({ kind: 'reply', row }),
  edit: (row) => aim({ kind: 'edit', row }),
  react: (row, emoji, on) => session.send({ type: 'react', target: row.seq, emoji, on }),
  delete: (row) => session.send({ type: 'delete', target: row.seq }),
  copy: async (row) => notice(await copy(row.message) ? 'Copied.' : 'Your browser doesn’t let this page copy.'),
  copyLink: async (row) => notice(await copy(`${invite.link}#${row.seq}`) ? 'Link copied.' : 'Your browser doesn’t let this page copy.'),
  copyCode,
  unfold: (row) => view.unfold(row),
  whoEdited,
  tellEditor: async (row) => notice(`${await whoEdited(row)}.`),
  retry: session.retry,
  withdraw: session.withdraw,
};
const view = new View({ log: $('log'), pill: $('pill'), room, timeline, names: session.names, isHere: session.isHere, act });

session.watch({
  joined() {
    view.me = session.nickname;
    $('name').hidden = true;
    $('room').hidden = false;
    presence();
    redrawRooms();
    this.waiting();
    grow();
    if (matchMedia('(hover: hover)').matches) $('text').focus();
  },
  link() {
    strip();
    view.keepEnd();
    title();
  },
  members: presence,
  topic,
  typing,
  notice,
  giveBack,
  readUpTo(seq) { view.lineAfter = seq; },
  caughtUp() { if (!landed) land(); },
  update: () => view.update(),
  waiting() {
    const { nickname, outbox } = session;
    view.pending = outbox.messages().map(({ frame, at, failed, message }) => ({
      kind: 'message', key: `out-${frame.id}`, rev: 0, id: frame.id, at, user: nickname, by: timeline.by ?? nickname,
      message, replyTo: frame.reply_to, reactions: [], pending: true, failed,
    }));
    if (session.link.state === 'waiting') strip();
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
  if (landed && visible() && view.atEnd) session.seen();
}

function drawn() {
  const empty = session.caughtUp && timeline.after === 0 && !view.pending.length && !timeline.rows.length;
  $('empty').hidden = !empty;
  if (empty && !$('empty-code').getAttribute('src')) $('empty-code').src = codePath;
  seen();
}

async function jump(seq) {
  if (view.show(seq)) return;
  if (!session.online) return notice('That message isn’t loaded, and there is no connection.');
  if (await load(seq) && !view.show(seq)) notice('That message is no longer here.');
}

/// An address without what is after `#`.
function bare({ href }) { return href.split('#')[0]; }

/// The number of the message that an address names after `#`, or null.
const named = ({ hash }) => (/^#\d+$/.test(hash) ? Number(hash.slice(1)) : null);

/// Shows the message that a link names.
async function follow(seq) {
  if (view.show(seq)) return;
  if (!session.online) return notice('That message isn’t loaded, and there is no connection.');
  const isOutside = seq < 1 || seq > timeline.after;
  if (isOutside || (await load(seq) && !view.show(seq))) notice('This room has no message with that number.');
}

/// Loads what surrounds an entry. Returns false if the reader stopped it.
async function load(seq) {
  seeking(session.stopSeeking);
  const found = await session.seek(seq);
  seeking(null);
  return found;
}

/// Opens the room at the message that its address names, or else where one stopped reading.
async function land() {
  const seq = named(location);
  const next = view.lineAfter + 1;
  if (seq !== null) await follow(seq);
  else if (next > timeline.after || !timeline.missing(next) || await load(next)) view.showLine();
  landed = true;
  seen();
}

async function copyCode(text, button) {
  button.textContent = await copy(text) ? 'Copied' : 'Copy it by hand';
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
}

/// Says who edited a message and when, and keeps it as the tooltip of `element`. An edit that was loaded with its message is asked for.
async function whoEdited(row, element) {
  if (!row.editedBy) {
    const path = `/api/rooms/${encodeURIComponent(room)}/messages?after=${row.edited - 1}&limit=1`;
    const { entries } = await ask(path).catch(() => ({ entries: [] }));
    const edit = entries.find(({ seq, type }) => seq === row.edited && type === 'edited');
    if (!edit) return 'Who edited it is not known';
    row.editedBy = { user: edit.user, at: edit.at };
  }
  const words = editor(row.editedBy);
  element?.setAttribute('title', words);
  return words;
}

function showReactors(row) {
  $('reactors').replaceChildren(...row.reactions.map((reaction) => h('li', {},
    h('span', { class: 'emoji' }, reaction.emoji), h('span', { dir: 'auto' }, reactors(reaction, timeline.by, session.names)))));
  showDialog($('reactors-dialog'));
}

// -- notifications --

function title() {
  const all = unread + elsewhere();
  document.title = `${all ? `(${all}) ` : ''}${session.online ? '' : '… '}${room} · Snug`;
}

const canNotify = 'Notification' in window && isSecureContext;
const notifies = () => canNotify && store.get('snug.notify') === 'yes' && Notification.permission === 'granted';

function tell({ seq, user, message }) {
  const row = timeline.message(seq);
  $('said').append(h('p', {}, `${user}${row?.automated ? ' (automated)' : ''}: ${message.slice(0, 500)}`));
  while ($('said').childElementCount > 5) $('said').firstElementChild.remove();
  if (visible() || !notifies() || !row || !view.speaksToMe(row)) return;
  try {
    const shown = new Notification(`${user} in ${room}`, { body: message.slice(0, 200), tag: `snug-${room}`, icon: new URL('icon.svg', import.meta.url).href });
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

// -- invite, topic --

const codePath = `${base}/invite.svg?${new URLSearchParams({ room, secure })}`;
function showInvite() {
  $('invite-link').value = invite.link;
  $('invite-code').src = codePath;
  showDialog($('invite-dialog'));
}

function topic() {
  $('topic').replaceChildren(timeline.topic ? h('bdi', {}, timeline.topic) : 'Set a topic');
}

// -- keys and buttons --

const on = (id, kind, listener) => $(id).addEventListener(kind, listener);
const submitted = (id, listener) => on(id, 'submit', (event) => { event.preventDefault(); listener(); });

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'f') {
    event.preventDefault();
    $('find').click();
  }
  if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
  if (closeSearch() || hideRooms() || hidePeople() || cancel()) return;
  view.toEnd();
  if (!$('room').hidden) $('text').focus();
});
addEventListener('hashchange', () => {
  const seq = named(location);
  if (landed && seq !== null) follow(seq);
});
on('log', 'click', (event) => {
  const link = event.target.closest('a[href]');
  const seq = link && named(link);
  // A link to a message of this room needs no other window.
  if (seq === null || ![bare(location), invite.link].includes(bare(link)) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  follow(seq);
});
offerSearch(jump);
offerPeople();
keepFiles(() => notice('Snug can’t send files yet.'));
on('bell', 'click', bell);
on('invite', 'click', showInvite);
on('empty-invite', 'click', showInvite);
on('invite-copy', 'click', async () => {
  const copied = await copy(invite.link);
  $('invite-copy').textContent = copied ? 'Copied' : 'Copy it by hand';
  if (!copied) $('invite-link').select();
  setTimeout(() => { $('invite-copy').textContent = 'Copy link'; }, 2000);
});
on('topic', 'click', () => {
  $('topic-field').value = timeline.topic;
  showDialog($('topic-dialog'));
});
submitted('topic-form', () => {
  const next = $('topic-field').value.trim();
  $('topic-dialog').close();
  if (next !== timeline.topic) session.send({ type: 'topic', topic: next });
});
document.addEventListener('visibilitychange', () => {
  if (!visible()) {
    view.lineAfter = timeline.after;
    return;
  }
  unread = 0;
  title();
  seen();
});

/// In some browsers the on-screen keyboard covers the page instead of making it smaller. A zoom makes the viewport smaller too,
/// but is none of that: `scale` takes it out again.
function fit() {
  const { height, offsetTop, scale } = window.visualViewport;
  document.documentElement.style.setProperty('--height', `${Math.round(height * scale)}px`);
  if (offsetTop && scale < 1.01) scrollTo(0, 0);
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
const wrongRoom = wrongName(room, 64);
if (wrongRoom) badLink(wrongRoom);
else if (wrongName(session.nickname, 32)) askName();
else session.join(session.nickname);
offerRooms(title);
