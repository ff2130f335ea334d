// The room: joins the line, the outbox and the timeline, and gives hands to what is on the screen.

import { ask, bytes, clusters, copy, h, place, roomPath, secure, store, tile, wrongName, moment } from './common.js';
import { Connection } from './connection.js';
import { Outbox } from './outbox.js';
import { Timeline } from './timeline.js';
import { View } from './view.js';

const VERSION = 'snug-page/1';
const TYPING_SAY = 3000;
const TYPING_SHOW = 5000;
const ANSWER = 20_000;
const PAGE = 100;
const ROOMS_EVERY = 15_000;

const $ = (id) => document.getElementById(id);
let room = '';
try { room = decodeURIComponent(location.pathname.split('/')[2] ?? '').trim().normalize('NFC'); } catch { /* not a room's address */ }
let nickname = (store.get('snug.name') ?? '').trim().normalize('NFC');
let connection = null;
let outbox = null;
let limits = { message_clusters: 4000, message_bytes: 16384 };
let members = new Map();
let count = 0;
let online = false;
let link = { state: 'connecting' };
// The id of the one send on its way: one at a time keeps their order whatever is refused or lost.
let flying = null;
let sendAgain = null;
let unanswered = null;
let loading = null;
let purpose = null;
let readSent = 0;
let readWanted = 0;
let readTimer = null;
let invite = { link: location.href, server: location.host };

const timeline = new Timeline();
const act = {
  older: () => {
    if (!online || loading || !timeline.more) return;
    history(timeline.oldest);
  },
  seen, jump, drawn,
  reply: (row) => aim({ kind: 'reply', row }),
  edit: (row) => aim({ kind: 'edit', row }),
  react: (row, emoji, on) => send({ type: 'react', target: row.seq, emoji, on }),
  delete: (row) => send({ type: 'delete', target: row.seq }),
  copy: async (row) => notice(await copy(row.message) ? 'Copied.' : 'The browser does not let this page copy.'),
  retry: (id) => { outbox.retry(id); pump(); },
  discard: (id) => outbox.strike(id),
};
const view = new View($('log'), $('pill'), { timeline, act });
view.room = room;

// -- joining --

function join(name) {
  nickname = name.trim().normalize('NFC');
  store.set('snug.name', nickname);
  view.me = nickname;
  outbox = new Outbox(room, nickname, waiting);
  flying = null;
  document.body.classList.add('joined');
  $('name').hidden = true;
  $('room').hidden = false;
  $('me').replaceChildren(tile(nickname, timeline.by ?? nickname, 'small'), h('bdi', {}, nickname));
  waiting();
  grow();
  if (!connection) connection = new Connection(address, { hello, frame, link: linked });
  connection.now();
  if (matchMedia('(hover: hover)').matches) $('text').focus();
}

/// The same person under another name: the seat goes along, and so does what waits to be sent.
function rename(name) {
  const seat = store.get(place('seat', room, nickname));
  const waitingItems = outbox.items;
  for (const item of waitingItems) outbox.strike(item.frame.id);
  nickname = name;
  if (seat) store.set(place('seat', room, name), seat);
  join(name);
  for (const item of waitingItems) outbox.add(item.frame);
}

const address = () =>
  `${secure ? 'wss' : 'ws'}://${location.host}/ws/chat/${encodeURIComponent(room)}/${encodeURIComponent(nickname)}`;

function hello() {
  const resume = timeline.epoch && timeline.after
    ? { epoch: timeline.epoch, after: timeline.after, ...(timeline.afterId && { id: timeline.afterId }) } : undefined;
  return { type: 'hello', version: 1, client: VERSION, history: PAGE, resume, seat: store.get(place('seat', room, nickname)) ?? undefined };
}

// -- what the server says --

const FRAMES = {
  connection_established(frame) {
    limits = frame.limits ?? limits;
    if (frame.seat) store.set(place('seat', room, nickname), frame.seat);
    const first = timeline.epoch === null;
    timeline.by = frame.by;
    timeline.established(frame);
    if (first) view.lineAfter = frame.read ?? Infinity;
    readSent = Math.max(frame.read ?? 0, frame.resumed ? readSent : 0);
    readWanted = readSent;
    members = new Map(frame.members.map((member) => [member.member, member]));
    count = frame.count;
    $('me').replaceChildren(tile(nickname, frame.by, 'small'), h('bdi', {}, nickname));
    presence();
    topic();
    flying = null;
    loading = null;
    if (frame.last === 0) fillHole();
    view.update();
    // What was missed comes first, so that what came back already is not sent again.
    caughtUp = frame.last === 0 || (frame.resumed && frame.last === timeline.after);
    pump();
  },
  entries({ entries, live }) {
    take(entries, false);
    if (!live) return;
    caughtUp = true;
    fillHole();
    pump();
  },
  history(frame) {
    const wanted = loading;
    loading = null;
    timeline.prepend(frame);
    view.update();
    wanted?.done?.();
    fillHole();
  },
  presence(frame) {
    for (const gone of frame.left ?? []) members.delete(gone);
    for (const member of frame.joined ?? []) members.set(member.member, member);
    if (frame.members) members = new Map(frame.members.map((member) => [member.member, member]));
    count = frame.count;
    presence();
  },
  typing({ user, by }) {
    clearTimeout(typists.get(by)?.timer);
    typists.set(by, { user, timer: setTimeout(() => stoppedTyping(by), TYPING_SHOW) });
    typing();
  },
  read({ seq }) { readSent = Math.max(readSent, seq); },
  error(frame) {
    const id = frame.id ?? (frame.code === 'bad_request' || frame.code === 'too_long' ? flying : null);
    if (!id || !outbox.has(id)) {
      if (loading && !frame.id) {
        // The page that was asked for: it is asked for again a little later.
        const held = loading;
        setTimeout(() => {
          if (loading !== held) return;
          loading = null;
          fillHole();
          view.update();
        }, frame.retry_after_ms ?? 2000);
        if (frame.code === 'rate_limited') return;
      }
      if (frame.code !== 'nickname_taken') notice(frame.message);
      return;
    }
    if (flying === id) flying = null;
    if (['rate_limited', 'storage_full', 'unavailable'].includes(frame.code)) {
      if (frame.code !== 'rate_limited') notice(frame.message);
      clearTimeout(sendAgain);
      sendAgain = setTimeout(() => { sendAgain = null; pump(); }, Math.max(frame.retry_after_ms ?? 2000, 100));
      return;
    }
    const item = outbox.items.find((waitingItem) => waitingItem.frame.id === id);
    if (item.frame.type === 'chat_message') outbox.fail(id, frame.code, frame.message);
    else {
      // Nothing on the screen stands for it, so it is said once.
      outbox.strike(id);
      notice(`That was not done. ${frame.message}`);
    }
    pump();
  },
};
let caughtUp = false;

function frame(received) {
  if (received.seq !== undefined) take([received], true);
  else if (Object.hasOwn(FRAMES, received.type)) FRAMES[received.type](received);
}

function take(entries, live) {
  if (!timeline.extend(entries)) return connection.again();
  let fresh = 0;
  for (const entry of entries) {
    cameBack(entry);
    if (entry.type !== 'chat_message') continue;
    stoppedTyping(entry.by);
    if (entry.by === timeline.by) continue;
    fresh += 1;
    if (live) tell(entry);
  }
  if (entries.some((entry) => entry.type === 'topic')) topic();
  if (live && view.atEnd) timeline.trim();
  view.arrived(fresh);
  if (document.visibilityState !== 'visible') unread += fresh;
  title();
  view.update();
  if (caughtUp) pump();
}

/// Strikes off what an entry acknowledges. A reaction that changes nothing comes back as the entry that set it, under that
/// entry's id.
function cameBack(entry) {
  if (entry.by !== timeline.by) return;
  const { frame: sent } = outbox.items.find(({ frame: { id } }) => id === flying) ?? {};
  const same = entry.type === 'reacted' && sent?.type === 'react'
    && entry.target === sent.target && entry.emoji === sent.emoji && entry.on === sent.on;
  if (same || entry.id === flying) {
    outbox.strike(flying);
    flying = null;
  }
  outbox.strike(entry.id);
}

function history(before, done) {
  loading = { done };
  if (!connection.send({ type: 'history', before, limit: PAGE })) loading = null;
}

function fillHole() {
  const hole = timeline.hole();
  if (hole && !loading && online) history(hole.before);
}

// -- sending --

function send(frame) {
  if (!outbox.add(frame)) notice('This browser keeps nothing for this page: what you send is lost if you close it before it is sent.');
  pump();
}

function pump() {
  if (!online || !caughtUp || flying || sendAgain) return;
  const item = outbox.next();
  if (!item || !connection.send(item.frame)) return;
  const { id } = item.frame;
  flying = id;
  // Every send is answered; where none is, a new line asks again, which the id makes harmless.
  clearTimeout(unanswered);
  unanswered = setTimeout(() => flying === id && connection.again(), ANSWER);
}

function waiting() {
  view.pending = outbox.items.filter(({ frame }) => frame.type === 'chat_message').map(({ frame, at, failed }) => ({
    kind: 'message', key: `out-${frame.id}`, rev: 0, id: frame.id, at, user: nickname, by: timeline.by ?? nickname, message: frame.message,
    replyTo: frame.reply_to, reactions: [], pending: true, failed,
  }));
  view.update();
}

function submit() {
  const field = $('text');
  const text = field.value;
  if (!text.trim()) return;
  if (tooLong(text)) return notice('That is too long for one message. Please cut it in two.');
  if (purpose?.kind === 'edit') {
    if (text !== purpose.row.message) send({ type: 'edit', target: purpose.row.seq, message: text });
  } else {
    send({ type: 'chat_message', message: text, ...(purpose && { reply_to: purpose.row.seq }) });
  }
  view.lineAfter = Infinity;
  aim(null);
  field.value = '';
  typed();
  view.toEnd();
}

const tooLong = (text) => bytes(text) > limits.message_bytes
  || (text.length > limits.message_clusters && clusters(text).length > limits.message_clusters);

/// What the next send is for: an answer, a change, or just a message.
function aim(next) {
  const field = $('text');
  if (purpose?.kind === 'edit' && next?.kind !== 'edit') field.value = store.get(place('draft', room, '')) ?? '';
  if (next?.kind === 'edit') {
    if (purpose?.kind !== 'edit') store.set(place('draft', room, ''), field.value);
    field.value = next.row.message;
  }
  purpose = next;
  $('purpose').hidden = !next;
  if (next) {
    $('purpose-text').replaceChildren(next.kind === 'edit' ? 'Changing your message' : 'Answering ',
      next.kind === 'edit' ? '' : h('b', {}, next.row.user));
    field.focus();
  }
  grow();
}

let lastTyping = 0;
function typed() {
  const field = $('text');
  if (purpose?.kind !== 'edit') store.set(place('draft', room, ''), field.value);
  const left = limits.message_clusters - field.value.length;
  const near = left < 400;
  $('left').hidden = !near;
  if (near) $('left').textContent = tooLong(field.value) ? 'Too long' : `${Math.max(0, limits.message_clusters - clusters(field.value).length)} left`;
  $('send').disabled = !field.value.trim();
  grow();
  if (field.value.trim() && Date.now() - lastTyping > TYPING_SAY && online && count > 1) {
    lastTyping = Date.now();
    connection.send({ type: 'typing' });
  }
}

function grow() {
  const field = $('text');
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight, 176)}px`;
  $('send').disabled = !field.value.trim();
}

// -- what is around the messages --

let countdown = null;
function linked(next) {
  link = next;
  online = next.state === 'online';
  if (!online) caughtUp = false;
  clearInterval(countdown);
  // A first try that goes well needs no words.
  if (next.state === 'waiting') countdown = setInterval(strip, 500);
  strip();
  title();
}

function strip() {
  const kept = outbox.items.length;
  const shown = link.state !== 'online' && !(link.state === 'connecting' && timeline.epoch === null);
  $('strip').hidden = !shown;
  if (!shown) return;
  const words = h('span', { id: 'strip-words' });
  const buttons = [];
  if (link.state === 'connecting') words.append('Connecting …');
  if (link.state === 'waiting') {
    const seconds = Math.ceil((link.until - Date.now()) / 1000);
    words.append(h('b', {}, link.reason), ' Messages you send now are kept and go out when it is back. ',
      h('span', { class: 'countdown', 'aria-hidden': 'true' }, seconds > 0 ? `Next try in ${seconds} s.` : 'Trying …'));
    buttons.push(h('button', { type: 'button', onclick: () => connection.now() }, 'Try now'));
  }
  if (link.state === 'stopped') {
    const said = link.suggestion ? ['“', h('bdi', {}, nickname), '” is in use in this room.'] : [link.reason];
    words.append(h('b', {}, ...said), kept ? ' What you sent is kept.' : '');
    if (link.suggestion) {
      buttons.push(h('button', { type: 'button', class: 'primary', onclick: () => rename(link.suggestion) }, `Join as ${link.suggestion}`));
    }
    if (link.back === 'name') buttons.push(h('button', { type: 'button', onclick: askName }, 'Another name'));
    else buttons.push(h('button', { type: 'button', onclick: () => connection.now() }, link.back === 'here' ? 'Use it here' : 'Try again'));
  }
  const held = $('strip').contains(document.activeElement);
  // Announced when the words change, not with each second.
  const sign = `${link.state} ${link.reason}`;
  if ($('strip').dataset.sign !== sign) {
    $('strip').dataset.sign = sign;
    $('strip-row').replaceChildren(words, ...buttons);
  } else {
    $('strip').querySelector('.countdown')?.replaceWith(words.querySelector('.countdown') ?? '');
  }
  if (held && !$('strip').contains(document.activeElement)) $('strip-row').querySelector('button')?.focus();
}

function presence() {
  const people = [...members.values()].sort((a, b) => a.nickname.localeCompare(b.nickname));
  $('count').textContent = String(count);
  $('people').setAttribute('aria-label', `Here now: ${count}`);
  $('members-title').textContent = `Here now — ${count}`;
  $('members').replaceChildren(...people.slice(0, 200).map((member) => h('li', {},
    h('button', { type: 'button', onclick: () => mention(member.nickname), title: `Mention ${member.nickname}` },
      tile(member.nickname, member.by, 'small'), h('bdi', {}, member.nickname), member.by === timeline.by && h('span', { class: 'muted' }, 'you')))));
  if (count > people.length) $('members').append(h('li', { class: 'muted more' }, `and ${count - people.length} more`));
}

function mention(name) {
  const field = $('text');
  const before = field.value.slice(0, field.selectionStart);
  field.setRangeText(`${before && !/\s$/.test(before) ? ' ' : ''}@${name} `, field.selectionStart, field.selectionEnd, 'end');
  document.body.classList.remove('show-people');
  field.focus();
  typed();
}

const typists = new Map();
function stoppedTyping(by) {
  clearTimeout(typists.get(by)?.timer);
  if (typists.delete(by)) typing();
}
function typing() {
  const names = [...typists.values()].map(({ user }) => user);
  const words = names.length === 0 ? '' : names.length === 1 ? `${names[0]} is typing …`
    : names.length === 2 ? `${names[0]} and ${names[1]} are typing …` : 'Several people are typing …';
  $('typing').textContent = words;
}

function topic() {
  $('topic').replaceChildren(timeline.topic ? h('bdi', {}, timeline.topic) : 'Set a topic');
  $('topic').classList.toggle('unset', !timeline.topic);
}

let unread = 0;
function title() {
  document.title = `${unread ? `(${unread}) ` : ''}${online ? '' : '… '}${room} · Snug`;
}

/// Read up to the newest, once a second at most, when somebody can see it.
function seen() {
  if (document.visibilityState !== 'visible' || !view.atEnd || !online || timeline.after <= readWanted) return;
  readWanted = timeline.after;
  readTimer ??= setTimeout(tellRead, 1000);
}

function tellRead() {
  clearTimeout(readTimer);
  readTimer = null;
  if (readWanted > readSent && connection?.send({ type: 'read', seq: readWanted })) readSent = readWanted;
}
addEventListener('pagehide', tellRead);

function drawn() {
  const empty = timeline.epoch !== null && caughtUp && timeline.after === 0 && !view.pending.length && !timeline.rows.length;
  $('empty').hidden = !empty;
  if (empty && !$('empty-code').getAttribute('src')) $('empty-code').src = codePath;
  seen();
}

async function jump(seq) {
  while (!view.show(seq)) {
    if (!timeline.more || timeline.oldest <= seq || !online) return notice('That message is no longer here.');
    if (loading) await new Promise((done) => { setTimeout(done, 50); });
    else await new Promise((done) => { history(timeline.oldest, done); setTimeout(done, 5000); });
    await new Promise((done) => { setTimeout(done, 50); });
  }
}

let noticeTimer = null;
function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $('notice').hidden = true; }, 6000);
}

// -- being told --

const canNotify = () => 'Notification' in window && isSecureContext;
function tell(entry) {
  const row = timeline.message(entry.seq);
  const meant = row && view.speaksToMe(row);
  $('said').append(h('p', {}, `${entry.user}: ${entry.message.slice(0, 500)}`));
  while ($('said').childElementCount > 5) $('said').firstElementChild.remove();
  if (!meant || document.visibilityState === 'visible' || !canNotify() || Notification.permission !== 'granted') return;
  if (store.get('snug.notify') !== 'yes') return;
  try {
    const shown = new Notification(`${entry.user} in ${room}`, { body: entry.message.slice(0, 200), tag: `snug-${room}`, icon: '/page/icon.svg' });
    shown.onclick = () => { window.focus(); jump(entry.seq); shown.close(); };
  } catch { /* Android shows them only through a service worker; the title still counts */ }
}

async function bell() {
  const on = store.get('snug.notify') === 'yes' && Notification.permission === 'granted';
  if (on) store.set('snug.notify', 'no');
  else if (await Notification.requestPermission() === 'granted') store.set('snug.notify', 'yes');
  else notice('The browser does not allow notifications for this page. Its settings can change that.');
  bellState();
}
function bellState() {
  const on = canNotify() && store.get('snug.notify') === 'yes' && Notification.permission === 'granted';
  $('bell').hidden = !canNotify();
  $('bell').setAttribute('aria-pressed', String(on));
  $('bell').title = on ? 'You are told when somebody mentions you' : 'Tell me when somebody mentions me';
}

// -- search, invite, rooms --

let searchRun = 0;
async function search() {
  const asked = $('search-text').value.trim();
  searchRun += 1;
  const run = searchRun;
  if (!asked) return $('results').replaceChildren();
  let results;
  try {
    const found = await ask(`/api/rooms/${encodeURIComponent(room)}/messages?limit=50&q=${encodeURIComponent(asked)}`);
    results = found.entries.filter((entry) => entry.type === 'chat_message' && !entry.deleted).reverse().map((entry) => h('li', {},
      h('button', { type: 'button', onclick: () => { close('search'); jump(entry.seq); } },
        h('span', { class: 'meta' }, h('bdi', {}, entry.user), ' · ', moment(entry.at)), h('span', { dir: 'auto' }, entry.message.slice(0, 300)))));
    if (!results.length) results = [h('li', { class: 'muted' }, 'Nothing found with these words.')];
  } catch (error) {
    results = [h('li', { class: 'muted' }, error.message)];
  }
  if (run === searchRun) $('results').replaceChildren(...results);
}

const codePath = `/invite.svg?${new URLSearchParams({ room, secure })}`;
function showInvite() {
  $('invite-link').value = invite.link;
  $('invite-code').src = codePath;
  $('invite-dialog').showModal();
}

async function rooms() {
  if (document.visibilityState !== 'visible' || !matchMedia('(min-width: 880px)').matches) return;
  const { rooms: open } = await ask('/api/rooms').catch(() => ({ rooms: null }));
  if (!open) return;
  const others = open.slice(0, 40).map((info) => info.room);
  const here = (name) => name.normalize('NFKC').toLowerCase() === room.normalize('NFKC').toLowerCase();
  if (!others.some(here)) others.unshift(room);
  $('rooms').replaceChildren(...others.map((name) => h('li', {},
    h('a', { href: roomPath(name), 'aria-current': here(name) ? 'page' : undefined }, h('span', { 'aria-hidden': 'true', class: 'hash' }, '#'), h('bdi', {}, name)))));
}

const close = (id) => {
  $(id).hidden = true;
  $('text').focus();
};

function askName() {
  $('name').hidden = false;
  $('room').hidden = true;
  $('name-field').value = nickname;
  $('name-field').focus();
}

// -- hands --

$('name-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('name-field').value.trim();
  const wrong = wrongName(name, 'a name', 32);
  $('name-wrong').textContent = wrong ?? '';
  $('name-field').setAttribute('aria-invalid', String(Boolean(wrong)));
  if (!wrong) join(name);
});
$('composer').addEventListener('submit', (event) => { event.preventDefault(); submit(); });
$('text').addEventListener('input', typed);
$('text').addEventListener('keydown', (event) => {
  if (event.isComposing) return;
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === 'ArrowUp' && !$('text').value) {
    const last = timeline.rows.findLast((row) => row.kind === 'message' && row.by === timeline.by && !row.deleted && !row.past);
    if (last) {
      event.preventDefault();
      aim({ kind: 'edit', row: last });
    }
  }
});
$('purpose-end').addEventListener('click', () => { aim(null); $('text').focus(); });
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'f' && event.shiftKey) {
    event.preventDefault();
    $('find').click();
  }
  if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
  if (!$('search').hidden) close('search');
  else if (document.body.classList.contains('show-people')) document.body.classList.remove('show-people');
  else if (purpose) aim(null);
  else {
    view.toEnd();
    if (!$('room').hidden) $('text').focus();
  }
});
$('find').addEventListener('click', () => {
  $('search').hidden = !$('search').hidden;
  if (!$('search').hidden) $('search-text').select();
});
$('search').addEventListener('submit', (event) => { event.preventDefault(); search(); });
let searchTimer = null;
$('search-text').addEventListener('input', () => { clearTimeout(searchTimer); searchTimer = setTimeout(search, 250); });
$('search-end').addEventListener('click', () => close('search'));
$('people').addEventListener('click', () => {
  const shown = document.body.classList.toggle('show-people');
  $('people').setAttribute('aria-expanded', String(shown));
});
$('bell').addEventListener('click', bell);
for (const id of ['invite', 'empty-invite']) $(id).addEventListener('click', showInvite);
$('invite-copy').addEventListener('click', async () => {
  $('invite-copy').textContent = await copy(invite.link) ? 'Copied' : 'Copy it by hand';
  setTimeout(() => { $('invite-copy').textContent = 'Copy link'; }, 2000);
});
$('topic').addEventListener('click', () => {
  $('topic-field').value = timeline.topic;
  $('topic-dialog').showModal();
});
$('topic-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const next = $('topic-field').value.trim();
  $('topic-dialog').close();
  if (next !== timeline.topic) send({ type: 'topic', topic: next });
});
for (const button of document.querySelectorAll('dialog .end')) button.addEventListener('click', () => button.closest('dialog').close());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') {
    unread = 0;
    title();
    rooms();
    seen();
  } else {
    view.lineAfter = timeline.after;
  }
});

/// The on-screen keyboard covers the page in some browsers instead of making it smaller.
function fit() {
  const shown = window.visualViewport;
  document.documentElement.style.setProperty('--height', `${shown.height}px`);
  if (shown.offsetTop) scrollTo(0, 0);
}
if (window.visualViewport) {
  for (const kind of ['resize', 'scroll']) visualViewport.addEventListener(kind, fit);
  fit();
}

for (const element of document.querySelectorAll('.room-name')) element.textContent = room;
$('text').placeholder = `Write to ${room}`;
$('text').setAttribute('aria-label', `Write to ${room}`);
$('text').value = store.get(place('draft', room, '')) ?? '';
title();
bellState();
topic();
const wrongRoom = wrongName(room, 'a room', 64);
ask(`/invite?${new URLSearchParams({ room, secure })}`).then((answer) => {
  invite = answer;
  $('server').textContent = answer.server;
  $('empty-link').textContent = answer.link;
}, () => { $('empty-link').textContent = location.href; });
$('address').textContent = location.host;
if (wrongRoom) location.replace('/');
else if (wrongName(nickname, 'a name', 32)) askName();
else join(nickname);
rooms();
setInterval(rooms, ROOMS_EVERY);
grow();
