// One web page in a real browser, driven by lines: the window test has it in the same rooms as the apps (client/tests/window).
//
//     node driven.mjs
//
// Each line on stdin is an act as JSON, such as {"do": "say", "text": "Good morning"}, and is answered by a line: {"is": what
// came of it} or {"failed": why}. The acts come one after the other.

import { createInterface } from 'node:readline';
import { browser, enter, online, PATIENCE, say, shown } from './harness.mjs';

const chromium = await browser();
const context = await chromium.newContext();
context.setDefaultTimeout(PATIENCE);
const wrongs = [];
let page = null;

async function leave() {
  wrongs.push(...(page?.wrongs ?? []));
  await page?.close();
  page = null;
}

const acts = {
  /// Leaves the room before, as one tab does.
  async join({ url, room, name }) {
    await leave();
    page = await enter(context, { url }, room, name);
  },
  /// To another room, by a click in the list.
  async go({ room }) {
    await page.click(`#rooms a:has(bdi:text-is("${room}"))`);
    await page.waitForURL(`**/chat/${encodeURIComponent(room)}/`);
    await online(page);
  },
  say: ({ text }) => say(page, text),
  shown: () => shown(page),
  /// What is unread in each room of the list, which is asked for as by coming back to the tab.
  async rooms() {
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    const list = await page.$$eval('#rooms a', (links) => links.map((link) => [
      link.querySelector('bdi').textContent, link.querySelector('.badge')?.getAttribute('aria-label') ?? '']));
    return Object.fromEntries(list);
  },
  picture: ({ path }) => page.screenshot({ path }),
  async close() {
    await leave();
    return wrongs;
  },
};

const answer = (is) => process.stdout.write(`${JSON.stringify(is)}\n`);
answer({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { do: act, ...values } = JSON.parse(line);
  try {
    const is = await acts[act](values);
    // A picture's bytes are in its file.
    answer({ is: is instanceof Uint8Array ? undefined : is });
  } catch (error) {
    answer({ failed: String(error?.stack ?? error) });
  }
}
await chromium.close();
