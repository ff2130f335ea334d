// All clients in one room, those of the tutorials too: `node clients.mjs path/to/snug-server path/to/snug [folder for pictures]`.
//
// The room is `test`, because the lobby tutorials know no other.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FlutterApp } from './flutter.mjs';
import { assert, browser, enter, freePort, say, Server, shown, until, watch } from './harness.mjs';

const ROOM = 'test';
const program = resolve(process.argv[2] ?? 'target/debug/snug-server');
const app = resolve(process.argv[3] ?? 'target/debug/snug');
const pictures = resolve(process.argv[4] ?? 'target/clients');
mkdirSync(pictures, { recursive: true });
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/// A proxy in front of the server, as nginx would be: it serves the tutorials' pages and passes `/ws/` on with its Host.
async function tutorials(port) {
  const text = (name, values = {}) => Object.entries(values).reduce((page, [key, value]) => page.replace(`{{ ${key} }}`, value),
    readFileSync(here(`tutorials/${name}.html`), 'utf8'));
  const proxy = createServer(({ url }, response) => {
    const room = /^\/chat\/([^/]+)\/$/.exec(url);
    const page = room ? text('django-room', { room: JSON.stringify(decodeURIComponent(room[1])) })
      : url === '/chat/' ? text('django-index')
        : url === '/lobby/' ? text('lobby', { path: '/ws/socket-server/' })
          : url === '/lobbie/' ? text('lobby', { path: '/ws/socker-server/' }) : null;
    response.writeHead(page ? 200 : 404, { 'content-type': 'text/html' }).end(page);
  });
  proxy.on('upgrade', ({ method, url, rawHeaders }, socket, head) => {
    if (!url.startsWith('/ws/')) return socket.destroy();
    const to = connect(port, '127.0.0.1');
    const headers = rawHeaders.map((word, at) => (at % 2 ? `${word}\r\n` : `${word}: `)).join('');
    to.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
    to.write(head);
    to.pipe(socket).pipe(to);
    for (const [end, other] of [[to, socket], [socket, to]]) end.on('error', () => other.destroy());
  });
  await new Promise((done) => { proxy.listen(0, '127.0.0.1', done); });
  return proxy;
}

/// A tutorial's page, with every frame it was sent.
async function open(chromium, url) {
  const page = await (await chromium.newContext()).newPage();
  watch(page);
  page.frames = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => page.frames.push(JSON.parse(payload))));
  await page.goto(url);
  return page;
}

const connected = (page) => until('the socket is open', () => page.evaluate(() => chatSocket.readyState === WebSocket.OPEN));

/// The Django Channels tutorial: its first page, a room typed, and what its log shows.
async function django(chromium, base) {
  const page = await open(chromium, `${base}/chat/`);
  await page.keyboard.type(ROOM);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/chat/${ROOM}/`);
  await connected(page);
  return {
    page,
    say: async (text) => {
      await page.fill('#chat-message-input', text);
      await page.click('#chat-message-submit');
    },
    shown: async () => (await page.inputValue('#chat-log')).split('\n').slice(0, -1),
  };
}

/// A lobby tutorial. The greeting comes before any message.
async function lobby(chromium, url) {
  const page = await open(chromium, url);
  await connected(page);
  await until('it is greeted', () => page.frames.length > 0);
  assert.deepEqual(page.frames[0], { type: 'connection_established', message: 'You are now connected!' });
  return {
    page,
    say: async (text) => {
      await page.fill('input[name=message]', text);
      await page.press('input[name=message]', 'Enter');
    },
    shown: () => page.$$eval('#messages p', (lines) => lines.map((line) => line.textContent)),
  };
}

async function flutter(port) {
  const started = await new FlutterApp(port, ROOM, 'flutter').start();
  return {
    say: async (text) => started.say(text),
    shown: async () => started.list.map(({ message }) => message),
    list: started.list,
    end: async () => started.end(),
  };
}

async function page(chromium, server) {
  const tab = await enter(await chromium.newContext(), server, ROOM, 'maya');
  return { page: tab, say: (text) => say(tab, text), shown: () => shown(tab) };
}

/// The app in a real window. It reports the numbers of the messages it shows; the server has their texts.
async function desktop(server) {
  const script = here('../../../client/tests/window/lines.py');
  const driver = spawn('python3', [script, app, server.port, ROOM, 'zoe', join(pictures, 'app.png')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const seen = new Set();
  let ready = false;
  createInterface(driver.stdout).on('line', (line) => {
    ready = true;
    const seqs = line.split(' ').filter((seq) => seq && seq !== '…').map(Number);
    assert(seqs.every((seq, at) => at === 0 || seq > seqs[at - 1]), `once and in order: ${line}`);
    for (const seq of seqs) seen.add(seq);
  });
  const ended = new Promise((done) => { driver.once('exit', done); });
  await until('the app is in the room', () => ready || driver.exitCode !== null);
  return {
    say: async (text) => driver.stdin.write(`${text}\n`),
    shown: async () => (await server.messages(ROOM)).filter(({ seq }) => seen.has(seq)).map(({ message }) => message),
    end: async () => {
      driver.stdin.end();
      assert.equal(await ended, 0);
    },
  };
}

/// `curl` only sends.
const curl = (server) => ({
  say: (text) => promisify(execFile)('curl', ['-fsS', '-d', text, `${server.url}/api/rooms/${ROOM}/messages?user=ci`]),
});

const chromium = await browser();
const server = await new Server(program, await freePort()).start();
const proxy = await tutorials(server.port);
const base = `http://127.0.0.1:${proxy.address().port}`;
const clients = {};
try {
  clients.app = await desktop(server);
  clients.django = await django(chromium, base);
  clients.lobby = await lobby(chromium, `${base}/lobby/`);
  clients.lobbie = await lobby(chromium, `${base}/lobbie/`);
  clients.flutter = await flutter(server.port);
  clients.page = await page(chromium, server);
  clients.curl = curl(server);

  const said = [];
  /// Every client that shows messages shows all of them, each once.
  const heard = async () => {
    for (const [name, client] of Object.entries(clients)) {
      if (!client.shown) continue;
      const all = async () => (await client.shown()).length >= said.length;
      await until(`${name} shows ${said.length} messages`, all).catch((error) => { console.error(error.message); });
      const lines = await client.shown();
      assert.deepEqual([...lines].sort(), [...said].sort(), name);
    }
  };
  const speak = async (name, text) => {
    said.push(text);
    await clients[name].say(text);
  };
  // One after the other, so that all clients show the same order.
  for (const name of Object.keys(clients)) {
    await speak(name, `${name} is here`);
    await heard();
  }
  for (const client of Object.values(clients)) if (client.shown) assert.deepEqual(await client.shown(), said);
  // All at once, some in other scripts. xdotool types only ASCII.
  await Promise.all(Object.keys(clients).map((name) => speak(name, name === 'app' ? 'app says tea' : `${name} says 茶 “tea” ☕ שלום`)));
  await heard();

  const log = await server.messages(ROOM);
  const order = log.map(({ message }) => message);
  assert.deepEqual([...order].sort(), [...said].sort(), 'the log has each once');
  for (const [name, client] of Object.entries(clients)) {
    // The Flutter app shows its own before the server has it.
    const others = (lines) => lines.filter((line) => !line.startsWith('flutter'));
    if (client.shown) assert.deepEqual(others(await client.shown()), others(order), name);
  }
  // The fields beside the text.
  const authors = new Map(log.map(({ message, user }) => [message, user]));
  for (const { message, user } of clients.flutter.list) assert.equal(user, authors.get(message), 'every frame has its author');
  for (const frame of clients.django.page.frames) assert(typeof frame.message === 'string' && typeof frame.user === 'string', JSON.stringify(frame));
  for (const { page: { frames } } of [clients.lobby, clients.lobbie]) {
    for (const frame of frames.slice(1)) assert.deepEqual(Object.keys(frame).sort(), ['message', 'type'], JSON.stringify(frame));
  }
  const marked = await clients.page.page.$$eval('.row', (rows) => rows.filter((row) => row.querySelector('.tag')).map((row) => row.querySelector('.name').textContent));
  assert.deepEqual([...new Set(marked)], ['ci'], 'only what curl posted is marked as automated');
  await clients.page.page.screenshot({ path: join(pictures, 'page.png') });
  for (const { page: tab } of Object.values(clients)) if (tab) assert.deepEqual(tab.wrongs, []);
  console.log(`ok   ${Object.keys(clients).length} clients in one room, ${log.length} messages: each shown once by everybody (${Object.keys(clients).join(', ')})`);
} finally {
  for (const client of Object.values(clients)) await client.end?.().catch((error) => { console.error(error); process.exitCode = 1; });
  await chromium.close();
  proxy.close();
  await server.remove();
}
