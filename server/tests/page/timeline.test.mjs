// The page's timeline without a browser: what is folded, what is missing, and where that stands.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline } from '../../../assets/page/timeline.js';

const said = (seq, more = {}) => ({ type: 'chat_message', seq, id: `i${seq}`, at: seq, user: 'zoe', by: 's:z', message: `m${seq}`, ...more });
const words = (timeline) => timeline.rows.map((row) => (row.kind === 'hole' ? `[${row.reason}]` : row.message));
const joined = (more = {}) => ({ epoch: 'e1', first: 1, last: 100, resumed: false, ...more });
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => said(from + at));

function room(from, to) {
  const timeline = new Timeline();
  timeline.established(joined({ last: to }));
  assert(timeline.extend(range(from, to)));
  return timeline;
}

test('a resumed line goes on, and what comes twice is taken once', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ resumed: true, last: 5 }));
  assert(timeline.extend(range(2, 5)));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', 'm4', 'm5']);
  assert.deepEqual([timeline.after, timeline.afterId], [5, 'i5']);
});

test('a damaged entry stands in its place and is counted', () => {
  const timeline = room(1, 2);
  assert(timeline.extend([{ type: 'damaged', seq: 3 }, said(4)]));
  assert.deepEqual(timeline.rows.map((row) => row.kind), ['message', 'message', 'damaged', 'message']);
  assert.equal(timeline.after, 4);
});

test('a hole in what comes is noticed, and nothing after it is taken', () => {
  const timeline = room(1, 3);
  assert.equal(timeline.extend([said(5)]), false);
  assert.equal(timeline.after, 3);
});

test('too much missed leaves a hole that older pages fill, from its lower edge on', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ last: 12 }));
  assert(timeline.extend(range(10, 12)));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[missed]', 'm10', 'm11', 'm12']);
  assert.deepEqual([timeline.missing(7).after, timeline.missing(7).before], [3, 10]);
  timeline.insert({ before: 10, entries: range(7, 9), more: true });
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[missed]', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12']);
  timeline.insert({ before: 7, entries: range(2, 6), more: true });
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12']);
  assert.equal(timeline.missing(7), undefined);
});

test('a fresh page that reaches back into what is here leaves no hole', () => {
  const timeline = room(1, 5);
  timeline.established(joined({ last: 7 }));
  assert(timeline.extend(range(3, 7)));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
});

test('a line lost before the first entries leaves the hole where it was', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ last: 12 }));
  timeline.established(joined({ last: 13 }));
  assert(timeline.extend(range(11, 13)));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[missed]', 'm11', 'm12', 'm13']);
  assert.equal(timeline.missing(5).after, 3);
});

test('what the server no longer keeps is said', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ first: 8, last: 9 }));
  assert(timeline.extend(range(8, 9)));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[lost]', 'm8', 'm9']);
});

test('another epoch begins under what was said before, which nothing changes any more', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ epoch: 'e2', last: 4 }));
  assert(timeline.extend([said(3, { message: 'new 3' }), said(4, { message: 'new 4' })]));
  assert(timeline.extend([{ type: 'deleted', seq: 5, id: 'd', target: 3, by: 's:z', at: 5, user: 'zoe' }]));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[anew]', '', 'new 4']);
  timeline.insert({ before: 3, entries: [said(1, { message: 'new 1' }), said(2, { message: 'new 2' })], more: false });
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[anew]', 'new 1', 'new 2', '', 'new 4']);
});

test('a log that could go on and does not is another one, although it has grown', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ last: 5, limits: { replay: 100 } }));
  assert(timeline.extend([said(4, { message: 'new 4' }), said(5, { message: 'new 5' })]));
  assert.deepEqual(words(timeline), ['m1', 'm2', 'm3', '[anew]', 'new 4', 'new 5']);
});

test('a log that is shorter than what is here is another one', () => {
  const timeline = room(1, 9);
  timeline.established(joined({ last: 2 }));
  assert(timeline.extend(range(1, 2)));
  assert.deepEqual(words(timeline).slice(-3), ['[anew]', 'm1', 'm2']);
});

test('changes are folded once: not those a page has in it already, and those that came before it', () => {
  const timeline = room(5, 6);
  const change = (seq, type, target, more) => ({ type, seq, id: `c${seq}`, at: seq, user: 'zoe', by: 's:z', target, ...more });
  assert(timeline.extend([
    change(7, 'reacted', 5, { emoji: '🎉', on: true }), change(8, 'edited', 5, { message: 'better' }),
    change(9, 'reacted', 2, { emoji: '👍', on: true }), change(10, 'edited', 2, { message: 'later' }),
  ]));
  assert.equal(timeline.message(5).message, 'better');
  assert.deepEqual(timeline.message(5).reactions.map(({ emoji, count }) => [emoji, count]), [['🎉', 1]]);
  // This page was read between the two changes of message 2.
  const folded = said(2, { as_of: 9, reactions: [{ emoji: '👍', count: 1, by: ['s:z'] }] });
  timeline.insert({ before: 5, entries: [said(1), folded, said(3), said(4)], more: false });
  assert.equal(timeline.message(2).message, 'later');
  assert.deepEqual(timeline.message(2).reactions.map(({ emoji, count }) => [emoji, count]), [['👍', 1]]);
  assert(timeline.extend([change(11, 'reacted', 2, { emoji: '👍', on: false })]));
  assert.deepEqual(timeline.message(2).reactions, []);
});

test('an entry of an unknown kind is counted and shown as nothing', () => {
  const timeline = room(1, 1);
  assert(timeline.extend([{ type: 'poll', seq: 2, id: 'p' }, said(3)]));
  assert.deepEqual(words(timeline), ['m1', 'm3']);
});

test('a page from the middle of what is missing leaves a hole on either side, and each side is filled from its edge', () => {
  const timeline = room(1, 2);
  timeline.established(joined({ last: 40 }));
  assert(timeline.extend(range(39, 40)));
  timeline.insert({ before: 22, entries: range(20, 21), more: true });
  assert.deepEqual(words(timeline), ['m1', 'm2', '[missed]', 'm20', 'm21', '[missed]', 'm39', 'm40']);
  timeline.insert({ before: 24, entries: range(22, 23), more: true });
  assert.deepEqual(words(timeline).slice(3, 8), ['m20', 'm21', 'm22', 'm23', '[missed]']);
  // A page that reaches over the edge of a hole brings nothing twice.
  timeline.insert({ before: 39, entries: range(19, 38), more: true });
  timeline.insert({ before: 20, entries: range(1, 19), more: false });
  assert.deepEqual(words(timeline), range(1, 40).map(({ message }) => message));
});

test('a page above the oldest row leaves a hole below it', () => {
  const timeline = room(90, 100);
  timeline.insert({ before: 12, entries: range(10, 11), more: true });
  assert.deepEqual(words(timeline).slice(0, 4), ['m10', 'm11', '[missed]', 'm90']);
  assert.deepEqual([timeline.oldest, timeline.more], [10, true]);
  assert.equal(timeline.missing(5).before, 10);
  assert.equal(timeline.missing(50).before, 90);
});

test('entries that the server no longer has are said to be gone, not asked for again', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ last: 40 }));
  assert(timeline.extend(range(39, 40)));
  timeline.insert({ before: 39, entries: range(30, 38), more: false });
  assert.equal(words(timeline)[3], '[lost]');
  assert.equal(timeline.missing(20), undefined);
});

test('what was lost and what can still be loaded are two holes', () => {
  const timeline = room(1, 3);
  timeline.established(joined({ first: 8, last: 20 }));
  assert(timeline.extend(range(18, 20)));
  assert.deepEqual(words(timeline).slice(3, 6), ['[lost]', '[missed]', 'm18']);
  assert.deepEqual([timeline.missing(10).after, timeline.missing(10).before], [7, 18]);
});

test('rows far from the one that is read are let go, above and below, and come again', () => {
  const timeline = room(1, 5000);
  timeline.trim();
  assert.equal(timeline.rows.length, 1000);
  assert.deepEqual([timeline.oldest, timeline.more], [4001, true]);
  // Reading up: the newest stay, what is between them and the reader is a hole.
  for (let before = 4001; before > 2001; before -= 100) {
    timeline.insert({ before, entries: range(before - 100, before - 1), more: true });
    timeline.trim(before);
    assert(timeline.rows.length <= 1301, `${timeline.rows.length} rows`);
  }
  assert.equal(words(timeline).at(-1), 'm5000');
  assert.deepEqual(words(timeline).filter((word) => word === '[missed]'), ['[missed]']);
  const hole = timeline.missing(4500);
  assert.equal(timeline.message(hole.after).message, `m${hole.after}`);
  assert.equal(timeline.message(hole.after + 1), undefined);
  assert.equal(timeline.message(hole.before).message, `m${hole.before}`);
  // Reading down again fills the hole from its upper edge, and lets the top go.
  const next = () => timeline.rows.find((row) => row.kind === 'hole');
  for (let at = next(); at; at = next()) {
    const before = Math.min(at.after + 101, at.before);
    timeline.insert({ before, entries: range(Math.max(before - 100, 1), before - 1), more: true });
    timeline.trim(at.after);
  }
  timeline.trim(5000);
  assert(timeline.rows.length <= 1301);
  const seqs = timeline.rows.map((row) => row.seq);
  assert.deepEqual(seqs, Array.from(seqs, (_, at) => seqs[0] + at), 'no row twice, none left out');
});

test('old histories do not pile up', () => {
  const timeline = room(1, 900);
  for (let round = 2; round < 6; round += 1) {
    timeline.established(joined({ epoch: `e${round}`, last: 900 }));
    assert(timeline.extend(range(1, 900)));
    timeline.trim();
  }
  assert(timeline.rows.length <= 500 + 1 + 1300, `${timeline.rows.length} rows`);
});
