// The actions of a message: where they are, and what they leave in sight.

import { join } from 'node:path';
import { assert, enter, sees, until } from './harness.mjs';

const LONG = 'The evening after the rain smelt of wet bark and of tea, and nobody wanted to be the first one to go back inside. '.repeat(4);
const WIDTHS = [280, 360, 480, 640, 860, 1024, 1280, 1920];

/// The words in the list that the bar of the row at `at` lies on. Null if it has no bar.
const covered = (page, at) => page.evaluate((index) => {
  const list = document.querySelector('#log .list');
  const bar = list.querySelectorAll('.row')[index].querySelector('.tools');
  if (!bar?.checkVisibility()) return null;
  const box = bar.getBoundingClientRect();
  const walker = document.createTreeWalker(list, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { parentElement } = walker.currentNode;
    if (parentElement.closest('.tools, .unseen') || !parentElement.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    // What is cut is not seen beyond its box.
    const cut = parentElement.matches('.name, .quote *') ? parentElement.getBoundingClientRect().right : Infinity;
    for (const line of range.getClientRects()) {
      const over = line.left < box.right - 1 && box.left < Math.min(line.right, cut) - 1 && line.top < box.bottom - 1 && box.top < line.bottom - 1;
      if (over) found.push(`${walker.currentNode.data.slice(0, 30)} ${JSON.stringify([line, box])}`);
    }
  }
  const log = document.getElementById('log').getBoundingClientRect();
  if (box.left < log.left || box.right > log.right || box.top < log.top) found.push(`out of sight: ${JSON.stringify([box, log])}`);
  return found;
}, at);

async function speak(server, room) {
  const said = ['short', LONG, LONG, 'short', LONG, 'two\nlines', `> ${LONG}\nwhat a line`, '🎉🎉', 'x'.repeat(300), LONG.slice(0, 60)];
  for (const [at, text] of said.entries()) await server.say(room, at % 3 ? 'zoe' : 'Maximiliane zu Hohenstein-Ruppin', text);
  await server.say(room, 'zoe', 'שלום לכולם, תה בחמש? '.repeat(12));
  await server.say(room, 'zoe', 'the last');
}

export default {
  async 'the actions of a message cover no words at any width, and where they don’t fit one button asks for them'({ chromium, server, pictures }) {
    await speak(server, 'cover');
    const page = await enter(await chromium.newContext(), server, 'cover', 'maya');
    await sees(page, 'the last');
    const forms = new Set();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const rows = page.locator('.row');
      for (let at = 0; at < await rows.count(); at += 1) {
        const row = rows.nth(at);
        await row.scrollIntoViewIfNeeded();
        await row.hover({ position: { x: 30, y: 10 } });
        await until('the bar is there', async () => await covered(page, at) !== null);
        assert.deepEqual(await covered(page, at), [], `row ${at} at ${width} px`);
        forms.add(await row.getByLabel('Reply').isVisible());
      }
      await page.screenshot({ path: join(pictures, `actions-${width}.png`) });
    }
    assert.deepEqual([...forms].sort(), [false, true], 'both forms were seen');
    // In the middle of a message that is longer than the screen, too.
    await page.setViewportSize({ width: 300, height: 400 });
    await page.locator('.row').nth(1).hover({ position: { x: 30, y: 10 } });
    await page.mouse.wheel(0, 200);
    await until('it has scrolled', async () => (await covered(page, 1))?.length === 0);
    // What the button asks for comes, and goes with the pointer.
    await page.setViewportSize({ width: 480, height: 900 });
    const row = page.locator('.row').nth(2);
    await row.hover({ position: { x: 30, y: 10 } });
    await row.getByLabel('More actions').click();
    await row.getByLabel('React', { exact: true }).click();
    await row.getByLabel('React with 🎉').click();
    await until('it is there', async () => /🎉\s*1/.test(await row.locator('.reaction').innerText()));
    return [page];
  },

  async 'by keyboard the one button opens the others and gives them the focus'({ chromium, server }) {
    await speak(server, 'narrow');
    const page = await enter(await chromium.newContext({ viewport: { width: 480, height: 700 } }), server, 'narrow', 'maya');
    await sees(page, 'the last');
    // Rows that scroll by under the pointer don't take the actions away.
    await page.mouse.move(200, 300);
    await page.locator('.row').nth(4).focus();
    await page.waitForTimeout(300);
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'More actions');
    await page.keyboard.press('Enter');
    assert.equal(await focused(), 'React');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Reply');
    return [page];
  },

  async 'under a finger the actions stand below the message they are of, and cover nothing'({ chromium, server, pictures }) {
    await speak(server, 'touch');
    for (const width of [320, 360, 768]) {
      const context = await chromium.newContext({ viewport: { width, height: 740 }, isMobile: true, hasTouch: true });
      const page = await enter(context, server, 'touch', `maya-${width}`);
      await sees(page, 'the last');
      const rows = page.locator('.row');
      for (const at of [0, 2, 4, 11]) {
        await rows.nth(at).scrollIntoViewIfNeeded();
        await rows.nth(at).locator('.text').tap({ position: { x: 10, y: 10 } });
        await until('the bar is there', async () => await covered(page, at) !== null);
        assert.deepEqual(await covered(page, at), [], `row ${at} at ${width} px`);
      }
      // The newest message stays in sight with its actions.
      const whole = await page.locator('.tools').evaluate((bar) => bar.getBoundingClientRect().bottom <= document.getElementById('log').getBoundingClientRect().bottom);
      assert(whole, 'the bar of the last row is in sight');
      await page.screenshot({ path: join(pictures, `actions-touch-${width}.png`) });
      // A second tap hides them.
      await rows.nth(11).locator('.text').tap({ position: { x: 10, y: 10 } });
      await until('they are gone', async () => await page.locator('.tools').count() === 0);
      assert.deepEqual(page.wrongs, []);
    }
    return [];
  },
};
