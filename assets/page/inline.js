// The lines of a paragraph as runs that are drawn alike. Marks are paired as CommonMark pairs them, except that one beside a letter of
// a script with spaces between words is no mark (`2*3*4`, `snake_case`), and neither is `__`, `~` or a backslash.

import { links } from './links.js';

/// Letters and digits of scripts that put spaces between words.
const SPACED = /[\p{N}_\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arab}\p{sc=Hebr}\p{sc=Armenian}\p{sc=Georgian}\p{sc=Deva}]/u;
const SIGN = /[\p{P}\p{S}]/u;
const NAME = /[\p{Alphabetic}\p{N}_\p{Mn}\p{Mc}]/u;
/// A name after “@”, with signs between its letters.
const MENTION = /@((?:[\p{Alphabetic}\p{N}_\p{Mn}\p{Mc}]|[-.](?=[-.]*[\p{Alphabetic}\p{N}_\p{Mn}\p{Mc}])){1,64})/gu;
const STYLES = { '*': ['italic', 'bold'], _: ['italic'], '~': [null, 'strike'] };

/// The characters around a place in a text, whole.
const before = (text, at) => (at ? String.fromCodePoint(text.codePointAt(at - (/[\udc00-\udfff]/.test(text[at - 1]) && at > 1 ? 2 : 1))) : '\n');
const after = (text, at) => (at < text.length ? String.fromCodePoint(text.codePointAt(at)) : '\n');

const seen = new Map();
/// What a character beside a mark says about it.
function known(sign) {
  let facts = seen.get(sign);
  if (facts) return facts;
  if (seen.size > 1000) seen.clear();
  facts = {
    blank: !sign.trim(), sign: SIGN.test(sign), spaced: SPACED.test(sign),
    mayBegin: !/[!#$%&)+,.:;<=>?@\\\]^`|}]/.test(sign), mayEnd: !/[#$%&(+<=>@[\\^`{|]/.test(sign),
  };
  seen.set(sign, facts);
  return facts;
}

export function inline(lines) {
  const { text, blanks } = joined(lines);
  const addresses = links(text);
  const shadow = masked(text, addresses);
  const pieces = cut(text, shadow, addresses);
  pair(pieces, shadow);
  return runs(pieces, blanks);
}

/// A text as wide in which only marks look like marks: no escapes, HTML, entities, images, underscores that are not alone, nor the
/// signs in addresses.
function masked(text, addresses) {
  let shadow = '';
  let from = 0;
  const hide = (words) => words.replace(/\\[!-\/:-@[-`{-~]?|!\[|[<&!]|__+/g, (found) => ','.repeat(found.length));
  for (const { start, end } of addresses) {
    shadow += hide(text.slice(from, start)) + 'x'.repeat(end - start);
    from = end;
  }
  return shadow + hide(text.slice(from));
}

/// The lines as one text without blanks at their ends, and the blanks that stood at the beginning of each.
function joined(lines) {
  const blanks = lines.map((line) => /^[ \t]*/.exec(line)[0]);
  return { text: lines.map((line, at) => line.slice(blanks[at].length).replace(/[ \t]+$/, '')).join('\n'), blanks };
}

/// Pieces of a text: words, `code`, addresses (`link`), runs of marks (`mark`), and brackets around the text of a link (`opens`,
/// `closes`).
function cut(text, shadow, found) {
  const addresses = new Map(found.map((each) => [each.start, each]));
  const brackets = labels(text, shadow, addresses);
  const ticks = tickRuns(shadow);
  const pieces = [];
  let words = 0;
  let at = 0;
  const take = (end, piece) => {
    if (at > words) pieces.push({ text: text.slice(words, at) });
    if (piece) pieces.push({ text: text.slice(at, end), at, ...piece });
    words = piece ? end : at;
    at = end;
  };
  while (at < text.length) {
    const sign = shadow[at];
    const address = addresses.get(at);
    if (address) take(address.end, { link: address });
    else if (sign === '`') {
      const { count, end } = ticks.get(at);
      const inner = end && text.slice(at + count, end);
      if (inner?.trim()) take(end + count, { code: unpadded(inner) });
      else at = (end ?? at) + count;
    } else if (sign === '*' || sign === '_' || sign === '~') {
      let end = at + 1;
      while (shadow[end] === sign) end += 1;
      const mark = isMark(sign, end - at) && flanks(shadow, at, end, sign);
      // One that neither opens nor closes is a sign among words, as in `@some_name`.
      if (mark && (mark.canOpen || mark.canClose)) take(end, mark);
      else at = end;
    } else if (brackets.has(at)) take(brackets.get(at).end, brackets.get(at));
    else at += 1;
  }
  take(at);
  return pieces;
}

const isMark = (sign, count) => sign === '*' || count === { _: 1, '~': 2 }[sign];

/// Each run of backticks, and where one as long closes it.
function tickRuns(shadow) {
  const found = [...shadow.matchAll(/`+/g)].map((match) => ({ at: match.index, count: match[0].length }));
  const following = new Map();
  for (const run of found.toReversed()) {
    run.end = following.get(run.count);
    following.set(run.count, run.at);
  }
  return new Map(found.map((run) => [run.at, run]));
}

const unpadded = (code) => (code.length > 2 && code.startsWith(' ') && code.endsWith(' ') ? code.slice(1, -1) : code);

/// The brackets of links with a text of their own: only around an address that would be a link by itself.
function labels(text, shadow, addresses) {
  const found = new Map();
  const open = [];
  for (const { 0: sign, index: at } of shadow.matchAll(/[[\]]/g)) {
    if (sign === '[') {
      open.push(at);
      continue;
    }
    const from = open.pop();
    const to = shadow[at + 1] === '(' && addresses.get(at + 2);
    const label = text.slice(from + 1, at);
    if (from === undefined || !to || text[to.end] !== ')' || !label.trim()) continue;
    const link = { ...to, leads: label === text.slice(to.start, to.end) ? to.leads : to.host };
    found.set(from, { end: from + 1, opens: link });
    found.set(at, { end: to.end + 1, closes: link });
    // No link is within another.
    open.length = 0;
  }
  return found;
}

/// Whether marks can open and close, by what is beside them.
function flanks(shadow, at, end, sign) {
  const [left, right] = [known(before(shadow, at)), known(after(shadow, end))];
  // Two tildes open before whatever is no blank.
  const opens = !right.blank && (sign === '~' || !right.sign || left.blank || left.sign);
  const closes = !left.blank && (!left.sign || right.blank || right.sign);
  const strict = sign === '_';
  return {
    mark: sign, count: end - at, size: end - at, left: 0, shut: [], open: [],
    canOpen: opens && (!strict || !closes || left.sign), canClose: closes && (!strict || !opens || right.sign),
  };
}

/// Pairs the marks. Those around and within the text of a link are apart.
function pair(pieces, shadow) {
  const isMarked = judge(shadow);
  const levels = [[]];
  for (const piece of pieces) {
    if (piece.opens) levels.push([]);
    else if (piece.closes && levels.length > 1) pairAll(levels.pop(), isMarked);
    else if (piece.mark) levels.at(-1).push(piece);
  }
  for (const marks of levels) pairAll(marks, isMarked);
}

/// Tells whether what stands between two paired marks is marked by them. Single marks are also what faces such as `;_;` are made of.
function judge(shadow) {
  // The next place from each one on where something is said by more than signs.
  const says = new Int32Array(shadow.length + 1).fill(shadow.length);
  for (let at = shadow.length - 1; at >= 0; at -= 1) says[at] = known(shadow[at]).blank || (shadow[at] < '\x7f' && known(shadow[at]).sign) ? says[at + 1] : at;
  return (start, end, used) => {
    const [left, right] = [known(before(shadow, start)), known(after(shadow, end))];
    if (left.spaced || right.spaced) return false;
    return used > 1 || (left.mayBegin && right.mayEnd && says[start] < end);
  };
}

function pairAll(marks, isMarked) {
  const open = [];
  // For each kind of closing mark, the last mark up to which it has no partner.
  const bottom = new Map();
  marks.forEach((closer, place) => {
    closer.place = place;
    const kind = `${closer.mark}${closer.canOpen}${closer.size % 3}${closer.mark === '~' && closer.count}`;
    while (closer.canClose && closer.count > 0) {
      const floor = bottom.get(kind) ?? -1;
      let found = open.length - 1;
      while (found >= 0 && open[found].place > floor && !fits(open[found], closer)) found -= 1;
      if (found < 0 || open[found].place <= floor) {
        bottom.set(kind, open.at(-1)?.place ?? -1);
        break;
      }
      const opener = open[found];
      open.length = found + 1;
      join(opener, closer, isMarked);
      if (!opener.count) open.pop();
    }
    if (closer.canOpen && closer.count > 0) open.push(closer);
  });
}

function fits(opener, closer) {
  if (opener.mark !== closer.mark) return false;
  if (closer.mark === '~') return opener.count === closer.count;
  return !((opener.canClose || closer.canOpen) && (opener.size + closer.size) % 3 === 0 && (opener.size % 3 || closer.size % 3));
}

/// Takes one or two marks off either side. Where they are none they are drawn as typed.
function join(opener, closer, isMarked) {
  const used = opener.mark === '~' || (opener.count > 1 && closer.count > 1) ? 2 : 1;
  opener.count -= used;
  closer.count -= used;
  closer.left += used;
  const start = opener.at + opener.left + opener.count;
  const end = closer.at + closer.left;
  const marked = isMarked(start, end, used);
  const style = marked ? STYLES[opener.mark][used - 1] : null;
  const typed = marked ? '' : opener.mark.repeat(used);
  opener.open.push({ style, typed });
  closer.shut.push({ style, typed });
}

/// The pieces as runs. Blanks at the beginning of a line have no style.
function runs(pieces, blanks) {
  const made = [];
  const on = { bold: 0, italic: 0, strike: 0 };
  let label = null;
  let line = 0;
  let look = {};
  const turn = (style, by) => {
    if (!style) return;
    on[style] += by;
    look = Object.fromEntries(Object.entries(on).filter(([, count]) => count).map(([each]) => [each, true]));
  };
  const push = (text, more) => {
    if (!text) return;
    const all = more || label ? { ...look, ...(label && shownLink(label)), ...more } : look;
    if (!text.includes('\n')) return put(made, text, all);
    text.split('\n').forEach((part, at) => {
      if (at) {
        line += 1;
        put(made, '\n', all);
        put(made, blanks[line], {});
      }
      put(made, part, all);
    });
  };
  put(made, blanks[0], {});
  for (const piece of pieces) {
    if (piece.mark) {
      for (const { style, typed } of piece.shut) {
        push(typed);
        turn(style, -1);
      }
      if (piece.count) push(piece.mark.repeat(piece.count));
      for (const { style, typed } of piece.open.toReversed()) {
        push(typed);
        turn(style, 1);
      }
    } else if (piece.code) push(piece.code, { code: true });
    else if (piece.opens) label = piece.opens;
    else if (piece.closes) label = null;
    else if (label) push(piece.text);
    else if (piece.link) push(piece.text, shownLink(piece.link));
    else mentions(piece.text, push);
  }
  return made.map(({ of, ...run }) => run);
}

const shownLink = (link) => ({ of: link, link: link.href, ...(link.leads && { leads: link.leads }) });

const LOOKS = ['bold', 'italic', 'strike', 'code', 'mention', 'of'];
/// Adds a text to the runs, or to the last one if it is drawn alike.
function put(made, text, look) {
  if (!text) return;
  const last = made.at(-1);
  const alike = last && LOOKS.every((each) => last[each] === look[each]);
  if (alike) last.text += text; else made.push({ text, ...look });
}

function mentions(words, push) {
  let from = 0;
  for (const { 0: name, index: at } of words.matchAll(MENTION)) {
    if (NAME.test(before(words, at)) && at > 0) continue;
    push(words.slice(from, at));
    push(name, { mention: true });
    from = at + name.length;
  }
  push(words.slice(from));
}
