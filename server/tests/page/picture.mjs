// The README's picture: a conversation between the app, two web pages and a script, on a real server.
//
//     node picture.mjs path/to/snug-server path/to/snug picture.png
//
// The app's window is photographed. Everything in the picture went over the wire.

import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assert, browser, enter, freePort, say, sees, Server, until } from './harness.mjs';

const ROOM = 'workshop';
const OTHERS = ['standup', 'kitchen'];
const SIZE = '1000x700';
const [program, app, picture] = ['target/debug/snug-server', 'target/debug/snug', 'target/picture/conversation.png']
  .map((path, at) => resolve(process.argv[2 + at] ?? path));

/// The app's window, which says `maya`'s lines. `shown` are the numbers of the messages in view.
async function window(server) {
  const script = fileURLToPath(new URL('../../../client/tests/window/lines.py', import.meta.url));
  const driver = spawn('python3', [script, app, server.port, ROOM, 'maya', picture, SIZE, ...OTHERS], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = null;
  createInterface(driver.stdout).on('line', (line) => { shown = line.split(' ').filter(Boolean); });
  const ended = new Promise((done) => { driver.once('exit', done); });
  await until('the app is in the room', () => shown || driver.exitCode !== null);
  return {
    say: (text) => driver.stdin.write(`${text}\n`),
    shows: (seq) => until(`the app shows message ${seq}`, () => shown.at(-1) === String(seq)),
    async end() {
      driver.stdin.end();
      assert.equal(await ended, 0);
    },
  };
}

/// Snug's own port, which the window shows; any other where that is taken.
async function port() {
  const free = await new Promise((done) => {
    const tried = createServer().once('error', () => done(false)).listen(8000, '127.0.0.1', () => tried.close(() => done(true)));
  });
  return free ? 8000 : freePort();
}

async function react(page, text, emoji) {
  const row = page.locator('.row', { hasText: text }).last();
  await row.hover();
  await row.getByLabel('React', { exact: true }).click();
  await row.getByLabel(`React with ${emoji}`).click();
  await until(`${emoji} is there`, () => row.locator('.reaction', { hasText: emoji }).isVisible());
}

async function reply(page, text, words) {
  const row = page.locator('.row', { hasText: text }).last();
  await row.hover();
  await row.getByLabel('Reply').click();
  await say(page, words);
}

const chromium = await browser();
const server = await new Server(program, await port(), ['--name', 'The lab']).start();
try {
  for (const room of OTHERS) await server.say(room, 'zoe', 'Good morning!');
  const zoe = await enter(await chromium.newContext(), server, ROOM, 'zoe');
  const amir = await enter(await chromium.newContext(), server, ROOM, 'amir');
  await zoe.click('#topic');
  await zoe.fill('#topic-field', 'Bench 2 is free after five');
  await zoe.press('#topic-field', 'Enter');
  const maya = await window(server);
  const everyone = async (text) => {
    await sees(zoe, text);
    await sees(amir, text);
  };
  await say(zoe, 'Has anybody seen the label printer?');
  await everyone('Has anybody seen the label printer?');
  maya.say('Second shelf, behind the oscilloscope.');
  await everyone('Second shelf, behind the oscilloscope.');
  await react(zoe, 'oscilloscope', '❤️');
  await react(amir, 'oscilloscope', '❤️');
  await reply(zoe, 'oscilloscope', 'Found it, thank you! Tea is on me 🍵');
  await sees(amir, 'Found it, thank you! Tea is on me 🍵');
  await promisify(execFile)(app, ['send', ROOM, 'Build 218 is green: 412 tests passed.', '--as', 'builder', '--server', `127.0.0.1:${server.port}`]);
  await sees(amir, 'Build 218 is green: 412 tests passed.');
  await react(zoe, 'Build 218', '🎉');
  await react(amir, 'Build 218', '🎉');
  await react(amir, 'Build 218', '👀');
  await say(amir, 'Flashing it now. Results at http://lab.local:8000/chat/bench/');
  await everyone('Flashing it now. Results at http://lab.local:8000/chat/bench/');
  maya.say('Great. See you both at five.');
  await everyone('Great. See you both at five.');
  const entries = await server.messages(ROOM);
  await maya.shows(entries.at(-1).seq);
  for (const page of [zoe, amir]) assert.deepEqual(page.wrongs, []);
  await maya.end();
  console.log(`a conversation of ${entries.length} messages; its picture is ${picture}`);
} finally {
  await chromium.close();
  await server.remove();
}
