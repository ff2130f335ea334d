// The page and the app read messages alike: one table of texts and what is made of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from '../../../assets/page/markup.js';

const table = JSON.parse(readFileSync(new URL('../../../assets/markup.json', import.meta.url), 'utf8'));

/// A block as the table writes it: what says nothing is left out, and a run without anything to it is its text.
function written({ kind, quote, indent, number, language, runs, text }) {
  const short = (run) => (Object.keys(run).length === 1 ? run.text : run);
  const what = kind === 'code' ? { code: text } : { [kind === 'item' ? 'item' : 'p']: runs.map(short) };
  return { ...what, ...(language && { language }), ...(number !== null && number !== undefined && { number }), ...(indent && { indent }), ...(quote && { quote }) };
}

assert(table.length > 80);
for (const { name, text, blocks } of table) test(`markup: ${name}`, () => assert.deepEqual(parse(text).map(written), blocks));

test('markup: a text that would need too many runs is shown as typed', () => {
  const text = '**a** '.repeat(1500);
  assert.deepEqual(parse(text), [{ kind: 'paragraph', quote: 0, runs: [{ text }] }]);
});

test('markup: links with a text of their own stand beside each other', () => {
  const links = parse('[a](https://a.example/x_(y)),[b](https://b.example/)').flatMap(({ runs }) => runs.map(({ text, link }) => link ?? text));
  assert.deepEqual(links, ['https://a.example/x_(y)', ',', 'https://b.example/']);
});

test('markup: no text is lost, whatever it is made of', () => {
  const parts = ['*', '**', '_', '~~', '`', '```', '\n', ' ', 'a', '1. ', '- ', '> ', '(', ')', '[', ']', '](', '[x](https://e.org/)', 'https://e.org/a', '@maya', '\\', '!', '字'];
  let seed = 1;
  const next = (count) => {
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return ((seed ^ (seed >>> 13)) >>> 0) % count;
  };
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: 1 + next(14) }, () => parts[next(parts.length)]).join('');
    const shown = parse(text).flatMap(({ runs, text: code, language }) => [code, language, ...(runs ?? []).flatMap((run) => [run.text, run.link])]).join('');
    for (const sign of ['a', 'x', '字', 'maya']) {
      const count = (of) => of.split(sign).length;
      assert(count(shown) >= count(text), `${JSON.stringify(text)} lost ${sign}: ${JSON.stringify(parse(text))}`);
    }
  }
});
