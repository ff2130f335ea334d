// What a message says: paragraphs, list items and code, made of runs that are drawn alike. It knows nothing of elements.
//
// It is the part of Markdown that chats share. `assets/markup.json` has what it makes of which text; the app reads messages by the
// same table. Everything else stays as it was typed: headings, tables, HTML, images, backslashes, `__init__`, `2*3*4`.

import { inline } from './inline.js';

/// Blocks and runs of one message, at most. A text that would need more is shown as typed.
const NODES = 2_000;
/// How deep quotes and lists go.
const DEPTH = 4;
/// Columns that a tab stands for at the beginning of a line.
const TAB = 4;
/// Columns before a fence, at most; as many are taken off its lines.
const FENCE_INDENT = 8;
const FENCE = /^[ \t]*(`{3,8})(?!`)[ \t]*([\p{Alphabetic}\p{N}+#._-]{0,32})[ \t]*$/u;
/// A line of nothing but dashes or stars is one that was drawn.
const ITEM = /^([ \t]*)(?:[-*](?![-*_ \t]*$)|(\d{1,9})\.)[ \t]+(?=[^ \t])/;
const QUOTED = /^>+(?:[ \t]|$)/;
/// More marks and joiners on one character than anything written has.
const HEAP = /([\p{M}\p{Cf}]{10})[\p{M}\p{Cf}]+/gu;

/// The blocks of a text, each `{kind, quote}`: a `paragraph` or an `item` (`indent`, `number` or null) with `runs`, or `code` with
/// `language` and `text`. A run has its `text`, and what is true of it of `bold`, `italic`, `strike`, `code`, `mention`, `link`,
/// `leads`.
export function parse(text) {
  const tidy = text.replace(/\r\n?/g, '\n').replace(HEAP, '$1');
  const built = { blocks: [], nodes: 0 };
  read(tidy.split('\n'), 0, built);
  return built.nodes > NODES ? [{ kind: 'paragraph', quote: 0, runs: [{ text: tidy }] }] : built.blocks;
}

function add(built, block) {
  built.nodes += 1 + (block.runs?.length ?? 0);
  built.blocks.push(block);
}

/// The blanks at the beginning of a line, and the columns they take.
function indent(line) {
  const blank = /^[ \t]*/.exec(line)[0];
  return [blank.length, blank.length + (TAB - 1) * (blank.split('\t').length - 1)];
}

/// A paragraph or an item whose lines are being gathered.
class Open {
  lines = [];
  item = null;

  constructor(quote, built) { Object.assign(this, { quote, built }); }

  close() {
    const runs = this.lines.length ? inline(this.lines) : [];
    if (runs.length) add(this.built, { kind: this.item ? 'item' : 'paragraph', quote: this.quote, ...this.item, runs });
    this.lines = [];
    this.item = null;
  }
}

function read(lines, quote, built) {
  const open = new Open(quote, built);
  let columns = [];
  // Fences with as many backticks, or more, have no end: none is looked for again.
  let endless = Infinity;
  for (let at = 0; at < lines.length && built.nodes <= NODES;) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    const [, before] = indent(line);
    const end = fence && before <= FENCE_INDENT && fence[1].length < endless ? fenceEnd(lines, at, fence[1].length) : null;
    if (end?.at === null) endless = fence[1].length;
    if (!line.trim()) {
      open.close();
      at += 1;
    } else if (end?.says) {
      open.close();
      columns = [];
      const code = [...lines.slice(at + 1, end.at), ...(end.code.trim() ? [end.code] : [])];
      add(built, { kind: 'code', quote, language: fence[2], text: code.map((each) => cut(each, before)).join('\n') });
      at = end.at + 1;
    } else if (quote < DEPTH && QUOTED.test(line)) {
      if (open.item) open.close();
      columns = [];
      const from = at;
      while (at < lines.length && QUOTED.test(lines[at])) at += 1;
      const quoted = lines.slice(from, at);
      if (quoted.some((each) => /[^> \t]/.test(each))) {
        open.close();
        read(quoted.map((each) => each.replace(/^>[ \t]?/, '')), quote + 1, built);
      } else open.lines.push(...quoted);
    } else {
      columns = next(line, open, columns, before);
      at += 1;
    }
  }
  open.close();
}

/// A line of a paragraph or an item. Returns the columns of the lists that an item on the next line may be inside of.
function next(line, open, columns, before) {
  const item = ITEM.exec(line);
  if (item) {
    open.close();
    const nested = nest(columns, before);
    open.item = { indent: Math.min(nested.length - 1, DEPTH), number: item[2] ? Number(item[2]) : null };
    open.lines.push(line.slice(item[0].length));
    return nested;
  }
  if (open.item && before < 2) open.close();
  open.lines.push(open.item ? line.slice(indent(line)[0]) : line);
  return open.item ? columns : [];
}

function nest(columns, column) {
  const outer = columns.filter((each) => each <= column);
  return outer.length && outer.at(-1) + 2 > column ? outer : [...outer, column];
}

/// The line that ends with as many backticks or more, whether there is something before them, and what of it is code.
function fenceEnd(lines, from, ticks) {
  let says = false;
  for (let at = from + 1; at < lines.length; at += 1) {
    const words = lines[at].trimEnd();
    const code = words.replace(/`+$/, '');
    says ||= Boolean(code.trim());
    if (words.length - code.length >= ticks) return { at, says, code };
  }
  return { at: null };
}

/// A line of code without the blanks that belong to the fence.
function cut(line, columns) {
  let at = 0;
  for (let left = columns; at < line.length; at += 1) {
    left -= line[at] === '\t' ? TAB : line[at] === ' ' ? 1 : Infinity;
    if (left < 0) break;
  }
  return line.slice(at);
}
