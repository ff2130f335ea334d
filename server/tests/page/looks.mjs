// The looks on phones and desks, and the use by keyboard and by screen reader.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { assert, enter, online, say, sees, until, watch } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true };
const TALL = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const DESK = { viewport: { width: 1280, height: 800 } };

export default {
  async 'above an on-screen keyboard the composer and the newest message stay in sight'({ chromium, server, pictures }) {
    for (let n = 0; n < 12; n += 1) await server.say('keyboard', 'zoe', `line ${n}`);
    const page = await enter(await chromium.newContext(PHONE), server, 'keyboard', 'maya');
    await sees(page, 'line 11');
    await page.tap('#text');
    await page.setViewportSize({ width: 320, height: 290 });
    const inSight = (selector) => page.locator(selector).last().evaluate((element) => {
      const box = element.getBoundingClientRect();
      const top = document.getElementById('log').getBoundingClientRect().top;
      return box.top >= top && box.bottom <= innerHeight;
    });
    await until('both are in sight', async () => await inSight('#text') && await inSight('.row'));
    await page.screenshot({ path: join(pictures, 'keyboard-phone.png') });
    return [page];
  },

  async 'on phones and on a desk, dark and light: nothing sticks out, and axe finds nothing'({ chromium, server, pictures }) {
    const pages = [];
    const each = async (look) => {
      for (const colorScheme of ['dark', 'light']) {
        for (const [device, shape] of Object.entries({ phone: PHONE, tall: TALL, desk: DESK })) {
          const context = await chromium.newContext({ ...shape, colorScheme, bypassCSP: true });
          const page = await context.newPage();
          watch(page);
          const scene = `${device}-${colorScheme}`;
          await look(page, `maya-${scene}`, (name) => looked(page, join(pictures, `${name}-${scene}.png`)), shape);
          pages.push(page);
        }
      }
    };
    const into = async (page, room, name) => {
      await page.goto(`${server.url}/chat/${encodeURIComponent(room)}/`);
      await page.fill('#name-field', name);
      await page.press('#name-field', 'Enter');
    };

    await each(async (page, name, picture) => {
      await page.goto(server.url);
      await until('it is said that there are none', async () => (await page.locator('#rooms').innerText()).includes('No rooms yet'));
      await picture('landing-no-rooms');
      await page.goto(`${server.url}/chat/tea/`);
      await picture('name');
    });

    await busy(server);
    await each(async (page, name, picture) => {
      await page.goto(server.url);
      await until('rooms are listed', async () => await page.locator('#rooms a').count() > 5);
      await picture('landing-many-rooms');
      await into(page, `empty ${name}`, name);
      await online(page);
      await until('it is empty', () => page.locator('#empty').isVisible());
      await picture('empty');
    });

    await each(async (page, name, picture, { hasTouch }) => {
      await into(page, 'look', name);
      await online(page);
      await say(page, 'Five it is 🎉');
      await sees(page, 'Five it is 🎉');
      await page.locator('.row').last().focus();
      await picture('busy');
      await page.locator('#log').evaluate((log) => { log.scrollTop = 0; });
      await picture('busy-top');
      await page.click('#find');
      await page.fill('#search-text', 'tea');
      await until('it is found', async () => await page.locator('#results button').count() > 0);
      await picture('search');
      await page.keyboard.press('Escape');
      if (hasTouch) {
        await page.click('#people');
        await picture('people');
        await page.keyboard.press('Escape');
      }
      await page.click('#invite');
      await picture('invite');
      await page.keyboard.press('Escape');
      await server.kill();
      await say(page, 'Can you still hear me?');
      await until('it waits', async () => await page.locator('.row.pending').count() === 1 && await page.locator('#strip').getByText('Try now').isVisible());
      await picture('offline');
      assert(await page.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 48), 'what waits is in sight');
      await server.start();
      await page.locator('#strip').getByText('Try now').click({ timeout: 1000 }).catch(() => {});
      await online(page);
    });

    const other = await enter(await chromium.newContext(), server, 'taken', 'Amélie Poulain of Paris');
    await each(async (page, name, picture) => {
      await into(page, 'taken', 'Amélie Poulain of Paris');
      await until('it is said', async () => (await page.locator('#name-wrong').innerText()).includes('in use'));
      await picture('name-taken');
    });
    return [other, ...pages];
  },

  async 'a screen reader is told what others say, once, and who is a machine'({ chromium, server }) {
    await server.say('aloud', 'zoe', 'said before');
    const page = await enter(await chromium.newContext(), server, 'aloud', 'maya');
    const other = await enter(await chromium.newContext(), server, 'aloud', 'zoe2');
    await say(page, 'mine');
    await say(other, 'hers');
    await sees(page, 'hers');
    await server.say('aloud', 'ci', 'deploy done');
    await sees(page, 'deploy done');
    const told = page.getByRole('log', { name: 'New messages' });
    assert.deepEqual(await told.locator('p').allTextContents(), ['zoe2: hers', 'ci (automated): deploy done']);
    assert.match(await page.getByRole('article', { name: /^ci, / }).innerText(), /\bci\s+automated/);
    return [page, other];
  },

  async 'it can be installed'({ chromium, server }) {
    const context = await chromium.newContext();
    const page = await context.newPage();
    watch(page);
    await page.goto(server.url);
    const devtools = await context.newCDPSession(page);
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    // A test's browser profile is incognito.
    assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId), ['in-incognito']);
    return [page];
  },

  async 'everything is reached by keyboard alone'({ chromium, server }) {
    const page = await (await chromium.newContext()).newPage();
    watch(page);
    await page.goto(server.url);
    await page.keyboard.type('maya');
    await page.focus('#room');
    await page.keyboard.type('keys');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/chat/keys/');
    await online(page);
    await until('the composer has the focus', async () => await page.evaluate(() => document.activeElement.id) === 'text');
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    await sees(page, 'hello');
    await page.focus('#log');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'React');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await until('it is there', async () => await page.locator('.reaction').count() === 1);
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
    return [page];
  },
};

/// A room that strains a layout: long names, other scripts, emoji, code, a quote; and many rooms beside it.
async function busy(server) {
  for (let n = 1; n <= 9; n += 1) await server.say(`room ${n}`, 'ci', 'here');
  await server.say('Donaudampfschifffahrtsgesellschaftskapitänskajütentürschloss', 'ci', 'A long name');
  await server.say('look', 'ci', 'deploy done');
  await server.say('look', 'ci', 'https://ci.example/builds/20261120-1/artifacts/snug-server-x86_64-unknown-linux-gnu.tar.gz is ready');
  await server.say('look', 'zoe', 'Tea at **five**? See https://example.com/tea\n> as ever, in the *small* room\n```\nlet tea = "a rather long line of code that has to scroll sideways on a phone";\n```');
  await server.say('look', 'Maximiliane zu Hohenstein-Ruppin', '`cargo test` is green. ~~Friday~~ Monday then.');
  await server.say('look', '山田太郎', 'お茶は五時ですか？それとも六時ですか？長い行も折り返されるはずです。');
  await server.say('look', 'שירה', 'שלום לכולם, תה בחמש? tea');
  await server.say('look', 'zoe', '🎉🎉');
  await server.say('look', 'Amélie', `Hi @maya-desk-dark ${'word '.repeat(25)}${'x'.repeat(90)}`);
}

/// Takes a picture, and checks that nothing is wider than the screen and that axe finds nothing.
async function looked(page, path) {
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  await page.waitForTimeout(150);
  await page.screenshot({ path });
  assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than the screen`);
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`), [], path);
}
