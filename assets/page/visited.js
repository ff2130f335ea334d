// The rooms of this server that one has been in, and how far one has read in each. Each has a key of its own, so that two tabs
// don't write over each other.

import { base, fold, place, store } from './common.js';

/// Rooms kept, at most. The one that was not opened for longest goes first.
const MOST = 50;
const PREFIX = `snug.room${base}\n`;

function record(key) {
  try {
    const kept = JSON.parse(store.get(key));
    return typeof kept.room === 'string' && kept.room ? kept : null;
  } catch {
    return null;
  }
}

/// All of them, by name: `{room, epoch, seq, by, opened}`. `seq` is the newest entry that was read.
export function visited() {
  const all = store.keys().filter((key) => key.startsWith(PREFIX)).map(record).filter(Boolean);
  const unique = new Map(all.map((each) => [fold(each.room), each]));
  return [...unique.values()].sort((a, b) => a.room.localeCompare(b.room, undefined, { numeric: true }));
}

/// Notes facts about a room. Reading goes forward only, as long as its history is the same.
export function remember(room, facts) {
  const key = place('room', room);
  const known = record(key);
  const next = { room, seq: 0, ...known, ...facts };
  if (known && known.epoch === next.epoch) next.seq = Math.max(known.seq, next.seq);
  else if (facts.seq === undefined) next.seq = 0;
  store.set(key, JSON.stringify(next));
  if (known) return;
  const oldest = visited().sort((a, b) => (b.opened ?? 0) - (a.opened ?? 0)).slice(MOST);
  for (const each of oldest) forget(each.room);
}

/// What was left behind in a room: whether messages wait there to be sent, and whether there is a draft.
export function leftBehind(room) {
  const out = place('out', room);
  return { waits: store.keys().some((key) => key.startsWith(out)), draft: Boolean(store.get(place('draft', room))?.trim()) };
}

export const forget = (room) => store.remove(place('room', room));

/// Calls `read` when another tab has read on or has been in a new room, and `left` when it has left something behind in one.
export function watchOthers(read, left) {
  addEventListener('storage', ({ key }) => {
    if (key === null || key.startsWith(PREFIX)) read();
    else if (/^snug\.(out|draft)/.test(key)) left();
  });
}
