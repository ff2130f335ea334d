// The room without pixels: joins the connection, the outbox and the timeline. A page has one room, so its state is this module's.

import { place, secure, store } from './common.js';
import { Connection } from './connection.js';
import { Outbox } from './outbox.js';
import { Timeline } from './timeline.js';

const VERSION = 'snug-page/1';
const TYPING = 3000;
const ANSWER = 20_000;
const PAGE = 100;
/// Temporary refusals: the same send is tried again.
const PASSING = ['rate_limited', 'storage_full', 'unavailable'];

export const timeline = new Timeline();
export let room = '';
try { room = decodeURIComponent(location.pathname.split('/')[2] ?? '').trim().normalize('NFC'); } catch { /* not a room's address */ }
export let nickname = (store.get('snug.name') ?? '').trim().normalize('NFC');
export let outbox = null;
export let limits = { message_clusters: 4000, message_bytes: 16384 };
export let members = new Map();
export let count = 0;
export let online = false;
export let link = { state: 'connecting' };
/// True once everything missed has arrived. Sends wait for it, so that one already stored is not repeated.
export let caughtUp = false;

let screen = null;
let connection = null;
// The id of the send in flight. Only one is, so that refusals and losses do not change their order.
let flying = null;
let sendAgain = null;
let unanswered = null;
// The request for older messages that is not answered yet.
let loading = null;
let typedAt = 0;
let readSent = 0;
let readWanted = 0;
let readTimer = null;

/// Sets the object whose functions are called on changes.
export const watch = (watcher) => { screen = watcher; };
export const redial = () => connection.now();

/// Joins, or changes the nickname: the seat and the waiting sends are kept.
export function join(name) {
  const seat = outbox && store.get(seatPlace());
  const waiting = outbox?.items ?? [];
  for (const item of waiting) outbox.strike(item.frame.id);
  nickname = name.trim().normalize('NFC');
  store.set('snug.name', nickname);
  if (seat) store.set(seatPlace(), seat);
  outbox = new Outbox(room, nickname, screen.waiting);
  for (const item of waiting) outbox.add(item.frame);
  flying = null;
  screen.joined();
  connection ??= new Connection(address, { hello, frame, link: linked });
  connection.now();
}

const seatPlace = () => place('seat', room, nickname);
const address = () =>
  `${secure ? 'wss' : 'ws'}://${location.host}/ws/chat/${encodeURIComponent(room)}/${encodeURIComponent(nickname)}`;

function hello() {
  const { epoch, after, afterId } = timeline;
  const resume = epoch && after ? { epoch, after, id: afterId ?? undefined } : undefined;
  return { type: 'hello', version: 1, client: VERSION, history: PAGE, resume, seat: store.get(seatPlace()) ?? undefined };
}

function linked(next) {
  link = next;
  online = next.state === 'online';
  if (!online) caughtUp = false;
  screen.link();
}

// -- frames from the server --

const byMember = (list) => new Map(list.map((member) => [member.member, member]));

const FRAMES = {
  connection_established(frame) {
    limits = frame.limits ?? limits;
    if (frame.seat) store.set(seatPlace(), frame.seat);
    const first = timeline.epoch === null;
    timeline.by = frame.by;
    timeline.established(frame);
    if (first) screen.readUpTo(frame.read ?? Infinity);
    readSent = Math.max(frame.read ?? 0, frame.resumed ? readSent : 0);
    readWanted = readSent;
    members = byMember(frame.members);
    count = frame.count;
    flying = loading = null;
    if (frame.last === 0) fillHole();
    caughtUp = frame.last === 0 || (frame.resumed && frame.last === timeline.after);
    screen.members();
    screen.topic();
    screen.update();
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
    loading = null;
    timeline.prepend(frame);
    screen.update();
    fillHole();
  },
  presence(frame) {
    for (const gone of frame.left ?? []) members.delete(gone);
    for (const member of frame.joined ?? []) members.set(member.member, member);
    if (frame.members) members = byMember(frame.members);
    count = frame.count;
    screen.members();
  },
  typing(frame) { screen.typing(frame); },
  read({ seq }) { readSent = Math.max(readSent, seq); },
  error(frame) {
    const id = frame.id ?? (['bad_request', 'too_long'].includes(frame.code) ? flying : null);
    if (outbox.get(id)) return refused(id, frame);
    if (loading && !frame.id) {
      // The request for older messages was refused: it is repeated later.
      const held = loading;
      setTimeout(() => {
        if (loading !== held) return;
        loading = null;
        fillHole();
        screen.update();
      }, frame.retry_after_ms ?? 2000);
      if (frame.code === 'rate_limited') return;
    }
    if (frame.code !== 'nickname_taken') screen.notice(frame.message);
  },
};

function refused(id, { code, message, retry_after_ms: pause }) {
  if (flying === id) flying = null;
  if (PASSING.includes(code)) {
    if (code !== 'rate_limited') screen.notice(message);
    clearTimeout(sendAgain);
    sendAgain = setTimeout(() => { sendAgain = null; pump(); }, Math.max(pause ?? 2000, 100));
    return;
  }
  if (outbox.get(id).frame.type === 'chat_message') outbox.fail(id, code, message);
  else {
    // It has no row that could show the failure, so a notice does.
    outbox.strike(id);
    screen.notice(`That didn’t work. ${message}`);
  }
  pump();
}

function frame(received) {
  if (received.seq !== undefined) take([received], true);
  else if (Object.hasOwn(FRAMES, received.type)) FRAMES[received.type](received);
}

function take(entries, live) {
  if (!timeline.extend(entries)) return connection.again();
  entries.forEach(cameBack);
  screen.arrived(entries, live);
  if (caughtUp) pump();
}

/// Removes the send that an entry acknowledges. A reaction that changes nothing is answered with the entry that set it, which
/// has another id.
function cameBack(entry) {
  if (entry.by !== timeline.by) return;
  const sent = outbox.get(flying)?.frame;
  const same = entry.type === 'reacted' && sent?.type === 'react'
    && entry.target === sent.target && entry.emoji === sent.emoji && entry.on === sent.on;
  if (same || entry.id === flying) {
    outbox.strike(flying);
    flying = null;
  }
  outbox.strike(entry.id);
}

// -- older messages --

function history(before) {
  loading = { type: 'history', before, limit: PAGE };
  if (!connection.send(loading)) loading = null;
}

function fillHole() {
  const hole = timeline.hole();
  if (hole && !loading) history(hole.before);
}

/// Requests the page before the oldest message. Returns false if there is none or the room is offline.
export function older() {
  if (!online || !timeline.more) return false;
  if (!loading) history(timeline.oldest);
  return true;
}

// -- sending --

export function send(frame) {
  if (!outbox.add(frame)) screen.notice('Your browser can’t store messages for this page. If you close it, unsent messages are lost.');
  pump();
}

export function pump() {
  if (!online || !caughtUp || flying || sendAgain) return;
  const item = outbox.next();
  if (!item || !connection.send(item.frame)) return;
  const { id } = item.frame;
  flying = id;
  // Every send is answered. If no answer comes, reconnect and repeat it: the id makes that harmless.
  clearTimeout(unanswered);
  unanswered = setTimeout(() => flying === id && connection.again(), ANSWER);
}

/// Tells others that this member is typing, at most once in 3 s.
export function typing() {
  if (count < 2 || Date.now() - typedAt < TYPING) return;
  if (connection.send({ type: 'typing' })) typedAt = Date.now();
}

/// Marks everything as read. The server is told at most once a second.
export function seen() {
  if (!online || timeline.after <= readWanted) return;
  readWanted = timeline.after;
  readTimer ??= setTimeout(tellRead, 1000);
}

function tellRead() {
  clearTimeout(readTimer);
  readTimer = null;
  if (readWanted > readSent && connection?.send({ type: 'read', seq: readWanted })) readSent = readWanted;
}
addEventListener('pagehide', tellRead);
