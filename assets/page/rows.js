// One row of the timeline as elements. All text from members goes in as text nodes.

import { clusters, h, icon, iso, moment, tile, time } from './common.js';
import { link } from './links.js';

/// Letters and digits of scripts that put spaces between words: a mark among them is no mark, as in 2*3*4 and snake_case.
const WORD = /[\p{N}_\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arab}\p{sc=Hebr}\p{sc=Armenian}\p{sc=Georgian}\p{sc=Deva}]/u;
const MARKS = [['**', 'strong'], ['~~', 's'], ['*', 'em'], ['_', 'em']];
const DEPTH = 4;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/// Matches mentions of a nickname: “@name” anywhere, “name:” or “name,” at the beginning.
export function mentions(nickname) {
  const name = escaped(nickname);
  return new RegExp(`(?<![\\p{L}\\p{N}_])@${name}(?![\\p{L}\\p{N}_])|^${name}(?=[:,])`, 'giu');
}

/// A text in a small part of Markdown: fences, quotes, bold, italic, strike, code and links.
export function words(text, mention) {
  const parts = document.createDocumentFragment();
  const fence = /^```[^\n`]*\n([\s\S]*?)\n?^```[ \t]*$\n?/gm;
  let from = 0;
  for (const match of text.matchAll(fence)) {
    paragraphs(text.slice(from, match.index), parts, mention);
    parts.append(h('pre', { tabindex: '0', 'aria-label': 'Code' }, h('code', {}, match[1])));
    from = match.index + match[0].length;
  }
  paragraphs(text.slice(from), parts, mention);
  return parts;
}

function paragraphs(text, into, mention) {
  let quoted = null;
  let lines = [];
  const flush = () => {
    if (!lines.length) return;
    const block = h(quoted ? 'blockquote' : 'p', { dir: 'auto' });
    inline(lines.join('\n'), block, mention, 0);
    into.append(block);
    lines = [];
  };
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const quote = /^>\s?/.exec(line);
    if (Boolean(quote) !== quoted) flush();
    quoted = Boolean(quote);
    lines.push(quote ? line.slice(quote[0].length) : line);
  }
  if (lines.some((line) => line)) flush();
}

function inline(text, into, mention, depth) {
  // Marks without a partner further on, so that a text of nothing but marks is read once.
  const alone = new Set();
  let plain = '';
  const flush = () => {
    if (plain) named(plain, into, mention);
    plain = '';
  };
  let at = 0;
  while (at < text.length) {
    const found = code(text, at, alone) ?? link(text, at) ?? (depth < DEPTH ? marked(text, at, alone) : null);
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    flush();
    if (found.inner === undefined) into.append(found.element);
    else {
      inline(found.inner, found.element, mention, depth + 1);
      into.append(found.element);
    }
    at = found.end;
  }
  flush();
}

function code(text, at, alone) {
  if (text[at] !== '`' || text[at - 1] === '`') return null;
  const ticks = /^`+/.exec(text.slice(at, at + 8))[0];
  if (alone.has(ticks)) return null;
  const end = text.indexOf(ticks, at + ticks.length);
  if (end < 0) alone.add(ticks);
  if (end <= at + ticks.length) return null;
  return { element: h('code', {}, text.slice(at + ticks.length, end)), end: end + ticks.length };
}

function marked(text, at, alone) {
  const [mark, tag] = MARKS.find(([known]) => text.startsWith(known, at)) ?? [];
  if (!mark || alone.has(mark)) return null;
  const start = at + mark.length;
  if (start >= text.length || /\s/.test(text[start])) return null;
  if (at && WORD.test(text[at - 1])) return null;
  for (let end = text.indexOf(mark, start + 1), tries = 0; tries < 16; end = text.indexOf(mark, end + 1), tries += 1) {
    if (end < 0) {
      alone.add(mark);
      return null;
    }
    const after = text[end + mark.length] ?? ' ';
    if (/\s/.test(text[end - 1])) continue;
    if (WORD.test(after)) continue;
    if (mark === '*' && (after === '*' || text[end - 1] === '*')) continue;
    return { element: h(tag), inner: text.slice(start, end), end: end + mark.length };
  }
  return null;
}

function named(text, into, mention) {
  let from = 0;
  for (const match of mention ? text.matchAll(mention) : []) {
    into.append(text.slice(from, match.index), h('mark', {}, match[0]));
    from = match.index + match[0].length;
  }
  into.append(text.slice(from));
}

function isJumbo(text) {
  if (text.length > 48) return false;
  const shown = clusters(text).filter((cluster) => cluster.trim());
  return shown.length > 0 && shown.length <= 3 && shown.every((cluster) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(cluster));
}

/// A message: `row` from the timeline, or made of a send that is still waiting (`pending`).
export function messageRow(row, { continued, own, mention, mentioned, quoted, act, me, names }) {
  const stamp = h('time', { datetime: iso(row.at), title: moment(row.at) }, time(row.at));
  const name = h('bdi', { class: 'name' }, row.user);
  name.style.setProperty('--hue', row.hue);
  const text = row.deleted
    ? h('p', { class: 'muted' }, 'This message was deleted.')
    : h('div', { class: `text${isJumbo(row.message) ? ' jumbo' : ''}` }, words(row.message, mention));
  if (row.edited && !row.deleted) (text.lastElementChild?.matches('p') ? text.lastElementChild : text).append(h('span', { class: 'edited' }, ' (edited)'));
  const body = h('div', { class: 'body' },
    h('div', { class: continued ? 'unseen' : 'head' }, name, ' ', row.automated && h('span', { class: 'tag' }, 'automated'), ' ', stamp),
    row.replyTo !== undefined && quote(row, quoted, act),
    text,
    row.reactions?.length > 0 && reactions(row, act, me, names),
    row.pending && delivery(row, act));
  const kind = ['row', continued && 'continued', mentioned && 'mentioned', row.pending && 'pending', row.past && 'past'];
  return h('div', {
    class: kind.filter(Boolean).join(' '), role: 'article', tabindex: '-1', 'aria-label': `${row.user}, ${time(row.at)}`,
    'data-seq': row.past ? undefined : row.seq, 'data-id': row.id, 'data-own': own,
  }, continued ? h('span', { class: 'when', 'aria-hidden': 'true' }, time(row.at)) : tile(row.user), body);
}

function quote(row, quoted, act) {
  const inside = !quoted ? 'An earlier message'
    : quoted.deleted ? 'A deleted message' : quoted.message.replace(/\s+/g, ' ').slice(0, 120);
  return h('button', { type: 'button', class: 'quote', onclick: () => act.jump(row.replyTo), 'aria-label': `Reply to ${quoted?.user ?? ''}: ${inside}` },
    icon('reply'), quoted && h('bdi', {}, quoted.user), h('span', {}, inside));
}

/// Who reacted: the names that are known, oneself first, and how many others.
export function reactors({ count, by }, me, names) {
  const known = [...by].filter((who) => who !== me && names.has(who)).map((who) => names.get(who));
  if (by.has(me)) known.unshift('you');
  const shown = [...new Set(known)].slice(0, 20);
  const others = count - Math.min(count, shown.length);
  if (others > 0) shown.push(others === 1 ? '1 other' : `${others} others`);
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function reactions(row, act, me, names) {
  const buttons = row.reactions.map((reaction) => {
    const { emoji, count, by } = reaction;
    const who = reactors(reaction, me, names);
    return h('button', {
      type: 'button', class: 'reaction', 'aria-pressed': String(by.has(me)), 'aria-label': `${emoji}, ${count}: ${who}`, title: who,
      onclick: () => act.react(row, emoji, !by.has(me)),
    }, emoji, ' ', h('span', {}, String(count)));
  });
  return h('div', { class: 'reactions', role: 'group', 'aria-label': 'Reactions' }, ...buttons);
}

function delivery(row, act) {
  const button = (words, onclick) => h('button', { type: 'button', onclick }, words);
  if (!row.failed) return h('div', { class: 'delivery' }, 'Waiting', button('Delete', () => act.withdraw(row.id)));
  return h('div', { class: 'delivery failed' },
    h('b', {}, 'Failed to send'), h('span', {}, row.failed.message),
    button('Retry', () => act.retry(row.id)), button('Copy text', () => act.copy(row)), button('Delete', () => act.withdraw(row.id)));
}

const HOLES = {
  missed: 'Loading the messages in between…',
  lost: 'The server no longer keeps the messages that were here.',
  anew: 'The server has started a new history. Messages above this line are from the old one.',
};

/// A row between messages: a day, the unread line, a hole, a note, a topic.
export function aside(row) {
  if (row.kind === 'day') return h('div', { class: 'day', role: 'separator', 'aria-label': row.text }, h('span', {}, row.text));
  if (row.kind === 'new') return h('div', { class: 'day new', role: 'separator', 'aria-label': 'New messages' }, h('span', {}, 'New'));
  if (row.kind === 'hole') return h('p', { class: `aside hole ${row.reason}` }, HOLES[row.reason]);
  if (row.kind === 'damaged') return h('p', { class: 'aside', 'data-seq': row.seq }, 'Something here can’t be read: it’s damaged on the server’s disk.');
  if (row.kind === 'note') return h('p', { class: 'aside' }, row.text);
  return h('p', { class: 'aside', 'data-seq': row.seq }, h('bdi', {}, row.user),
    row.topic ? ' set the topic: ' : ' removed the topic.', row.topic && h('bdi', {}, row.topic));
}
