// The page in a real Chromium, against the real server: `node page.mjs path/to/snug-server [folder for pictures]`.

import { createServer } from 'node:http';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { assert, browser, enter, freePort, online, say, sees, Server, shown, until, watch } from './harness.mjs';
import { PAYLOADS } from './payloads.mjs';

const program = resolve(process.argv[2] ?? 'target/debug/snug-server');
const pictures = resolve(process.argv[3] ?? 'target/page');
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const PHONE = { viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true };
const DESK = { viewport: { width: 1280, height: 800 } };

const facts = {
  async 'two tabs chat: messages, answers, changes, reactions, topic, typing, who is here'({ chromium, server }) {
    const [maya, zoe] = [await chromium.newContext(), await chromium.newContext()];
    const a = await enter(maya, server, 'tea', 'maya');
    assert.match(await a.locator('#empty').innerText(), /Nobody has said anything yet\.\.\.\s+Break the silence!/);
    const b = await enter(zoe, server, 'tea', 'zoe');
    await until('both are here', async () => await a.locator('#count').textContent() === '2');
    await say(a, 'Is **anybody** there?');
    await sees(b, 'Is anybody there?');
    assert.equal(await b.locator('.text strong').innerText(), 'anybody');
    await b.locator('#text').pressSequentially('Yes');
    await until('typing is shown', async () => await a.locator('#typing').textContent() === 'zoe is typing …');
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
    await until('the answer quotes', async () => (await b.locator('.quote').innerText()).includes('zoe'));
    assert.equal(await b.locator('.row.mentioned mark').innerText(), '@zoe');

    await a.press('#text', 'ArrowUp');
    assert.equal(await a.inputValue('#text'), '@zoe at five?');
    await say(a, '@zoe at six?');
    await until('the change is seen', async () => (await shown(b)).some((text) => text.startsWith('@zoe at six? (edited)')));
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
    await until('it is said', async () => (await b.locator('#strip').innerText()).includes('is in use in this room'));
    await b.locator('#strip .primary').click();
    await online(b);
    await say(b, 'hello from another');
    await sees(a, 'hello from another');
    const again = await enter(one, server, 'names', 'maya');
    await until('the older tab says so', async () => (await a.locator('#strip').innerText()).includes('another tab or window'));
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

  async 'history that began anew is said, and talk goes on beneath it'({ chromium, server }) {
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
    assert.match(await page.locator('.hole').innerText(), /history began anew/);
    assert.deepEqual(await shown(page), ['said before', 'said in between']);
    return [page];
  },

  async 'above an on-screen keyboard the composer and the newest message stay in sight'({ chromium, server }) {
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

  async 'fifty scripts in names and texts make no element and no request'({ chromium, server }) {
    assert(PAYLOADS.length >= 50);
    const context = await chromium.newContext();
    const page = await enter(context, server, 'inject', 'maya');
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', (dialog) => { asked.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
    for (const payload of PAYLOADS) await server.say('inject', 'zoe', payload);
    await server.say('inject', '<b>bold</b>'.replaceAll('/', ''), 'a name of markup');
    await page.click('#topic');
    await page.fill('#topic-field', PAYLOADS[0].slice(0, 150));
    await page.press('#topic-field', 'Enter');
    await sees(page, 'a name of markup');
    await until('the topic is a text', async () => await page.locator('#topic').innerText() === PAYLOADS[0].slice(0, 150).trim());
    await page.click('#find');
    await page.fill('#search-text', 'alert');
    await until('they are found', async () => await page.locator('#results button').count() > 5);
    const strange = await page.evaluate(() => {
      const known = 'ARTICLE DIV P SPAN BDI TIME STRONG EM S CODE PRE BLOCKQUOTE MARK A BUTTON LI UL svg path'.split(' ');
      const made = [...document.querySelectorAll('#log *, #results *, #topic *, #members *, #said *')];
      return made.filter((element) => !known.includes(element.tagName)
        || [...element.attributes].some(({ name }) => name.startsWith('on') || name === 'src' || name === 'srcdoc')
        || (element.tagName === 'A' && !/^https?:/.test(element.getAttribute('href')))).map((element) => element.outerHTML);
    });
    assert.deepEqual(strange, []);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    // One only asks this server: the rooms' list and the search.
    assert.deepEqual(asked.filter((url) => !url.startsWith(`${server.url}/api/rooms`)), []);
    return [page];
  },

  async 'another site’s page reaches neither the socket nor the API, by its own name or by a borrowed one'({ server }) {
    // Another site on this machine, and a name of its that points at the Snug server, as in DNS rebinding.
    const site = createServer((_, response) => { response.setHeader('content-type', 'text/html'); response.end('<!doctype html><title>evil</title>'); });
    await new Promise((done) => { site.listen(0, '127.0.0.1', done); });
    const evil = await browser('--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1');
    try {
      await server.say('secret', 'zoe', 'for members only');
      const page = await evil.newPage();
      await page.goto(`http://evil.example:${site.address().port}/`);
      const reach = (base) => page.evaluate(async (url) => {
        const socket = (path, protocols) => new Promise((done) => {
          const tried = new WebSocket(url.replace('http', 'ws') + path, protocols);
          tried.onopen = () => done('open');
          tried.onerror = () => done('refused');
        });
        const get = (path, how) => fetch(url + path, how).then(async (answer) => answer.type === 'opaque' ? 'opaque' : `${answer.status} ${await answer.text()}`, () => 'refused');
        return {
          native: await socket('/ws/chat/secret/eve', ['snug.v1']), plain: await socket('/ws/chat/secret/eve', []),
          lobby: await socket('/ws/socket-server/', []),
          rooms: await get('/api/rooms'), messages: await get('/api/rooms/secret/messages'),
          simple: await get('/api/rooms/secret/messages?user=eve', { method: 'POST', mode: 'no-cors', body: 'planted' }),
          json: await get('/api/rooms/secret/messages', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"user":"eve","message":"planted"}' }),
        };
      }, base);
      for (const base of [server.url, `http://localhost:${server.port}`, `http://rebound.example:${server.port}`]) {
        const reached = await reach(base);
        assert.equal(reached.simple, 'opaque', 'a browser sends it, and hides the refusal');
        delete reached.simple;
        assert.deepEqual([...new Set(Object.values(reached))], ['refused'], JSON.stringify(reached));
      }
      // Rebound: the page's own origin now answers from the Snug server. Everything would be same-origin, but for the Host.
      const answer = await page.goto(`http://rebound.example:${server.port}/api/rooms/secret/messages`);
      assert.equal(answer.status(), 421);
      assert(!(await answer.text()).includes('members only'));
      const own = await reach(`http://rebound.example:${server.port}`);
      for (const socket of ['native', 'plain', 'lobby']) assert.equal(own[socket], 'refused');
      for (const route of ['rooms', 'messages', 'simple', 'json']) assert.match(own[route], /^(421|refused)/, route);
      assert.deepEqual((await server.messages('secret')).map((entry) => entry.message), ['for members only']);
      // And no other site may put the page into a frame to borrow a click.
      await page.goto(`http://evil.example:${site.address().port}/`);
      await page.evaluate((url) => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }, server.url);
      await page.waitForTimeout(500);
      assert.equal(await page.frames().at(-1).locator('#enter').count().catch(() => 0), 0);
    } finally {
      await evil.close();
      site.close();
    }
    return [];
  },

  async 'on a phone and on a desk, dark and light: nothing sticks out, and axe finds nothing serious'({ chromium, server }) {
    await server.say('look', 'ci', 'deploy done');
    await server.say('look', 'zoe', 'Tea at **five**? See https://example.com/tea\n> as ever\n```\nlet tea = "a rather long line of code that has to scroll sideways on a phone";\n```');
    await server.say('look', 'Amélie', `Hi @maya ${'word '.repeat(25)}`);
    const pages = [];
    for (const colorScheme of ['dark', 'light']) {
      for (const [device, shape] of [['phone', PHONE], ['desk', DESK]]) {
        const context = await chromium.newContext({ ...shape, colorScheme, bypassCSP: true });
        const name = `maya-${device}-${colorScheme}`;
        const landing = await context.newPage();
        watch(landing);
        await landing.goto(server.url);
        await until('rooms are listed', async () => await landing.locator('#rooms a').count() > 0);
        await looked(landing, `landing-${device}-${colorScheme}`);
        await landing.close();
        const empty = await enter(context, server, `empty ${name}`, name);
        await until('it is empty', async () => await empty.locator('#empty').isVisible());
        await looked(empty, `empty-${device}-${colorScheme}`);
        await empty.close();
        const page = await enter(context, server, 'look', name);
        await say(page, 'Five it is 🎉');
        await sees(page, 'Five it is 🎉');
        await page.locator('.row').last().focus();
        await looked(page, `room-${device}-${colorScheme}`);
        await page.click('#invite');
        await looked(page, `invite-${device}-${colorScheme}`);
        await page.keyboard.press('Escape');
        pages.push(page);
      }
    }
    return pages;
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

  async 'it is small, quick, and not sent twice'({ chromium, server }) {
    const context = await chromium.newContext();
    await (await enter(context, server, 'size', 'maya')).close();
    const fresh = await chromium.newContext({ storageState: await context.storageState() });
    const page = await fresh.newPage();
    watch(page);
    const devtools = await fresh.newCDPSession(page);
    await devtools.send('Network.enable');
    let transferred = 0;
    let requests = 0;
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { transferred += encodedDataLength; requests += 1; });
    await server.say('size', 'zoe', 'the first one');
    const visit = async () => {
      transferred = requests = 0;
      const started = Date.now();
      await page.goto(`${server.url}/chat/size/`);
      await page.locator('.row').first().waitFor();
      const first = Date.now() - started;
      await online(page);
      return first;
    };
    await page.addInitScript(() => {
      window.long = 0;
      new PerformanceObserver((list) => { window.long += list.getEntries().length; }).observe({ type: 'longtask', buffered: true });
    });
    const cold = await visit();
    await page.waitForTimeout(300);
    const [bytes, count] = [transferred, requests];
    const long = await page.evaluate(() => window.long);
    const warm = await visit();
    await page.waitForTimeout(300);
    console.log(`     ${bytes} bytes in ${count} requests, first message after ${cold} ms, ${long} long tasks; again: ${transferred} bytes, ${warm} ms`);
    assert(bytes < 60_000, `${bytes} bytes`);
    assert(transferred < bytes / 3, 'what the browser has is not sent again');
    return [page];
  },
};

/// Takes a picture, and looks for what a picture's viewer would complain about.
async function looked(page, name) {
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(pictures, `${name}.png`) });
  assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than the screen`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const bad = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(bad.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`), [], name);
}

const chromium = await browser();
let failed = 0;
const only = process.argv[4];
for (const [fact, prove] of Object.entries(facts)) {
  if (only && !fact.includes(only)) continue;
  // A server for each: it may be killed.
  const server = await new Server(program, await freePort()).start();
  try {
    const pages = await prove({ chromium, server });
    assert.deepEqual(pages.flatMap((page) => page.wrongs), [], 'errors in the page');
    console.log(`ok   ${fact}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${fact}\n${error.stack}`);
  }
  for (const context of chromium.contexts()) await context.close();
  await server.remove();
}
await chromium.close();
process.exitCode = failed ? 1 : 0;
