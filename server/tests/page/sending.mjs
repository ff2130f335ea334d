// Changing what is still on its way, keeping what waits, and copying.

import { assert, browser, enter, Gate, online, say, sees, shown, until, watch } from './harness.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const texts = async (server, room) => (await server.messages(room)).map(({ message }) => message);

export default {
  async 'arrow up right after sending edits that message, and the change waits for it'({ chromium, server }) {
    const gate = new Gate();
    const page = await enter(await chromium.newContext(), server, 'up', 'maya', gate.stand);
    await say(page, 'first');
    await sees(page, 'first');
    gate.hold();
    await say(page, 'second');
    await page.press('#text', 'ArrowUp');
    assert.equal(await page.inputValue('#text'), 'second');
    await say(page, 'second, better');
    await until('it is shown as it will be', async () => (await shown(page)).at(-1) === '… second, better');
    // Once more, while the change waits too.
    await page.press('#text', 'ArrowUp');
    assert.equal(await page.inputValue('#text'), 'second, better');
    await say(page, 'second, best');
    gate.release();
    await until('all is there', async () => /^second, best\s+\(edited\)$/.test((await shown(page)).at(-1)));
    assert.deepEqual(await texts(server, 'up'), ['first', 'second, best']);
    // The text of an edit that is on its way is the newest too.
    gate.hold();
    await page.press('#text', 'ArrowUp');
    await say(page, 'third');
    await page.press('#text', 'ArrowUp');
    assert.equal(await page.inputValue('#text'), 'third');
    gate.release();
    return [page];
  },

  async 'an edit that begins while the message is on its way ends after it has arrived'({ chromium, server }) {
    const gate = new Gate();
    const page = await enter(await chromium.newContext(), server, 'meanwhile', 'maya', gate.stand);
    gate.hold();
    await say(page, 'one');
    await page.press('#text', 'ArrowUp');
    gate.release();
    await sees(page, 'one');
    await say(page, 'one, better');
    await until('it is changed', async () => (await texts(server, 'meanwhile'))[0] === 'one, better');
    return [page];
  },

  async 'a waiting message says so, and is changed or withdrawn before it goes out'({ chromium, server }) {
    const context = await chromium.newContext();
    const page = await enter(context, server, 'waiting', 'maya');
    await server.kill();
    await until('the page says so', async () => (await page.locator('#strip').innerText()).includes('Connection lost.'));
    for (const text of ['one', 'two', 'three']) await say(page, text);
    await page.press('#text', 'ArrowUp');
    await say(page, 'three, better');
    const row = (text) => page.locator('.row.pending', { hasText: text });
    assert.match(await row('two').innerText(), /Waiting/);
    assert.match(await page.locator('#strip').innerText(), /3 messages are waiting and will be sent when you reconnect\./);
    await row('two').getByText('Delete', { exact: true }).click();
    await until('it is gone', async () => await row('two').count() === 0);
    await page.close();
    await server.start();
    const again = await enter(context, server, 'waiting', 'maya');
    await sees(again, 'three, better');
    assert.deepEqual(await texts(server, 'waiting'), ['one', 'three, better']);
    return [again];
  },

  async 'a message that is withdrawn while it is on its way is deleted when it arrives'({ chromium, server }) {
    const gate = new Gate();
    const page = await enter(await chromium.newContext(), server, 'withdrawn', 'maya', gate.stand);
    gate.hold();
    await say(page, 'oops');
    await page.locator('.row.pending').getByText('Delete', { exact: true }).click();
    await until('it is out of sight', async () => await page.locator('.row').count() === 0);
    gate.release();
    await until('it is deleted', async () => (await server.messages('withdrawn'))[0]?.deleted === true);
    return [page];
  },

  async 'another nickname on the first screen keeps one’s messages and what waits'({ chromium, server }) {
    const context = await chromium.newContext();
    const first = await enter(context, server, 'renamed', 'maya');
    await say(first, 'said as maya');
    await sees(first, 'said as maya');
    await server.kill();
    await say(first, 'still waiting');
    await first.close();
    await server.start();
    const page = await context.newPage();
    watch(page);
    await page.goto(server.url);
    await page.fill('#nickname', 'ann');
    await page.fill('#room', 'renamed');
    await page.press('#room', 'Enter');
    await page.waitForURL('**/chat/renamed/');
    await online(page);
    await sees(page, 'still waiting');
    const [one, two] = await server.messages('renamed');
    assert.equal(one.by, two.by, 'one author');
    assert.deepEqual([one.user, two.user], ['maya', 'ann']);
    assert.deepEqual(await page.$$eval('.row', (rows) => rows.map((row) => row.dataset.own)), ['', '']);
    // A draft is the room's too.
    await page.press('#text', 'ArrowUp');
    await say(page, 'changed');
    await until('it may be changed', async () => (await texts(server, 'renamed'))[1] === 'changed');
    return [page];
  },

  async '“Copy link” copies over plain http, and says so if it can’t'({ server }) {
    // Only a name other than localhost makes plain http an insecure context, where there is no navigator.clipboard.
    const plain = await browser('--host-resolver-rules=MAP snug.local 127.0.0.1');
    try {
      const at = { url: `http://snug.local:${server.port}` };
      const page = await enter(await plain.newContext(), at, 'copy', 'maya');
      assert.equal(await page.evaluate(() => isSecureContext), false);
      await page.click('#invite');
      const link = await page.inputValue('#invite-link');
      await page.click('#invite-copy');
      await until('it says so', async () => await page.locator('#invite-copy').textContent() === 'Copied');
      await page.keyboard.press('Escape');
      await page.focus('#text');
      await page.keyboard.press('Control+V');
      assert.equal(await page.inputValue('#text'), link);
      // A browser that takes nothing: no event, although execCommand says yes.
      await page.evaluate(() => { document.execCommand = () => true; });
      await page.click('#invite');
      await page.click('#invite-copy');
      await until('it says that too', async () => await page.locator('#invite-copy').textContent() === 'Copy it by hand');
      assert.deepEqual(page.wrongs, []);
    } finally {
      await plain.close();
    }
    return [];
  },

  async 'on a phone Enter starts a new line, and the button sends both lines'({ chromium, server }) {
    const page = await enter(await chromium.newContext(PHONE), server, 'lines', 'maya');
    await page.tap('#text');
    await page.keyboard.type('one');
    await page.keyboard.press('Enter');
    await page.keyboard.type('two');
    await page.tap('#send');
    await sees(page, 'one\ntwo');
    assert.deepEqual(await texts(server, 'lines'), ['one\ntwo']);
    return [page];
  },

  async 'a command is never posted, and /nick changes the nickname'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'commands', 'maya');
    await say(page, '/help');
    await until('it helps', async () => (await page.locator('#notice').innerText()).includes('“/nick NAME” changes your nickname here.'));
    assert.equal(await page.inputValue('#text'), '');
    await say(page, '/shrug');
    await until('it says so', async () => (await page.locator('#notice').innerText()).includes('There is no command “/shrug”.'));
    assert.equal(await page.inputValue('#text'), '/shrug', 'the text stays');
    await say(page, '/nick Zoe');
    await until('the name has changed', async () => (await page.locator('#members').innerText()).includes('Zoe'));
    await online(page);
    for (const text of [' /help', '/etc/hosts', '/2 of it']) await say(page, text);
    await sees(page, '/2 of it');
    assert.deepEqual(await texts(server, 'commands'), [' /help', '/etc/hosts', '/2 of it']);
    assert.equal((await server.messages('commands'))[0].user, 'Zoe');
    return [page];
  },

  async 'the text of an edit that is refused comes back to the composer'({ chromium, server }) {
    const context = await chromium.newContext();
    const page = await enter(context, server, 'refused', 'maya');
    await say(page, 'one');
    await sees(page, 'one');
    await page.press('#text', 'ArrowUp');
    await page.fill('#text', 'one, much better');
    // Meanwhile the message is deleted, by the same member.
    const row = page.locator('.row').first();
    await row.hover();
    await row.getByLabel('Delete').click();
    await row.getByText('Delete', { exact: true }).click();
    await until('it is deleted', async () => (await shown(page))[0] === '' || (await page.locator('.row').innerText()).includes('deleted'));
    await page.press('#text', 'Enter');
    await until('it is said', async () => (await page.locator('#notice').innerText()).startsWith('That didn’t work.'));
    assert.equal(await page.inputValue('#text'), 'one, much better');
    return [page];
  },

  async 'a file or link that is dropped beside the composer does not replace the page'({ chromium, server }) {
    const page = await enter(await chromium.newContext(), server, 'drop', 'maya');
    const drop = (target, kind, data) => page.evaluate(([selector, type, value]) => {
      const dataTransfer = new DataTransfer();
      if (type === 'Files') dataTransfer.items.add(new File(['x'], 'x.html', { type: 'text/html' }));
      else dataTransfer.setData(type, value);
      // An event that nobody cancels has its default: the browser opens what was dropped.
      return ['dragover', 'drop'].map((name) => document.querySelector(selector)
        .dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true })));
    }, [target, kind, data]);
    for (const target of ['#log', '#text', '.bar']) assert.deepEqual(await drop(target, 'Files'), [false, false], target);
    assert.match(await page.locator('#notice').innerText(), /can’t send files/);
    assert.deepEqual(await drop('#log', 'text/uri-list', 'https://example.com/'), [false, false]);
    assert.deepEqual(await drop('#text', 'text/plain', 'words'), [true, true], 'words go into the field');
    await page.goto(server.url);
    assert.deepEqual(await drop('main', 'Files'), [false, false]);
    return [page];
  },
};
