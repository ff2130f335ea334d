// The rooms one has been in: what is unread in each, on the list, in the title and over reloads.

import { join } from 'node:path';
import { assert, enter, online, sees, until } from './harness.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const list = (page) => page.$$eval('#rooms a', (links) => links.map((link) => [
  link.querySelector('bdi').textContent, link.querySelector('.badge')?.getAttribute('aria-label') ?? '']));
/// Asks for the rooms at once, as coming back to the tab does.
const look = (page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
const holds = (page, what, expected) => until(what, async () => {
  await look(page);
  try { assert.deepEqual(await list(page), expected); } catch { return false; }
  return true;
});

/// Visits rooms one after the other, in one tab, and stays in the last one.
async function visit(context, server, rooms) {
  let page;
  for (const room of rooms) {
    await page?.close();
    await server.say(room, 'zoe', `welcome to ${room}`);
    page = await enter(context, server, room, 'maya');
    await sees(page, `welcome to ${room}`);
    await page.waitForTimeout(1200);
  }
  return page;
}

export default {
  async 'the list has the rooms one was in, with what is unread in each, and so has the title, over reloads'({ chromium, server, pictures }) {
    const context = await chromium.newContext();
    const page = await visit(context, server, ['tea', 'biscuits', 'cake']);
    await server.say('elsewhere', 'zoe', 'a room one has not been in');
    await holds(page, 'all are read', [['biscuits', ''], ['cake', ''], ['tea', '']]);
    await until('the others are below', async () => {
      await look(page);
      return await page.locator('#others bdi').textContent() === 'elsewhere';
    });
    for (const text of ['one', 'two', '@maya three']) await server.say('tea', 'zoe', text);
    await server.say('biscuits', 'zoe', 'four');
    const expected = [['biscuits', '1 unread'], ['cake', ''], ['tea', '3 unread, 1 of them to you']];
    await holds(page, 'they are counted', expected);
    assert.equal(await page.title(), '(4) cake · Snug');
    await page.screenshot({ path: join(pictures, 'rooms-unread.png') });
    await page.reload();
    await online(page);
    await holds(page, 'they are counted again', expected);
    // What one reads in another tab is read here too.
    const other = await enter(context, server, 'tea', 'maya');
    await sees(other, '@maya three');
    await until('it is read', async () => JSON.stringify(await list(page)) === '[["biscuits","1 unread"],["cake",""],["tea",""]]');
    assert.equal(await page.title(), '(1) cake · Snug');
    // Reactions and what one says oneself are nothing to read.
    await other.fill('#text', 'mine');
    await other.press('#text', 'Enter');
    await sees(other, 'mine');
    await other.close();
    await holds(page, 'it stays read', [['biscuits', '1 unread'], ['cake', ''], ['tea', '']]);
    // A room that is removed from the list is one of the others.
    await page.locator('#rooms li', { hasText: 'biscuits' }).hover();
    await page.getByRole('button', { name: 'Remove biscuits from the list' }).click();
    assert.deepEqual(await list(page), [['cake', ''], ['tea', '']]);
    await until('the title knows', async () => await page.title() === 'cake · Snug');
    return [page];
  },

  async 'a room that is in no list is asked for its messages, and a new history is unread'({ chromium, server }) {
    const context = await chromium.newContext();
    const page = await visit(context, server, ['hidden', 'here']);
    await page.route('**/api/rooms', async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, rooms: answer.rooms.filter(({ room }) => room !== 'hidden') } });
    });
    await server.say('hidden', 'zoe', 'psst');
    await holds(page, 'it is counted', [['here', ''], ['hidden', '1 unread']]);
    await page.evaluate(() => {
      const key = Object.keys(localStorage).find((each) => each.startsWith('snug.room\nhidden'));
      localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), epoch: 'another', seq: 900 }));
    });
    await holds(page, 'all of it is new', [['here', ''], ['hidden', '2 unread']]);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    return [page];
  },

  async 'however many rooms have something new, few requests are made at once, and none while nobody looks'({ chromium, server }) {
    await server.restart('--rate-limit', 'off');
    const context = await chromium.newContext();
    const page = await enter(context, server, 'here', 'maya', (each) => each.clock.install());
    await page.evaluate(() => {
      for (let n = 0; n < 60; n += 1) localStorage.setItem(`snug.room\nroom ${n}\n`, JSON.stringify({ room: `room ${n}`, epoch: 'e', seq: 0, opened: n }));
    });
    // The rooms that were asked for in each round: a round begins with the list.
    const rounds = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/api/rooms')) rounds.push([]);
      else if (request.url().includes('/messages')) rounds.at(-1)?.push(request.url());
    });
    const asked = () => new Set(rounds.flat()).size;
    await look(page);
    await until('some are asked for', () => asked() >= 4);
    await page.clock.fastForward(16_000);
    await until('others are, in the next round', () => asked() >= 8);
    assert(rounds.every((round) => round.length <= 4), JSON.stringify(rounds));
    await page.evaluate(() => {
      window.state = 'hidden';
      Object.defineProperty(document, 'visibilityState', { get: () => window.state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    const before = rounds.length;
    for (let n = 0; n < 4; n += 1) await page.clock.fastForward(16_000);
    assert.equal(rounds.length, before);
    await page.evaluate(() => { window.state = 'visible'; });
    await look(page);
    await until('it asks again', () => rounds.length > before);
    // The next room that is opened lets those go that were not opened for longest.
    await page.close();
    await enter(context, server, 'there', 'maya');
    const kept = await context.storageState();
    const rooms = kept.origins[0].localStorage.filter(({ name }) => name.startsWith('snug.room\n'));
    assert.equal(rooms.length, 50);
    assert(!rooms.some(({ name }) => name === 'snug.room\nroom 0\n'));
    return [];
  },

  async 'on a phone the rooms are in a drawer, its button tells of what is unread, and Back closes it'({ chromium, server, pictures }) {
    const context = await chromium.newContext(PHONE);
    const page = await visit(context, server, ['tea', 'a rather long name of a room in which one sits', 'cake']);
    const url = page.url();
    await server.say('tea', 'zoe', '@maya?');
    await until('the button tells', async () => {
      await look(page);
      return await page.locator('#places').getAttribute('aria-label') === 'Rooms, 1 unread';
    });
    await page.tap('#places');
    await until('it is open', () => page.locator('#rooms-side').isVisible());
    await page.screenshot({ path: join(pictures, 'rooms-drawer.png') });
    const small = await page.$$eval('#rooms-side a, #rooms-side button', (all) => all.filter((each) => {
      const { width, height } = each.getBoundingClientRect();
      return each.checkVisibility() && (width < 44 || height < 44);
    }).map((each) => each.outerHTML));
    assert.deepEqual(small, []);
    await page.goBack();
    await until('Back closes it', () => page.locator('#rooms-side').isHidden());
    assert.equal(page.url(), url);
    await page.tap('#places');
    await page.touchscreen.tap(350, 400);
    await until('a tap beside it closes it', () => page.locator('#rooms-side').isHidden());
    await page.tap('#places');
    await page.locator('#rooms a', { hasText: 'tea' }).tap();
    await page.waitForURL('**/chat/tea/');
    await sees(page, '@maya?');
    return [page];
  },

  async 'a room with a draft, or with messages that wait, shows it on the list'({ chromium, server, pictures }) {
    const context = await chromium.newContext();
    const left = await visit(context, server, ['drafty', 'waiting']);
    await server.kill();
    await until('it is offline', async () => (await left.locator('#strip').innerText()).includes('Connection lost.'));
    await left.fill('#text', 'until later');
    await left.press('#text', 'Enter');
    await until('it waits', async () => await left.locator('.row.pending').count() === 1);
    await left.close();
    await server.start();
    const drafting = await enter(context, server, 'drafty', 'maya');
    await drafting.fill('#text', 'half a thought');
    await drafting.close();
    const page = await enter(context, server, 'here', 'maya');
    const marks = () => page.$$eval('#rooms li', (items) => items.map((item) => [
      item.querySelector('bdi').textContent, item.querySelector('.left-behind')?.getAttribute('aria-label').split(' ').at(0) ?? '', item.querySelectorAll('button').length]));
    await until('both are shown', async () => JSON.stringify(await marks()) === '[["drafty","You",1],["here","",0],["waiting","Messages",0]]');
    await page.screenshot({ path: join(pictures, 'rooms-left-behind.png') });
    const again = await enter(context, server, 'waiting', 'maya');
    await sees(again, 'until later');
    await again.close();
    await until('nothing waits any more', async () => JSON.stringify(await marks()) === '[["drafty","You",1],["here","",0],["waiting","",1]]');
    return [page];
  },

  async 'by keyboard one goes from room to room, and to the next with something new'({ chromium, server }) {
    const page = await visit(await chromium.newContext(), server, ['a', 'b', 'c', 'd']);
    await server.say('b', 'zoe', 'new');
    await holds(page, 'it is counted', [['a', ''], ['b', '1 unread'], ['c', ''], ['d', '']]);
    await page.keyboard.press('Alt+Shift+ArrowDown');
    await page.waitForURL('**/chat/b/');
    await online(page);
    await page.keyboard.press('Alt+ArrowUp');
    await page.waitForURL('**/chat/a/');
    await online(page);
    await page.keyboard.press('Alt+ArrowDown');
    await page.waitForURL('**/chat/b/');
    return [page];
  },
};
