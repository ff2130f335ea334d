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
