// The list of rooms: those one has been in with what is unread in each, and below them the others on this server.

import { $, ask, fold, h, icon, iconButton, roomPath } from './common.js';
import { drawer } from './layers.js';
import { mentions } from './rows.js';
import { nickname, room } from './session.js';
import { forget, leftBehind, visited, watchOthers } from './visited.js';

const EVERY = 15_000;
/// Rooms whose messages are counted in one round. The rest follows in the next ones.
const AT_ONCE = 4;
/// Messages counted in a room, at most.
const COUNTED = 100;
const OTHERS = 40;
/// Another tab that reads on writes often.
const PAUSE = 1000;

const visible = () => document.visibilityState === 'visible';
const isThis = (name) => fold(name) === fold(room);

/// What is unread, by folded name: `{count, mentions, sign}`. The sign says for what it was counted.
const news = new Map();
let open = [];
let turn = 0;
let changed = () => {};
let timer = null;

/// Unread messages in all rooms but this one.
export const elsewhere = () => Array.from(news.values(), ({ count }) => count).reduce((sum, count) => sum + count, 0);

/// Asks for the rooms of the server, and counts in those that have something new.
async function refresh() {
  clearTimeout(timer);
  timer = setTimeout(refresh, EVERY);
  if (!visible()) return;
  const answer = await ask('/api/rooms').catch(() => null);
  if (answer) open = answer.rooms;
  draw();
  if (!answer) return;
  const listed = new Map(open.map((info) => [fold(info.room), info]));
  const mine = visited().filter((each) => !isThis(each.room));
  for (const name of news.keys()) if (!mine.some((each) => fold(each.room) === name)) news.delete(name);
  const due = mine.filter((each) => isDue(each, listed.get(fold(each.room))));
  const some = [...due.slice(turn % (due.length || 1)), ...due].slice(0, Math.min(AT_ONCE, due.length));
  turn += some.length;
  await Promise.all(some.map((each) => count(each, listed.get(fold(each.room)))));
  draw();
}

const signOf = ({ epoch, seq }, info) => `${epoch} ${seq} ${info?.last}`;

/// Whether a room may have something that is not counted yet. One that is in no list has to be asked.
function isDue(record, info) {
  const name = fold(record.room);
  if (info && info.last === record.seq) {
    news.delete(name);
    return false;
  }
  return !info || news.get(name)?.sign !== signOf(record, info);
}

async function count(record, info) {
  const path = `/api/rooms/${encodeURIComponent(record.room)}/messages?limit=${COUNTED}`;
  let answer = await ask(`${path}&after=${record.seq}`).catch(() => null);
  // Another history: nothing of it was read.
  if (answer?.epoch && answer.epoch !== record.epoch) answer = await ask(path).catch(() => null);
  if (!answer) return;
  const unread = answer.entries.filter(({ type, by, deleted }) => type === 'chat_message' && by !== record.by && !deleted);
  const spoken = mentions(nickname);
  news.set(fold(record.room), {
    count: unread.length, mentions: unread.filter(({ message }) => message.search(spoken) >= 0).length, sign: signOf(record, info),
  });
}

const shown = (count) => (count >= COUNTED ? `${COUNTED - 1}+` : String(count));

function badge({ count, mentions: toMe }) {
  const words = `${shown(count)} unread${toMe ? `, ${shown(toMe)} of them to you` : ''}`;
  return h('span', { class: `badge${toMe ? ' primary' : ''}`, title: words, 'aria-label': words, role: 'img' }, shown(toMe || count));
}

/// The folded names and numbers that are on the screen: nothing is drawn anew while they stay, so that the focus does.
let drawn = '';

function draw() {
  const mine = visited();
  const known = new Set(mine.map((each) => fold(each.room)));
  const others = open.filter((info) => !known.has(fold(info.room)) && !isThis(info.room)).slice(0, OTHERS).map((info) => info.room);
  const names = mine.map((each) => each.room);
  if (!names.some(isThis)) names.unshift(room);
  const total = elsewhere();
  const toMe = [...news.values()].some((each) => each.mentions > 0);
  $('places').setAttribute('aria-label', total ? `Rooms, ${total} unread` : 'Rooms');
  $('places-dot').hidden = !total;
  $('places-dot').classList.toggle('mine', toMe);
  const now = JSON.stringify([names, others, names.map((name) => [news.get(fold(name)), leftBehind(name)])]);
  if (now === drawn) return;
  drawn = now;
  const held = document.activeElement?.closest('#rooms li, #others li') && document.activeElement.getAttribute('href');
  $('rooms').replaceChildren(...names.map(item));
  $('others-title').hidden = others.length === 0;
  $('others').replaceChildren(...others.map(item));
  if (held) document.querySelector(`nav.side a[href="${CSS.escape(held)}"]`)?.focus();
  changed();
}

function item(name) {
  const unread = news.get(fold(name));
  const has = unread?.count > 0;
  const current = isThis(name);
  const left = leftBehind(name);
  const link = h('a', { href: roomPath(name), class: has && 'unread', 'aria-current': current && 'page', onclick: go },
    h('span', { 'aria-hidden': 'true', class: 'hash' }, '#'), h('bdi', {}, name), ...(current ? [] : marks(left)), has && badge(unread));
  // What waits in a room must not be lost from sight.
  const removes = !current && !left.waits && visited().some((each) => fold(each.room) === fold(name));
  const remove = removes && iconButton('close', `Remove ${name} from the list`, () => { forget(name); news.delete(fold(name)); draw(); });
  return h('li', {}, link, remove);
}

/// What was left behind in a room: a clock for what waits, a pencil for a draft.
function marks({ waits, draft }) {
  const mark = (glyph, words) => h('span', { class: 'left-behind', role: 'img', 'aria-label': words, title: words }, icon(glyph));
  return [waits && mark('clock', 'Messages are waiting. Open the room to send them.'), draft && mark('pencil', 'You have a draft there.')];
}

/// A room that is opened from the drawer takes its place in the browser's history.
function go(event) {
  if (!document.body.classList.contains('show-rooms') || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.replace(event.currentTarget.href);
}

/// Opens the next room of the list, or with `unread` the next one that has something new.
function step(by, unread) {
  const links = [...document.querySelectorAll('#rooms a')];
  const here = links.findIndex((link) => link.getAttribute('aria-current'));
  for (let at = 1; at < links.length; at += 1) {
    const link = links[(here + by * at + links.length * at) % links.length];
    if (!unread || link.classList.contains('unread')) return link.click();
  }
}

/// Hides the list where it covers the messages. Returns false if it did not.
export let hideRooms = () => false;

/// `told` is called when the numbers have changed.
export function offerRooms(told) {
  changed = told;
  hideRooms = drawer($('places'), 'show-rooms');
  document.addEventListener('visibilitychange', () => { if (visible()) refresh(); });
  document.addEventListener('keydown', (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || !event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    step(by, event.shiftKey);
  });
  watchOthers(() => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  }, draw);
  refresh();
}

/// The room was joined, or its name in the list has changed.
export const redrawRooms = draw;
