// Reading in rooms with a long history: what is loaded, what is let go, and where one is.

import { assert, enter, sees, shown, until, watch, Gate } from './harness.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/// The seqs of the rows on the screen, as the list has them.
const seqs = (page) => page.$$eval('.row[data-seq]', (rows) => rows.map((row) => Number(row.dataset.seq)));
const inView = (page, seq) => page.evaluate((wanted) => {
  const box = document.querySelector(`.row[data-seq="${wanted}"]`)?.getBoundingClientRect();
  const log = document.getElementById('log').getBoundingClientRect();
  return Boolean(box) && box.bottom > log.top && box.top < log.bottom;
}, seq);
const atEnd = (page) => page.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 48);

/// A room of `count` messages, of which the first few were read.
async function readRoom({ chromium, server }, room, count) {
  const context = await chromium.newContext();
  await server.restart('--rate-limit', 'off');
  await server.say(room, 'zoe', 'the first');
  const before = await enter(context, server, room, 'maya');
  await sees(before, 'the first');
  // Read marks go out once a second at most, and when the page closes.
  await before.waitForTimeout(1500);
  await before.close();
  await server.fill(room, 'zoe', count - 1);
  return context;
}

export default {
  async 'reading up for long holds a bounded number of rows, and reading down brings the others back'({ chromium, server }) {
    await server.restart('--rate-limit', 'off');
    await server.fill('deep', 'zoe', 2200);
    const page = await enter(await chromium.newContext(), server, 'deep', 'maya');
    await until('it is there', async () => (await seqs(page)).at(-1) === 2200);
    // All nodes that the browser holds for the page, also those that are in no document any more.
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const held = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { metrics } = await devtools.send('Performance.getMetrics');
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    };
    const begun = await held();
    let most = 0;
    const scroll = async (to, edge) => {
      for (let step = 0; step < 400; step += 1) {
        const now = await page.evaluate((top) => {
          const log = document.getElementById('log');
          log.scrollTop = top ? 0 : log.scrollTop + 2000;
          return [...log.querySelectorAll('.row[data-seq]')].map((row) => Number(row.dataset.seq));
        }, to === 1);
        most = Math.max(most, now.length);
        assert.deepEqual(now, now.toSorted((a, b) => a - b), 'in order');
        if (await edge()) return;
        await page.waitForTimeout(30);
      }
      throw new Error(`${to} was never reached`);
    };
    await scroll(1, () => inView(page, 1));
    assert(most <= 1400, `${most} rows at once`);
    const back = await held();
    assert(back.Nodes <= 30 * 1400, `${back.Nodes} nodes`);
    assert(back.JSEventListeners <= begun.JSEventListeners + 20, `${back.JSEventListeners} listeners`);
    // The newest stay, so that the way to the end needs no request.
    assert.equal((await seqs(page)).at(-1), 2200);
    assert.equal(await page.locator('.hole').count(), 1);
    await scroll(2200, async () => await inView(page, 2200) && await atEnd(page));
    assert(most <= 1400, `${most} rows at once`);
    return [page];
  },

  async 'a jump to an old hit loads what is around it, shows a gap below, and the button leads back'({ chromium, server }) {
    await server.restart('--rate-limit', 'off');
    await server.fill('old', 'zoe', 300);
    const { seq } = await server.say('old', 'zoe', 'the needle');
    await server.fill('old', 'zoe', 1500);
    const gate = new Gate();
    const page = await enter(await chromium.newContext(), server, 'old', 'maya', gate.stand);
    await until('it is there', async () => (await seqs(page)).at(-1) === 1801);
    const find = async () => {
      await page.click('#find');
      await page.fill('#search-text', 'needle');
      await until('it is found', async () => await page.locator('#results button').count() === 1);
      await page.locator('#results button').click();
    };
    // It shows that it works, and can be stopped.
    gate.hold();
    await find();
    await until('it says so', () => page.locator('#seeking').isVisible());
    await page.getByRole('button', { name: 'Stop' }).click();
    assert(await page.locator('#seeking').isHidden());
    gate.release();
    assert(await atEnd(page), 'the place stays');
    await find();
    await until('it is shown', () => inView(page, seq));
    const rows = await seqs(page);
    assert(rows.length < 500, `${rows.length} rows were loaded for one`);
    assert(rows.includes(seq - 20) && rows.includes(seq + 20), 'and what is around it');
    assert.equal(await page.locator('.hole').count(), 1);
    assert(!await atEnd(page));
    await page.click('#pill');
    assert(await atEnd(page) && await inView(page, 1801));
    assert(await page.locator('#pill').isHidden());
    // New messages are counted while one reads elsewhere.
    await page.locator('#log').evaluate((log) => { log.scrollTop = 0; });
    await until('the button shows', () => page.locator('#pill').isVisible());
    await server.say('old', 'zoe', 'one more');
    await until('it counts', async () => await page.locator('#pill').textContent() === '1 new ↓');
    return [page];
  },

  async 'a link to a message opens the room there, and every message offers its own'({ chromium, server }) {
    await server.restart('--rate-limit', 'off');
    await server.fill('linked', 'zoe', 300);
    const { seq } = await server.say('linked', 'zoe', 'the needle');
    await server.fill('linked', 'zoe', 1500);
    const room = `${server.url}/chat/linked/`;
    const { seq: last } = await server.say('linked', 'zoe', `look at ${room}#20`);
    const context = await chromium.newContext();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const before = await enter(context, server, 'linked', 'maya');
    await until('it is there', () => inView(before, last));
    await before.locator(`.row[data-seq="${last}"]`).hover();
    await before.getByRole('button', { name: 'Copy link' }).click();
    await until('it is copied', () => before.locator('#notice', { hasText: 'Link copied.' }).isVisible());
    assert.equal(await before.evaluate(() => navigator.clipboard.readText()), `${room}#${last}`);
    // A reaction takes a number and is no message.
    await before.locator(`.row[data-seq="${last}"]`).hover();
    await before.getByLabel('React', { exact: true }).click();
    await before.getByLabel('React with 🎉').click();
    await until('it counts', async () => await before.locator('.reaction').count() === 1);
    await before.close();
    const page = await context.newPage();
    watch(page);
    await page.goto(`${room}#${seq}`);
    await until('the message is shown', () => inView(page, seq));
    const rows = await seqs(page);
    assert(rows.length < 500 && rows.includes(seq - 20) && rows.includes(seq + 20), `${rows.length} rows were loaded for one`);
    const go = (hash) => page.evaluate((to) => { location.hash = to; }, hash);
    await go('#10');
    await until('another one is shown', () => inView(page, 10));
    const notice = page.locator('#notice', { hasText: 'This room has no message with that number.' });
    for (const hash of ['#0', `#${last + 1}`, `#${last + 1000}`, '#99999999999999999999999']) {
      await page.evaluate(() => { document.getElementById('notice').textContent = ''; });
      await go(hash);
      await until(`${hash} is told`, () => notice.isVisible());
      assert(await inView(page, 10), 'the place stays');
    }
    await go('#elsewhere');
    // A click on such a link of this room stays on this page.
    await page.click('#pill');
    await until('the newest is there', () => inView(page, last));
    await page.locator(`.row[data-seq="${last}"] a`).click();
    await until('where it leads', () => inView(page, 20));
    assert.equal(context.pages().length, 1);
    return [page];
  },

  async 'opening a room with unread messages lands at their line, far above the newest too'({ chromium, server }) {
    const context = await readRoom({ chromium, server }, 'unread', 500);
    const page = await enter(context, server, 'unread', 'maya');
    await until('the line is in view', () => page.evaluate(() => {
      const line = document.querySelector('.day.new')?.getBoundingClientRect();
      const log = document.getElementById('log').getBoundingClientRect();
      return Boolean(line) && line.top >= log.top && line.bottom <= log.bottom;
    }));
    assert(await inView(page, 2), 'the first unread message is below it');
    assert(!await atEnd(page) && await page.locator('#pill').isVisible());
    // What was not seen is still unread after a reload.
    await page.waitForTimeout(1500);
    await page.reload();
    await until('the line is there again', async () => await page.locator('.day.new').count() === 1 && await inView(page, 2));
    return [page];
  },

  async 'a search shows more than its first fifty hits'({ chromium, server }) {
    await server.restart('--rate-limit', 'off');
    await server.fill('hits', 'zoe', 120);
    const page = await enter(await chromium.newContext(), server, 'hits', 'maya');
    await page.click('#find');
    await page.fill('#search-text', 'one');
    const hits = page.locator('#results button:not(.passing button)');
    for (const count of [50, 100, 120]) {
      await until(`${count} are listed`, async () => await hits.count() === count);
      if (count < 120) await page.getByRole('button', { name: 'Search further back' }).click();
    }
    const further = page.getByRole('button', { name: 'Search further back' });
    assert.equal(await further.count(), 0);
    // A part without hits is not the end, and a refusal neither.
    const parts = [{ entries: [], more: true, cursor: 70 }, null, { entries: (await server.messages('hits')).slice(0, 1), more: false }];
    await page.route('**/messages?*q=*', (route) => {
      const json = parts.shift();
      return json ? route.fulfill({ json }) : route.fulfill({ status: 429, json: { message: 'That is too much at once.' } });
    });
    await page.fill('#search-text', 'far back');
    await until('it is not the end', async () => /^Nothing found so far\.\s+Search further back$/.test(await page.locator('#results').innerText()));
    await further.click();
    await until('the refusal is said', async () => (await page.locator('#results').innerText()).startsWith('That is too much at once.'));
    await further.click();
    await until('it is found', async () => await hits.count() === 1 && await page.locator('#results li').count() === 1);
    return [page];
  },

  async 'links end where they end, and one that leads elsewhere than it seems says so'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'links', 'maya');
    const cases = [
      ['(https://example.com/Rust_(disambiguation)).', 'https://example.com/Rust_(disambiguation)', null],
      ['see https://example.com/a_(b)_c, or', 'https://example.com/a_(b)_c', null],
      ['[https://example.com/a]', 'https://example.com/a', null],
      ['https://bücher.example/', 'https://bücher.example/', null],
      ['https://яндекс.рф/', 'https://яндекс.рф/', null],
      ['https://ạpple.example/', 'https://ạpple.example/', 'xn--pple-4q5a.example'],
      ['https://東京.example/', 'https://東京.example/', null],
      ['https://аррӏе.com/', 'https://аррӏе.com/', 'xn--80ak6aa92e.com'],
      ['https://gооgle.com/', 'https://gооgle.com/', 'xn--ggle-55da.com'],
      ['https://ｇoogle.com/', 'https://ｇoogle.com/', 'google.com'],
      ['http://2130706433/', 'http://2130706433/', '127.0.0.1'],
      ['https://bank.example@evil.example/login', 'https://bank.example@evil.example/login', 'evil.example'],
      ['https://bank.example\\@evil.example/', 'https://bank.example\\@evil.example/', null],
    ];
    for (const [text] of cases) await server.say('links', 'zoe', text);
    await sees(page, cases.at(-1)[0]);
    const rows = await page.$$eval('.row', (all) => all.map((row) => [row.querySelector('a')?.textContent, row.querySelector('.leads')?.textContent ?? null]));
    assert.deepEqual(rows, cases.map(([, link, leads]) => [link, leads && ` (leads to ${leads})`]));
    return [page];
  },

  async 'marks inside words and numbers are no marks'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'marks', 'maya');
    for (const text of ['2*3*4', '2**3**4', 'snake_case_name', 'a~~b~~c', '*yes* and **yes**', '这是**重要**的']) await server.say('marks', 'zoe', text);
    await sees(page, 'yes and yes');
    await sees(page, '这是重要的');
    assert.deepEqual(await shown(page), ['2*3*4', '2**3**4', 'snake_case_name', 'a~~b~~c', 'yes and yes', '这是重要的']);
    return [page];
  },

  async 'one sees who reacted, also by touch'({ chromium, server }) {
    const zoe = await enter(await chromium.newContext(), server, 'who', 'zoe');
    await server.say('who', 'ben', 'tea?');
    await sees(zoe, 'tea?');
    await zoe.locator('.row').hover();
    await zoe.getByLabel('React', { exact: true }).click();
    await zoe.getByLabel('React with 👍').click();
    const page = await enter(await chromium.newContext(PHONE), server, 'who', 'maya');
    await until('it counts', async () => await page.locator('.reaction').count() === 1);
    await page.locator('.reaction').tap();
    await until('it counts both', async () => /👍\s*2/.test(await page.locator('.reaction').innerText()));
    await until('the tooltip says who', async () => await page.locator('.reaction').getAttribute('title') === 'you and zoe');
    await page.locator('.row .text').tap();
    await page.getByRole('button', { name: 'Who reacted' }).tap();
    await until('the list says who', async () => (await page.locator('#reactors').innerText()).replace(/\s+/g, ' ') === '👍 you and zoe');
    return [zoe, page];
  },
};
