// The page under thumbs: zoom, Back, targets, colours and text sizes of the reader's own choice, and visits that cost little.

import { join } from 'node:path';
import { assert, enter, online, say, sees, until, watch } from './harness.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const people = (page) => page.locator('#side');

export default {
  async 'a pinch zoom leaves the layout as it is'({ chromium, server }) {
    const context = await chromium.newContext(PHONE);
    const page = await enter(context, server, 'zoom', 'maya');
    const height = () => page.locator('#room').evaluate((room) => room.getBoundingClientRect().height);
    const before = await height();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setPageScaleFactor', { pageScaleFactor: 2.5 });
    await until('it is zoomed', () => page.evaluate(() => visualViewport.scale > 2));
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    assert(Math.abs(await height() - before) <= 2, `${before} became ${await height()}`);
    return [page];
  },

  async 'a tap beside the list of members closes it, and so does Back; nothing leaves the room'({ chromium, server }) {
    const page = await enter(await chromium.newContext(PHONE), server, 'drawer', 'maya');
    const room = page.url();
    await page.tap('#people');
    await until('it is open', () => people(page).isVisible());
    await page.touchscreen.tap(20, 400);
    await until('a tap beside it closes it', () => people(page).isHidden());
    const opened = {
      '#side': () => page.tap('#people'),
      '#search': () => page.tap('#find'),
      '#invite-dialog': () => page.tap('#invite'),
      '#topic-dialog': () => page.tap('#topic'),
    };
    for (const [what, open] of Object.entries(opened)) {
      await until('nothing is in the way', () => page.evaluate(() => history.state === null));
      await open();
      await until(`${what} is open`, () => page.locator(what).isVisible());
      await page.goBack();
      await until(`Back closes ${what}`, () => page.locator(what).isHidden());
      assert.equal(page.url(), room);
      // Closed in its own way, it leaves nothing behind in the history.
      await open();
      await until(`${what} is open again`, () => page.locator(what).isVisible());
      await page.keyboard.press('Escape');
      await until(`Esc closes ${what}`, () => page.locator(what).isHidden());
    }
    await until('nothing is left behind', () => page.evaluate(() => history.state === null));
    await page.tap('#invite');
    await page.touchscreen.tap(180, 20);
    await until('a tap beside a dialog closes it', () => page.locator('#invite-dialog').isHidden());
    await say(page, 'still here');
    await sees(page, 'still here');
    return [page];
  },

  async 'what a finger presses is at least 44 pixels wide and high'({ chromium, server, pictures }) {
    await server.say('a rather long name of a room', 'ci', 'here');
    for (const text of ['tea? https://example.com/', 'お茶は五時ですか？', '🎉🎉']) await server.say('thumbs', '山田太郎 of Hohenstein-Ruppin', text);
    const page = await enter(await chromium.newContext(PHONE), server, 'thumbs', 'maya');
    const check = async (what) => {
      await page.screenshot({ path: join(pictures, `thumbs-${what}.png`) });
      const small = await page.evaluate(() => {
        const targets = [...document.querySelectorAll('button, input, textarea, summary, a[href], [role=option]')];
        return targets.filter((element) => {
          // A link within a sentence is as high as its line.
          if (!element.checkVisibility() || element.closest('.text a, code, dialog:not([open])')) return false;
          // A target may be larger than what is seen of it.
          const overlay = getComputedStyle(element, '::after');
          // What is pressed in a line of text reaches beyond it.
          const line = element.matches('.edited') && [parseFloat(overlay.width), parseFloat(overlay.height)];
          if (line) return line[0] < 44 || line[1] < 44;
          const { width, height } = overlay.position === 'absolute' ? element.offsetParent.getBoundingClientRect() : element.getBoundingClientRect();
          return width < 44 || height < 44;
        }).map((element) => `${element.outerHTML.slice(0, 120)} ${JSON.stringify(element.getBoundingClientRect())}`);
      });
      assert.deepEqual(small, [], what);
      assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what} is wider than the screen`);
    };
    await check('empty-handed');
    await page.locator('.row').last().locator('.text').tap();
    await check('tools');
    await page.getByLabel('React', { exact: true }).tap();
    await check('picker');
    const cut = await page.locator('.tools').evaluate((tools) => {
      const log = document.getElementById('log').getBoundingClientRect();
      return [...tools.children].filter((button) => {
        const box = button.getBoundingClientRect();
        return box.left < log.left || box.right > log.right || box.top < log.top || box.bottom > log.bottom;
      }).length;
    });
    assert.equal(cut, 0, 'all of the picker is on the screen');
    await page.getByLabel('React with 🎉').tap();
    await until('it is there', async () => await page.locator('.reaction').count() === 1);
    await page.getByLabel('Reply').tap();
    await check('reply');
    await say(page, 'yes');
    await sees(page, 'yes');
    await page.locator('.row').last().locator('.text').tap();
    await page.getByLabel('Delete').tap();
    await check('sure');
    await page.getByText('Keep').tap();
    await page.getByLabel('Edit').tap();
    await say(page, `yes\n\`\`\`\ncode\n\`\`\`${'\nand more'.repeat(30)}`);
    await until('it is edited and folded', async () => await page.locator('.unfold').isVisible());
    const inSight = await page.locator('.edited').evaluate((edited) => edited.getBoundingClientRect().top >= edited.closest('.body').querySelector('.text').getBoundingClientRect().bottom - 1);
    assert(inSight, 'that it was edited is seen although it is folded');
    await check('text');
    await page.tap('#places');
    await check('rooms');
    await page.keyboard.press('Escape');
    await page.locator('#text').pressSequentially('@');
    await check('names');
    await page.tap('#find');
    await page.fill('#search-text', 'tea');
    await until('it is found', async () => await page.locator('#results button').count() > 0);
    await check('search');
    await page.tap('#search-end');
    await page.tap('#people');
    await check('people');
    await page.keyboard.press('Escape');
    await page.tap('#invite');
    await check('invite');
    await page.goto(server.url);
    await until('rooms are listed', async () => await page.locator('#rooms a').count() > 0);
    await check('landing');
    return [page];
  },

  async 'with forced colours what is chosen, pressed and mentioned is still told apart'({ chromium, server, pictures }) {
    const context = await chromium.newContext({ forcedColors: 'active' });
    const page = await enter(context, server, 'colours', 'maya');
    await server.say('colours', 'zoe', '@maya tea?');
    await sees(page, '@maya tea?');
    await page.locator('.row').hover();
    await page.getByLabel('React', { exact: true }).click();
    await page.getByLabel('React with 🎉').click();
    await until('it is there', async () => await page.locator('.reaction').count() === 1);
    await page.screenshot({ path: join(pictures, 'forced-colours.png') });
    const looks = await page.evaluate(() => {
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      return {
        mentioned: style('.row.mentioned').borderLeftWidth, pressed: style('.reaction[aria-pressed=true]').backgroundColor,
        canvas: style('body').backgroundColor, day: style('.day').display && getComputedStyle(document.querySelector('.day'), '::before').borderTopWidth,
        current: style('.side a[aria-current]').backgroundColor,
      };
    });
    assert.equal(looks.mentioned, '3px');
    assert.equal(looks.day, '1px');
    assert.notEqual(looks.pressed, looks.canvas);
    assert.notEqual(looks.current, looks.canvas);
    return [page];
  },

  async 'text grows with the reader’s own size, and nothing sticks out'({ chromium, server, pictures }) {
    // The narrow one is a phone with everything at 150 %.
    for (const shape of [PHONE, { viewport: { width: 1280, height: 800 } }, { ...PHONE, viewport: { width: 240, height: 493 } }]) {
      const narrow = shape.viewport.width === 240;
      // As a browser's setting for the text size does: before anything is drawn.
      const enlarge = (page) => page.addInitScript(() => {
        document.addEventListener('readystatechange', () => { document.documentElement.style.fontSize = '24px'; });
      });
      const page = await enter(await chromium.newContext(shape), server, 'large', `maya-${shape.viewport.width}`, narrow ? undefined : enlarge);
      await say(page, 'Large enough?');
      await sees(page, 'Large enough?');
      const sizes = await page.$$eval('.row .text, .name, #text, .bar h1', (all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize)));
      assert(sizes.length >= 4 && sizes.every((size) => size >= 15 * (narrow ? 1 : 1.5)), sizes.join(' '));
      await page.screenshot({ path: join(pictures, `large-${shape.viewport.width}.png`) });
      assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it is wider than the screen');
      if (narrow) {
        const overlap = await page.$$eval('.bar h1, .bar button, .bar a', (all) => {
          const boxes = all.filter((each) => each.checkVisibility() && each.id !== 'topic').map((each) => each.getBoundingClientRect());
          return boxes.some((box) => box.right > innerWidth || boxes.some((other) => other !== box && other.left < box.right - 1 && box.left < other.right - 1));
        });
        assert(!overlap, 'nothing at the top lies on anything else');
      }
      assert(await page.locator('#text').evaluate((field) => field.getBoundingClientRect().bottom <= innerHeight), 'the composer is in sight');
    }
    return [];
  },

  async 'a link that leads to no room says so, and offers the rooms'({ chromium, server, pictures }) {
    for (const path of ['%ff', '..%2f', '%2F', 'x'.repeat(80)]) {
      const page = await (await chromium.newContext(PHONE)).newPage();
      watch(page);
      await page.goto(`${server.url}/chat/${path}/`);
      await until('it says so', async () => (await page.locator('#name').innerText()).includes('This link leads to no room.'));
      assert(await page.locator('#name-form').isHidden(), 'no nickname helps');
      assert.equal(await page.getByRole('link', { name: 'Other rooms' }).first().evaluate((link) => link.pathname), '/');
      await page.screenshot({ path: join(pictures, 'bad-link.png') });
      assert.deepEqual(page.wrongs, []);
    }
    return [];
  },

  async 'at the door one reads the server’s own sentence'({ chromium, server }) {
    const page = await (await chromium.newContext()).newPage();
    watch(page);
    await page.goto(`${server.url}/chat/door/`);
    await page.fill('#name-field', 'system');
    await page.press('#name-field', 'Enter');
    await until('it is said', async () => (await page.locator('#name-wrong').innerText()).includes('reserved'));
    assert(await page.locator('#notice').isHidden(), 'once');
    await page.fill('#name-field', 'maya');
    await page.press('#name-field', 'Enter');
    await online(page);
    // A refused handshake is answered like a plain request.
    const sentence = 'There are too many connections from your address. Close some of them.';
    await page.route('**/ws/chat/**', (route) => route.fulfill({ status: 429, json: { type: 'error', code: 'rate_limited', message: sentence } }));
    await server.kill();
    await until('it is said', async () => (await page.locator('#strip').innerText()).includes(sentence));
    await page.unroute('**/ws/chat/**');
    await server.start();
    await online(page);
    return [page];
  },

  async 'without JavaScript each page says what to do'({ chromium, server, pictures }) {
    const page = await (await chromium.newContext({ ...PHONE, javaScriptEnabled: false })).newPage();
    for (const path of ['/', '/chat/tea/']) {
      await page.goto(server.url + path);
      assert.match(await page.locator('body').innerText(), /This page needs JavaScript\./);
      await page.screenshot({ path: join(pictures, `no-script-${path.length}.png`) });
    }
    return [];
  },

  async 'a repeat visit asks for at most four things, and an icon is there for those who ask'({ chromium, server }) {
    const context = await chromium.newContext();
    await server.say('visit', 'zoe', 'hello');
    await (await enter(context, server, 'visit', 'maya')).close();
    const page = await context.newPage();
    watch(page);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const [asked, kept] = [new Map(), new Set()];
    devtools.on('Network.requestWillBeSent', ({ requestId, request }) => asked.set(requestId, request.url));
    devtools.on('Network.requestServedFromCache', ({ requestId }) => kept.add(requestId));
    devtools.on('Network.responseReceived', ({ requestId, response }) => { if (response.fromDiskCache) kept.add(requestId); });
    await page.goto(`${server.url}/chat/visit/`);
    await online(page);
    await sees(page, 'hello');
    const sent = [...asked].filter(([id]) => !kept.has(id)).map(([, url]) => url);
    assert(sent.length <= 4, sent.join('\n'));
    const icon = await fetch(`${server.url}/favicon.ico`);
    assert.equal(icon.headers.get('content-type'), 'image/x-icon');
    return [page];
  },
};
