// One row of the timeline as elements. All text from members goes in as text nodes.

import { clusters, fold, h, icon, iso, moment, tile, time } from './common.js';
import { parse } from './markup.js';

/// A longer text may fold: the view measures whether it does.
const LONG = { units: 600, lines: 20 };
/// Names looked for in one message, at most, and how many UTF-16 units one may have.
const MENTIONS = 50;
const NAME = 96;
const LETTER = /[\p{L}\p{M}\p{N}_]/u;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/// Matches mentions of a nickname: “@name” anywhere, “name:” or “name,” at the beginning.
export function mentions(nickname) {
  const name = escaped(nickname);
  return new RegExp(`(?<![\\p{L}\\p{N}_])@${name}(?![\\p{L}\\p{N}_])|^${name}(?=[:,])`, 'giu');
}

/// What a message says, read once for each text it has.
export function blocks(row) {
  if (row.read !== row.message) Object.assign(row, { read: row.message, blocks: parse(row.message) });
  return row.blocks;
}

/// The words of a message, without its code and its links: where people are spoken to.
export const spoken = (row) => blocks(row).map(({ runs = [] }) => runs.map((run) => (run.code || run.link ? ' ' : run.text)).join('')).join('\n');

const STYLES = [['bold', 'strong'], ['italic', 'em'], ['strike', 's']];
const styled = (run, element) => STYLES.reduce((inner, [style, tag]) => (run[style] ? h(tag, {}, inner) : inner), element);

/// The blocks of a message as elements. `isHere` says of a folded name whether it is one of the people here.
function drawn(all, { mention, isHere, act }) {
  const parts = document.createDocumentFragment();
  // What holds the next block: the quotes and lists it is inside of.
  let quotes = [];
  let lists = [];
  for (const block of all) {
    if (quotes.length !== block.quote) lists = [];
    quotes = quotes.slice(0, block.quote);
    while (quotes.length < block.quote) {
      const quote = h('blockquote');
      (quotes.at(-1) ?? parts).append(quote);
      quotes.push(quote);
    }
    const into = quotes.at(-1) ?? parts;
    if (block.kind === 'item') lists = item(block, lists, into, text(block.runs, h('li', { dir: 'auto' }), { mention, isHere }));
    else {
      lists = [];
      into.append(block.kind === 'code' ? card(block, act) : text(block.runs, h('p', { dir: 'auto' }), { mention, isHere }));
    }
  }
  return parts;
}

/// Puts an item into its list, which is inside of the last item of a list that is less deep. Numbers stand as they were typed.
function item({ indent, number }, lists, into, element) {
  const tag = number === null ? 'UL' : 'OL';
  const depth = Math.min(indent, lists.length);
  const holder = depth ? lists[depth - 1].lastElementChild : into;
  const list = lists[depth]?.tagName === tag ? lists[depth] : h(tag);
  if (list !== lists[depth]) holder.append(list);
  if (number !== null) {
    element.setAttribute('value', number);
    element.style.setProperty('--digits', String(number).length);
  }
  list.append(element);
  return [...lists.slice(0, depth), list];
}

/// Code between fences: its language, a button that copies it, and itself.
function card({ language, text: code }, act) {
  return h('div', { class: 'code-card' },
    h('div', { class: 'code-head' }, h('span', {}, language || 'Code'), h('button', { type: 'button', onclick: ({ target }) => act.copyCode(code, target) }, 'Copy')),
    h('pre', { tabindex: '0', 'aria-label': 'Code' }, h('code', {}, code)));
}

/// Puts runs into an element.
function text(runs, into, who) {
  let words = '';
  runs.forEach((run, at) => {
    const next = runs[at + 1];
    if (run.code) into.append(styled(run, h('code', {}, run.text)));
    else if (run.link) link(run, next, into);
    else {
      // A name may have spaces in it: words that are drawn alike are looked at together.
      words += run.text;
      if (next && !next.code && !next.link && STYLES.every(([style]) => next[style] === run[style])) return;
      const parts = document.createDocumentFragment();
      named(words, parts, who);
      into.append(styled(run, parts));
      words = '';
    }
  });
  return into;
}

function link(run, next, into) {
  const last = into.lastElementChild;
  const goesOn = last?.href === run.link && last.open;
  const element = goesOn ? last : h('a', { href: run.link, target: '_blank', rel: 'noopener noreferrer nofollow' });
  element.append(styled(run, document.createTextNode(run.text)));
  if (!goesOn) into.append(element);
  element.open = next?.link === run.link && next.leads === run.leads;
  if (run.leads && !element.open) into.append(h('span', { class: 'leads' }, ` (leads to ${run.leads})`));
}

/// Words, with the names of people here marked.
function named(words, into, { mention, isHere }) {
  let from = 0;
  const mark = (start, end, element) => {
    into.append(words.slice(from, start), element);
    from = end;
  };
  const mine = new Map(Array.from(mention ? words.matchAll(mention) : [], (match) => [match.index, match[0].length]));
  let left = MENTIONS;
  for (let at = 0; at < words.length && left > 0; at += 1) {
    const own = mine.get(at);
    if (own) {
      mark(at, at + own, h('mark', {}, words.slice(at, at + own)));
      at += own - 1;
    } else if (words[at] === '@' && !LETTER.test(words[at - 1] ?? ' ')) {
      left -= 1;
      const end = nameEnd(words, at + 1, isHere);
      if (!end) continue;
      mark(at, end, h('span', { class: 'mention' }, words.slice(at, end)));
      at = end - 1;
    }
  }
  into.append(words.slice(from));
}

/// Where the longest name of somebody here ends that begins at a place. 0 if none does.
function nameEnd(words, start, isHere) {
  for (let end = Math.min(words.length, start + NAME); end > start; end -= 1) {
    if (!LETTER.test(words[end] ?? ' ') && LETTER.test(words[end - 1]) && isHere(fold(words.slice(start, end)))) return end;
  }
  return 0;
}

function isJumbo(text) {
  if (text.length > 48) return false;
  const shown = clusters(text).filter((cluster) => cluster.trim());
  return shown.length > 0 && shown.length <= 3 && shown.every((cluster) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(cluster));
}

/// A message: `row` from the timeline, or made of a send that is still waiting (`pending`).
export function messageRow(row, { continued, own, mention, mentioned, quoted, act, me, names, isHere }) {
  const stamp = h('time', { datetime: iso(row.at), title: moment(row.at) }, time(row.at));
  const name = h('bdi', { class: 'name' }, row.user);
  name.style.setProperty('--hue', row.hue);
  const text = row.deleted ? h('p', { class: 'muted' }, 'This message was deleted.') : said(row, { mention, isHere, act });
  const body = h('div', { class: 'body' },
    h('div', { class: continued ? 'unseen' : 'head' }, name, ' ', row.automated && h('span', { class: 'tag' }, 'automated'), ' ', stamp),
    row.replyTo !== undefined && quote(row, quoted, act),
    text,
    isLong(row) && h('div', { class: 'after' }, unfold(row, act), row.edited && edited(row, act)),
    row.reactions?.length > 0 && reactions(row, act, me, names),
    row.pending && delivery(row, act));
  const kind = ['row', continued && 'continued', mentioned && 'mentioned', row.pending && 'pending', row.past && 'past'];
  return h('div', {
    class: kind.filter(Boolean).join(' '), role: 'article', tabindex: '-1', 'aria-label': `${row.user}, ${time(row.at)}`,
    'data-seq': row.past ? undefined : row.seq, 'data-id': row.id, 'data-own': own,
  }, continued ? h('span', { class: 'when', 'aria-hidden': 'true' }, time(row.at)) : tile(row.user), body);
}

const isLong = (row) => !row.deleted && (row.message.length > LONG.units || row.message.split('\n').length > LONG.lines);

function said(row, how) {
  const kind = ['text', isJumbo(row.message) && 'jumbo', isLong(row) && !row.unfolded && 'long'];
  const text = h('div', { class: kind.filter(Boolean).join(' ') }, drawn(blocks(row), how));
  // Below a text that may be folded it stands apart.
  if (row.edited && !isLong(row)) (text.lastElementChild?.matches('p') ? text.lastElementChild : text).append(' ', edited(row, how.act));
  return text;
}

/// When it was edited is asked for when somebody wants to know.
function edited(row, act) {
  const ask = ({ currentTarget }) => act.whoEdited(row, currentTarget);
  const known = row.editedBy && editor(row.editedBy);
  return h('button', { type: 'button', class: 'edited', title: known, onpointerenter: ask, onfocus: ask, onclick: () => act.tellEditor(row) }, '(edited)');
}

/// Who edited a message, and when.
export const editor = ({ user, at }) => `Edited by ${user}, ${moment(at)}`;

function unfold(row, act) {
  return h('button', { type: 'button', class: 'unfold', hidden: !row.unfolded, onclick: () => act.unfold(row) }, row.unfolded ? 'Show less' : 'Show more');
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
