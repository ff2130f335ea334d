// The room without pixels: joins the connection, the outbox and the timeline. A page has one room, so its state is this module's.

import { base, fold, place, secure, store } from './common.js';
import { Connection } from './connection.js';
import { Outbox } from './outbox.js';
import { Timeline } from './timeline.js';
import { remember } from './visited.js';

const VERSION = 'snug-page/1';
const TYPING = 3000;
const ANSWER = 20_000;
const PAGE = 100;
const NAMES = 5_000;
/// Temporary refusals: the same send is tried again.
const PASSING = ['rate_limited', 'storage_full', 'unavailable'];

export const timeline = new Timeline();
export let room = '';
try { room = decodeURIComponent(location.pathname.slice(base.length).split('/')[2] ?? '').trim().normalize('NFC'); } catch { /* not a room's address */ }
export let nickname = (store.get('snug.name') ?? '').trim().normalize('NFC');
export let outbox = null;
export let limits = { message_clusters: 4000, message_bytes: 16384 };
export let members = new Map();
export let count = 0;
/// The nicknames that authors were last seen with.
export const names = new Map();
const folded = new Set();
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
// The request for messages that is not answered yet, and the entry whose surroundings the reader waits for.
let loading = null;
let sought = null;
let typedAt = 0;
let readSent = 0;
let readWanted = 0;
let readTimer = null;

/// Sets the object whose functions are called on changes.
export const watch = (watcher) => { screen = watcher; };
export const redial = () => connection.now();

/// Joins, or changes the nickname. The seat and the waiting sends are the room's, so they stay.
export function join(name) {
  nickname = name.trim().normalize('NFC');
  store.set('snug.name', nickname);
  outbox ??= new Outbox(room, () => screen.waiting());
  flying = null;
  screen.joined();
  connection ??= new Connection(address, { hello, frame, link: linked });
  connection.now();
}

const SEAT = place('seat', room);
const address = () =>
  `${secure ? 'wss' : 'ws'}://${location.host}${base}/ws/chat/${encodeURIComponent(room)}/${encodeURIComponent(nickname)}`;

function hello() {
  const { epoch, after, afterId } = timeline;
  const resume = epoch && after ? { epoch, after, id: afterId ?? undefined } : undefined;
  return { type: 'hello', version: 1, client: VERSION, history: PAGE, resume, seat: store.get(SEAT) ?? undefined };
}

function linked(next) {
  link = next;
  online = next.state === 'online';
  if (!online) caughtUp = false;
  screen.link();
}

// -- frames from the server --

function byMember(list) {
  for (const { by, nickname: name } of list) know(by, name);
  return new Map(list.map((member) => [member.member, member]));
}

function know(by, name) {
  if (!by || !name) return;
  names.delete(by);
  names.set(by, name);
  folded.add(fold(name));
  if (names.size > NAMES) names.delete(names.keys().next().value);
  if (folded.size <= 2 * NAMES) return;
  folded.clear();
  for (const each of names.values()) folded.add(fold(each));
}

/// Whether somebody here has a name, which is given folded.
export const isHere = (name) => folded.has(name);

const FRAMES = {
  connection_established(frame) {
    limits = frame.limits ?? limits;
    if (frame.seat) store.set(SEAT, frame.seat);
    const first = timeline.epoch === null;
    timeline.by = frame.by;
    timeline.established(frame);
    if (first) screen.readUpTo(frame.read ?? Infinity);
    readSent = Math.max(frame.read ?? 0, frame.resumed ? readSent : 0);
    readWanted = readSent;
    remember(room, { epoch: frame.epoch, by: frame.by, opened: Date.now(), seq: readSent });
    members = byMember(frame.members);
    count = frame.count;
    flying = loading = null;
    caughtUp = frame.last === 0 || (frame.resumed && frame.last === timeline.after);
    screen.members();
    screen.topic();
    screen.update();
    if (caughtUp) settled();
  },
  entries({ entries, live }) {
    take(entries, false);
    if (!live) return;
    caughtUp = true;
    settled();
  },
  history(frame) {
    loading = null;
    for (const { by, user } of frame.entries) if (!names.has(by)) know(by, user);
    timeline.insert(frame);
    screen.update();
    look();
  },
  presence(frame) {
    for (const gone of frame.left ?? []) members.delete(gone);
    for (const [id, member] of byMember(frame.joined ?? [])) members.set(id, member);
    if (frame.members) members = byMember(frame.members);
    count = frame.count;
    screen.members();
  },
  typing(frame) { screen.typing(frame); },
  read({ seq }) {
    readSent = Math.max(readSent, seq);
    remember(room, { epoch: timeline.epoch, seq: readSent });
  },
  error(frame) {
    const id = frame.id ?? (['bad_request', 'too_long'].includes(frame.code) ? flying : null);
    if (outbox.get(id)) return refused(id, frame);
    if (loading && !frame.id) {
      // The request for older messages was refused: it is repeated later.
      const held = loading;
      setTimeout(() => {
        if (loading !== held) return;
        loading = null;
        look();
        screen.update();
      }, frame.retry_after_ms ?? 2000);
      if (frame.code === 'rate_limited') return;
    }
    // Before the join, the reason of the close says it.
    if (online) screen.notice(frame.message);
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
    const { frame } = outbox.get(id);
    outbox.strike(id);
    screen.notice(`That didn’t work. ${message}`);
    if (frame.type === 'edit') screen.giveBack(frame.message);
  }
  pump();
}

/// Everything missed is here.
function settled() {
  screen.caughtUp();
  look();
  pump();
}

function frame(received) {
  if (received.seq !== undefined) take([received], true);
  else if (Object.hasOwn(FRAMES, received.type)) FRAMES[received.type](received);
}

function take(entries, live) {
  if (!timeline.extend(entries)) return connection.again();
  for (const entry of entries) {
    know(entry.by, entry.user);
    cameBack(entry);
  }
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
  if (same) outbox.strike(flying);
  if (same || entry.id === flying) flying = null;
  outbox.cameBack(entry);
}

// -- messages that are not loaded --

/// Asks for the page before an entry, unless another page is on its way.
function load(before) {
  if (loading || !online) return;
  loading = { type: 'history', before, limit: PAGE };
  if (!connection.send(loading)) loading = null;
}

/// Asks for the page before the oldest message.
export function older() { if (timeline.more) load(timeline.oldest); }

/// Asks for a page of a hole: at its upper edge for who reads `down`, else at its lower one.
export function fill(hole, down) { load(down ? Math.min(hole.after + 1 + PAGE, hole.before) : hole.before); }

/// Loads what surrounds an entry. Resolves to false if `stopSeeking` comes first.
export function seek(seq) {
  stopSeeking();
  return new Promise((done) => {
    sought = { seq, done };
    look();
  });
}

export function stopSeeking() { found(false); }

function found(whether) {
  sought?.done(whether);
  sought = null;
}

function look() {
  const hole = sought && timeline.missing(sought.seq);
  if (hole) load(Math.min(sought.seq + PAGE / 2, hole.before));
  else found(true);
}

// -- sending --

/// Sends a frame. `of` is the id of the message that it changes, where that message is still on its way.
export function send(frame, of) {
  if (!outbox.add(frame, of)) screen.notice('Your browser can’t store messages for this page. If you close it, unsent messages are lost.');
  pump();
}

export function pump() {
  if (!online || !caughtUp || flying || sendAgain) return;
  const item = outbox.next();
  if (!item) return;
  outbox.tried(item.frame.id);
  if (!connection.send(item.frame)) return;
  const { id } = item.frame;
  flying = id;
  // Every send is answered. If no answer comes, reconnect and repeat it: the id makes that harmless.
  clearTimeout(unanswered);
  unanswered = setTimeout(() => flying === id && connection.again(), ANSWER);
}

/// The newest message of one's own that can be changed, also one that is still on its way.
export function newestOwn() {
  const waiting = outbox.messages().at(-1);
  if (waiting) return { id: waiting.frame.id, message: waiting.message };
  const row = timeline.rows.findLast((each) => each.kind === 'message' && each.by === timeline.by && !each.deleted && !each.past);
  return row && { ...row, message: outbox.edited(row.seq) ?? row.message };
}

/// Changes the text of one's own message: `seq`, or `id` if it was on its way. Returns false if it is no longer here.
export function edit({ id, seq }, message) {
  const waits = outbox.get(id);
  const target = seq ?? timeline.rows.findLast((row) => row.id === id && row.by === timeline.by)?.seq;
  if (!waits && !target) return false;
  send({ type: 'edit', target, message }, waits && id);
  if (waits?.failed) retry(id);
  return true;
}

export function retry(id) {
  outbox.retry(id);
  pump();
}

/// Takes back a message that is waiting. One that may have arrived is deleted when it comes back.
export function withdraw(id) {
  if (outbox.get(id)) send({ type: 'delete' }, id);
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
  if (timeline.epoch) remember(room, { epoch: timeline.epoch, seq: readWanted });
  if (readWanted > readSent && connection?.send({ type: 'read', seq: readWanted })) readSent = readWanted;
}
addEventListener('pagehide', tellRead);
