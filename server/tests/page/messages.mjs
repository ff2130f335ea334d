// What messages look like: lists, code, long texts, names, edits.

import { join } from 'node:path';
import { assert, enter, say, sees, until } from './harness.mjs';

export default {
  async 'code between fences has its language and a button that copies it, and lists are lists'({ chromium, server, pictures }) {
    const context = await chromium.newContext();
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await server.say('marks', 'zoe', 'look:\n```rust\nfn main() {\n    println!("<b>");\n}\n```\n- one\n  1. deep\n- two\n\n7. seven\n> quoted\n> - in it');
    const page = await enter(context, server, 'marks', 'maya');
    await until('it is there', async () => await page.locator('.code-card').count() === 1);
    assert.equal(await page.locator('.code-head span').innerText(), 'rust');
    await page.locator('.code-head button').click();
    await until('it says so', async () => await page.locator('.code-head button').innerText() === 'Copied');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'fn main() {\n    println!("<b>");\n}');
    const lists = await page.locator('.text').evaluate((text) => [...text.querySelectorAll('li')].map((item) => [
      item.firstChild.textContent, item.parentElement.tagName, item.value, item.closest('blockquote') !== null, item.parentElement.parentElement.tagName]));
    assert.deepEqual(lists, [['one', 'UL', 0, false, 'DIV'], ['deep', 'OL', 1, false, 'LI'], ['two', 'UL', 0, false, 'DIV'],
      ['seven', 'OL', 7, false, 'DIV'], ['in it', 'UL', 0, true, 'BLOCKQUOTE']]);
    await page.screenshot({ path: join(pictures, 'markup.png') });
    return [page];
  },

  async 'a message of more than twenty lines is folded, and shown whole on demand'({ chromium, server, pictures }) {
    const lines = (count) => Array.from({ length: count }, (_, at) => `line ${at + 1}`).join('\n');
    await server.say('long', 'zoe', lines(20));
    await server.say('long', 'zoe', lines(80));
    await server.say('long', 'zoe', 'x'.repeat(3_900));
    await server.say('long', 'zoe', 'the last');
    const page = await enter(await chromium.newContext(), server, 'long', 'maya');
    await sees(page, 'the last');
    const folded = () => page.$$eval('.row', (rows) => rows.map((row) => Boolean(row.querySelector('.unfold')?.checkVisibility())));
    await until('it is folded', async () => JSON.stringify(await folded()) === '[false,true,true,false]');
    const heights = await page.$$eval('.text', (all) => all.map((text) => text.clientHeight / parseFloat(getComputedStyle(text).lineHeight)));
    assert(heights.every((height) => height <= 20.1) && heights[0] > 19.9, heights.join(' '));
    await page.screenshot({ path: join(pictures, 'folded.png') });
    const row = page.locator('.row').nth(1);
    const top = () => row.evaluate((element) => element.getBoundingClientRect().top);
    await row.scrollIntoViewIfNeeded();
    const before = await top();
    await row.getByRole('button', { name: 'Show more' }).press('Enter');
    await until('it is whole', async () => await row.locator('.text').evaluate((text) => text.clientHeight > 1500));
    assert(Math.abs(await top() - before) <= 2, 'the message stays where it is');
    await row.getByRole('button', { name: 'Show less' }).press('Enter');
    await until('it is folded again', async () => await row.locator('.text').evaluate((text) => text.clientHeight < 500));
    // A narrow window makes more lines of a text.
    await server.say('narrow', 'zoe', 'word '.repeat(200));
    const other = await enter(await chromium.newContext(), server, 'narrow', 'ben');
    await until('it is there', async () => await other.locator('.row').count() === 1);
    assert(await other.locator('.unfold').isHidden());
    await other.setViewportSize({ width: 320, height: 600 });
    await until('it is folded', () => other.locator('.unfold').isVisible());
    await other.setViewportSize({ width: 1280, height: 600 });
    await until('it is whole', () => other.locator('.unfold').isHidden());
    return [page, other];
  },

  async 'names of people here are marked where they are spoken to, one’s own most, and none in code'({ chromium, server, pictures }) {
    const zoe = await enter(await chromium.newContext(), server, 'names', 'Zoë of Paris');
    const page = await enter(await chromium.newContext(), server, 'names', 'maya');
    await until('both are here', async () => await page.locator('#count').textContent() === '2');
    await say(zoe, 'hi @maya, @ZOË OF PARIS! and @nobody at a@maya.example or `@maya` **@maya**');
    await say(zoe, 'only `@maya` in code');
    await say(zoe, 'maya: tea?');
    await sees(page, 'maya: tea?');
    assert.deepEqual(await page.$$eval('.row mark', (all) => all.map((each) => each.textContent)), ['@maya', '@maya', 'maya']);
    assert.deepEqual(await page.$$eval('.row .mention', (all) => all.map((each) => each.textContent)), ['@ZOË OF PARIS']);
    assert.deepEqual(await page.$$eval('.row', (rows) => rows.map((row) => row.classList.contains('mentioned'))), [true, false, true]);
    const bar = await page.locator('.row.mentioned').first().evaluate((row) => getComputedStyle(row).boxShadow);
    assert.match(bar, /3px 0px/);
    await page.screenshot({ path: join(pictures, 'mentions.png') });
    return [zoe, page];
  },

  async 'after “@” the people here are offered, and chosen by key or by press'({ chromium, server, pictures }) {
    const others = [];
    for (const name of ['zoe', 'Zora of Paris', 'ben']) others.push(await enter(await chromium.newContext(), server, 'complete', name));
    const page = await enter(await chromium.newContext({ viewport: { width: 700, height: 500 } }), server, 'complete', 'maya');
    await until('all are here', async () => await page.locator('#count').textContent() === '4');
    const offered = () => page.$$eval('#names:not([hidden]) bdi', (all) => all.map((each) => each.textContent));
    const type = (text) => page.locator('#text').pressSequentially(text);
    await type('hi @');
    assert.deepEqual((await offered()).sort(), ['Zora of Paris', 'ben', 'zoe']);
    await type('z');
    assert.deepEqual((await offered()).sort(), ['Zora of Paris', 'zoe']);
    await page.screenshot({ path: join(pictures, 'complete.png') });
    await type('or');
    await page.keyboard.press('Tab');
    assert.equal(await page.inputValue('#text'), 'hi @Zora of Paris ');
    assert.deepEqual(await offered(), []);
    // A word within a name is found too, Esc sends the names away and nothing else, and Enter sends what was typed then.
    await type('@par');
    assert.deepEqual(await offered(), ['Zora of Paris']);
    await page.keyboard.press('Escape');
    assert.deepEqual(await offered(), []);
    await page.keyboard.press('Enter');
    await sees(page, 'hi @Zora of Paris @par');
    await type('@');
    await page.keyboard.press('ArrowDown');
    const second = (await offered())[1];
    // The browser tells late that the caret was moved by what was typed before.
    await page.evaluate(() => document.dispatchEvent(new Event('selectionchange')));
    await page.keyboard.press('Enter');
    assert.equal(await page.inputValue('#text'), `@${second} `);
    await type('and a@z');
    assert.deepEqual(await offered(), [], 'an address is no name');
    await type(' @b');
    await page.locator('#names li').click();
    assert.equal(await page.inputValue('#text'), `@${second} and a@z @ben `);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
    return [...others, page];
  },

  async 'who edited a message and when is said, also of an edit that was made before one came'({ chromium, server }) {
    const zoe = await enter(await chromium.newContext(), server, 'edits', 'zoe');
    const live = await enter(await chromium.newContext(), server, 'edits', 'ben');
    await say(zoe, 'at five');
    await sees(zoe, 'at five');
    await zoe.press('#text', 'ArrowUp');
    await say(zoe, 'at six');
    await until('it is seen', async () => await live.locator('.edited').count() === 1);
    assert.match(await live.locator('.edited').getAttribute('title'), /^Edited by zoe, .*\d\d:\d\d$/);
    const late = await enter(await chromium.newContext(), server, 'edits', 'maya');
    await until('it is there', async () => await late.locator('.edited').count() === 1);
    await late.locator('.edited').hover();
    await until('the tooltip says so', async () => /^Edited by zoe, .*\d\d:\d\d$/.test(await late.locator('.edited').getAttribute('title')));
    // By keyboard and by touch there is no tooltip.
    await late.locator('.edited').press('Enter');
    await until('it is said', async () => /^Edited by zoe, .*\d\d:\d\d\.$/.test(await late.locator('#notice').innerText()));
    return [zoe, live, late];
  },
};
