// What one does in a room, and what must survive in between.

import { mkdirSync, rmSync } from 'node:fs';
import { assert, enter, online, say, sees, shown, until, watch } from './harness.mjs';

export default {
  async 'two tabs chat: messages, replies, edits, reactions, topic, typing, members'({ chromium, server }) {
    const [maya, zoe] = [await chromium.newContext(), await chromium.newContext()];
    const a = await enter(maya, server, 'tea', 'maya');
    await until('an empty room says what to do, once it is laid out', async () =>
      /Nobody has said anything yet\.\.\.\s+Break the silence!/.test(await a.locator('#empty').innerText()));
    const b = await enter(zoe, server, 'tea', 'zoe');
    await until('both are here', async () => await a.locator('#count').textContent() === '2');
    await say(a, 'Is **anybody** there?');
    await sees(b, 'Is anybody there?');
    assert.equal(await b.locator('.text strong').innerText(), 'anybody');
    await b.locator('#text').pressSequentially('Yes');
    await until('typing is shown', async () => await a.locator('#typing').textContent() === 'zoe is typing…');
    await b.press('#text', 'Enter');
    await sees(a, 'Yes');
    await until('typing ends with the message', async () => await a.locator('#typing').textContent() === '');

    const yes = a.locator('.row', { hasText: 'Yes' });
    await yes.hover();
    await yes.getByLabel('React', { exact: true }).click();
    await yes.getByLabel('React with 🎉').click();
    await until('the reaction is seen', async () => /🎉\s*1/.test(await b.locator('.reaction').innerText()));
    await yes.hover();
    await yes.getByLabel('Reply').click();
    await say(a, '@zoe at five?');
    await until('the reply quotes', async () => (await b.locator('.quote').innerText()).includes('zoe'));
    assert.equal(await b.locator('.row.mentioned mark').innerText(), '@zoe');

    await a.press('#text', 'ArrowUp');
    assert.equal(await a.inputValue('#text'), '@zoe at five?');
    await say(a, '@zoe at six?');
    await until('the edit is seen', async () => (await shown(b)).some((text) => text.startsWith('@zoe at six? (edited)')));
    const first = a.locator('.row').first();
    await first.hover();
    await first.getByLabel('Delete').click();
    await first.getByText('Delete', { exact: true }).click();
    await until('the deletion is seen', async () => await b.locator('.row').first().innerText().then((text) => text.includes('This message was deleted.')));
    await a.click('#topic');
    await a.fill('#topic-field', 'Tea, <i>mostly</i>');
    await a.press('#topic-field', 'Enter');
    await until('the topic is seen', async () => await b.locator('#topic').innerText() === 'Tea, <i>mostly</i>');

    await a.click('#find');
    await a.fill('#search-text', 'six');
    await until('it is found', async () => await a.locator('#results button').count() === 1);
    await a.locator('#results button').click();
    await until('it is shown', async () => await a.evaluate(() => document.activeElement.innerText.includes('at six')));
    return [a, b];
  },

  async 'the lists of rooms keep themselves up to date'({ chromium, server }) {
    const context = await chromium.newContext();
    const landing = await context.newPage();
    watch(landing);
    await landing.goto(server.url);
    await until('there are none', async () => (await landing.locator('#rooms').innerText()).includes('No rooms yet'));
    const page = await enter(await chromium.newContext(), server, 'news', 'maya');
    await until('it is on the list, with one member', async () => /^news\s+1 person(\s+just now)?$/.test(await landing.locator('#rooms').innerText()));
    await page.close();
    await server.say('later', 'zoe', 'hello');
    await until('so is the next', async () => await landing.locator('#rooms a').count() >= 1 && (await landing.locator('#rooms').innerText()).includes('later'));
    // The field finds rooms, and its button says what it does.
    await landing.fill('#room', 'LAT');
    await until('others are out of sight', async () => await landing.locator('#rooms a').count() === 1);
    assert.equal(await landing.locator('#go').textContent(), 'Open room');
    await landing.fill('#room', 'Later');
    assert.equal(await landing.locator('#go').textContent(), 'Join');
    await landing.fill('#room', 'nowhere');
    await until('it is said', async () => await landing.locator('#rooms').innerText() === 'No room here is called that.');
    return [landing];
  },

  async 'kill -9 between, during and after sends loses nothing and doubles nothing'({ chromium, server }) {
    const [maya, zoe] = [await chromium.newContext(), await chromium.newContext()];
    const a = await enter(maya, server, 'kill', 'maya');
    const b = await enter(zoe, server, 'kill', 'zoe');
    const sent = [];
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 4; n += 1) {
        await say(a, `round ${round}, message ${n}`);
        sent.push(`round ${round}, message ${n}`);
      }
      // Right behind the last key press: some are durable, some on the way, some still in the outbox.
      await server.kill();
      await until('the page says so', async () => (await a.locator('#strip').innerText()).includes('Connection lost.'));
      await say(a, `round ${round}, kept`);
      sent.push(`round ${round}, kept`);
      await server.start();
      if (round === 1) {
        // A reload with a full outbox.
        await a.reload();
      } else {
        await a.locator('#strip').getByText('Try now').click({ timeout: 1000 }).catch(() => {});
      }
      await online(a);
      await online(b);
    }
    for (const page of [a, b]) {
      await until('everything arrived', async () => (await shown(page)).at(-1) === sent.at(-1));
      assert.deepEqual(await shown(page), sent);
    }
    assert.deepEqual((await server.messages('kill')).map((entry) => entry.message), sent);
    assert.equal(await a.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('snug.out')).length), 0);
    return [a, b];
  },

  async 'a send outlives its tab'({ chromium, server }) {
    const context = await chromium.newContext();
    const first = await enter(context, server, 'later', 'maya');
    await server.kill();
    await say(first, 'one');
    await say(first, 'two');
    await first.close();
    await server.start();
    const second = await enter(context, server, 'later', 'maya');
    await sees(second, 'two');
    assert.deepEqual((await server.messages('later')).map((entry) => entry.message), ['one', 'two']);
    return [second];
  },

  async 'a reaction that is there already holds nothing up, and one press takes it back'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'twice', 'maya');
    await say(page, 'one');
    await sees(page, 'one');
    const react = async () => {
      await page.locator('.row').first().focus();
      await page.getByLabel('React', { exact: true }).click();
      await page.getByLabel('React with 👍').click();
    };
    await react();
    await until('it counts', async () => /👍\s*1/.test(await page.locator('.reaction').innerText()));
    await react();
    await say(page, 'two');
    await sees(page, 'two');
    assert.match(await page.locator('.reaction').innerText(), /👍\s*1/);
    await page.locator('.reaction').click();
    await until('it is gone', async () => await page.locator('.reaction').count() === 0);
    return [page];
  },

  async 'a draft waits until the edit of another message is done'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'draft', 'maya');
    await say(page, 'at five');
    await sees(page, 'at five');
    await page.fill('#text', 'half a thought');
    await page.locator('.row').hover();
    await page.getByLabel('Edit').click();
    await say(page, 'at six');
    await until('it is changed', async () => (await shown(page))[0].startsWith('at six'));
    assert.equal(await page.inputValue('#text'), 'half a thought');
    await page.reload();
    await online(page);
    assert.equal(await page.inputValue('#text'), 'half a thought');
    return [page];
  },

  async 'what was said while one was away stands under a line'({ chromium, server }) {
    const context = await chromium.newContext();
    const first = await enter(context, server, 'away', 'maya');
    await server.say('away', 'zoe', 'seen');
    await sees(first, 'seen');
    // Read marks go out once a second at most.
    await first.waitForTimeout(1500);
    await first.close();
    await server.say('away', 'zoe', 'missed');
    const second = await enter(context, server, 'away', 'maya');
    await sees(second, 'missed');
    const order = await second.$$eval('.row, .day.new', (rows) => rows.map((row) => row.querySelector('.text')?.innerText ?? 'line'));
    assert.deepEqual(order, ['seen', 'line', 'missed']);
    return [second];
  },

  async 'a mention in a hidden tab is told, once one has asked for it'({ chromium, server }) {
    const context = await chromium.newContext();
    await context.grantPermissions(['notifications'], { origin: server.url });
    // What the system would show is kept for the test to look at.
    await context.addInitScript(() => {
      const Real = window.Notification;
      window.told = [];
      window.Notification = class { constructor(title, { body }) { window.told.push(`${title}: ${body}`); } };
      Object.defineProperty(window.Notification, 'permission', { get: () => 'granted' });
      window.Notification.requestPermission = () => Real.requestPermission();
    });
    const page = await enter(context, server, 'bell', 'maya');
    const hide = (state) => page.evaluate((now) => {
      Object.defineProperty(document, 'visibilityState', { get: () => now, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
    await hide('hidden');
    await server.say('bell', 'zoe', '@maya before');
    await sees(page, '@maya before');
    assert.match(await page.title(), /^\(1\) bell/);
    await hide('visible');
    assert.match(await page.title(), /^bell/);
    await page.click('#bell');
    await until('it is on', async () => await page.locator('#bell').getAttribute('aria-pressed') === 'true');
    await hide('hidden');
    await server.say('bell', 'zoe', 'not for her');
    await server.say('bell', 'zoe', '@maya tea?');
    await sees(page, '@maya tea?');
    assert.deepEqual(await page.evaluate(() => window.told), ['zoe in bell: @maya tea?']);
    return [page];
  },

  async 'a taken nickname is one click from a free one, and the tab that is left behind says so'({ chromium, server }) {
    const [one, two] = [await chromium.newContext(), await chromium.newContext()];
    const a = await enter(one, server, 'names', 'maya');
    const b = await two.newPage();
    watch(b);
    await b.goto(`${server.url}/chat/names/`);
    await b.fill('#name-field', 'Maya');
    await b.press('#name-field', 'Enter');
    await until('it is said', async () => (await b.locator('#name-wrong').innerText()).includes('is in use in this room'));
    assert.notEqual(await b.inputValue('#name-field'), 'Maya');
    await b.click('#name-form button');
    await online(b);
    await say(b, 'hello from another');
    await sees(a, 'hello from another');
    const again = await enter(one, server, 'names', 'maya');
    await until('the older tab says so', async () => (await a.locator('#strip').innerText()).includes('another window'));
    await say(again, 'it is me');
    await sees(b, 'it is me');
    return [b, again];
  },

  async 'older messages load on the way up, and the place where one reads stays'({ chromium, server }) {
    for (let n = 1; n <= 260; n += 1) await server.say('long', 'zoe', `line ${n}`);
    const page = await enter(await chromium.newContext(), server, 'long', 'maya');
    await sees(page, 'line 260');
    assert((await shown(page)).length <= 200, 'not everything is loaded at once');
    await page.hover('#log');
    let before = null;
    for (let step = 0; step < 200 && !(await shown(page)).includes('line 1'); step += 1) {
      // What is in the middle of the screen stays there while a page comes in above it.
      before = await page.evaluate(() => {
        const log = document.getElementById('log');
        log.scrollTop = Math.max(log.scrollTop - 400, 0);
        const middle = log.getBoundingClientRect().top + 200;
        const row = [...log.querySelectorAll('.row')].find((one) => one.getBoundingClientRect().bottom > middle);
        return { seq: row.dataset.seq, top: row.getBoundingClientRect().top };
      });
      await page.waitForTimeout(60);
      const top = await page.locator(`[data-seq="${before.seq}"]`).evaluate((row) => row.getBoundingClientRect().top);
      assert(Math.abs(top - before.top) <= 2, `the place moved by ${top - before.top} pixels`);
    }
    const lines = (await shown(page)).map((text) => Number(text.slice(5)));
    assert.deepEqual(lines, Array.from({ length: 260 }, (_, at) => at + 1));
    await server.say('long', 'zoe', 'line 261');
    await until('the pill counts', async () => await page.locator('#pill').textContent() === '1 new ↓');
    await page.click('#pill');
    assert(await page.locator('#pill').isHidden());
    return [page];
  },

  async 'more at once than the server takes goes out in order, and nothing is refused'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'flood', 'maya');
    const sent = Array.from({ length: 45 }, (_, at) => `message ${at}`);
    for (const text of sent) await say(page, text);
    await sees(page, sent.at(-1));
    assert.deepEqual(await shown(page), sent);
    assert.deepEqual((await server.messages('flood')).map((entry) => entry.message), sent);
    return [page];
  },

  async 'a new history is announced, and the conversation goes on below it'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'anew', 'maya');
    await say(page, 'said before');
    await sees(page, 'said before');
    await server.kill();
    await say(page, 'said in between');
    rmSync(server.folder, { recursive: true });
    mkdirSync(server.folder);
    await server.start();
    await online(page);
    await sees(page, 'said in between');
    assert.match(await page.locator('.hole').innerText(), /has started a new history/);
    assert.deepEqual(await shown(page), ['said before', 'said in between']);
    return [page];
  },
};
