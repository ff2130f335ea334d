// A server, a browser, and the steps that tests are made of.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export { assert };
/// Milliseconds for whatever is waited for; `PATIENCE` in the environment is another number of them.
export const PATIENCE = Number(process.env.PATIENCE ?? 15_000);

const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/// Starts a browser with these `flags` added.
export async function browser(...flags) {
  const executablePath = CHROMIUM.find((path) => path && existsSync(path));
  assert(executablePath, 'there is no Chromium');
  const folder = process.env.PAGE;
  // A replaced page comes from no network, so it may not reach a local one.
  if (folder) flags.push('--disable-features=LocalNetworkAccessChecks');
  const launched = await chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...flags] });
  if (folder) replacePage(launched, folder);
  return launched;
}

/// Takes the page's files from a folder instead of from the server: a test can be run against an older page, or without a build.
function replacePage(launched, folder) {
  const make = launched.newContext.bind(launched);
  const icons = fileURLToPath(new URL('../../../assets/icons', import.meta.url));
  const packed = { 'icon.svg': join(icons, 'snug.svg'), 'icon.png': join(icons, 'snug-180.png') };
  launched.newContext = async (options) => {
    const context = await make(options);
    await context.route(/\/page\/[^/]+\/[^/]+$/, (route) => {
      const name = new URL(route.request().url()).pathname.split('/').at(-1);
      return route.fulfill({ path: packed[name] ?? join(folder, name) });
    });
    const document = (name, root) => async (route) => {
      const response = await route.fetch();
      const text = readFileSync(join(folder, name), 'utf8');
      const body = text.replaceAll('"/page/', `"${root}page/folder/`).replaceAll('href="/"', `href="${root}"`);
      return route.fulfill({ response, body });
    };
    await context.route(/^http:\/\/[^/]+\/$/, document('index.html', './'));
    await context.route(/\/chat\/[^/]+\/$/, (route) => (route.request().isNavigationRequest() ? document('room.html', '../../')(route) : route.continue()));
    return context;
  };
}

export async function freePort() {
  const listener = createServer();
  await new Promise((done) => { listener.listen(0, '127.0.0.1', done); });
  const { port } = listener.address();
  await new Promise((done) => { listener.close(done); });
  return port;
}

/// A server process with its own port and folder. Both stay the same over restarts.
export class Server {
  constructor(program, port, flags = []) {
    Object.assign(this, { program, port, flags, folder: mkdtempSync(join(tmpdir(), 'snug-page-')) });
    this.url = `http://127.0.0.1:${port}`;
  }

  async start() {
    const flags = ['--listen', `127.0.0.1:${this.port}`, '--data-dir', this.folder, ...this.flags];
    this.process = spawn(this.program, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
    await until('the server answers', async () => (await fetch(`${this.url}/readyz`)).ok);
    return this;
  }

  async kill() {
    const ended = new Promise((done) => { this.process.once('exit', done); });
    this.process.kill('SIGKILL');
    await ended;
  }

  async remove() {
    await this.kill();
    rmSync(this.folder, { recursive: true });
  }

  /// Posts a message. One that got no answer, because a kept connection had just ended, is posted again: its `id` makes that harmless.
  async say(room, user, message, id = randomUUID()) {
    const path = `${this.url}/api/rooms/${encodeURIComponent(room)}/messages`;
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user, message, id }) };
    const response = await fetch(path, post).catch(() => fetch(path, post));
    if (response.status === 429) {
      await new Promise((done) => { setTimeout(done, 1000 * Number(response.headers.get('retry-after') ?? 1)); });
      return this.say(room, user, message, id);
    }
    assert([200, 201].includes(response.status), await response.clone().text());
    return response.json();
  }

  /// Starts it again with more flags.
  async restart(...flags) {
    await this.kill();
    this.flags.push(...flags);
    return this.start();
  }

  /// Fills a room with `count` messages, many at once: their order is that of the server. It needs `--rate-limit off`.
  async fill(room, user, count) {
    let left = count;
    const some = async () => {
      while (left > 0) {
        left -= 1;
        await this.say(room, user, `one of ${count}`);
      }
    };
    await Promise.all(Array.from({ length: 32 }, some));
  }

  async messages(room) {
    const response = await fetch(`${this.url}/api/rooms/${encodeURIComponent(room)}/messages?limit=500`);
    return (await response.json()).entries.filter((entry) => entry.type === 'chat_message');
  }
}

export async function until(what, holds) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      const held = await holds();
      if (held) return held;
    } catch { /* not yet */ }
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((done) => { setTimeout(done, 40); });
  }
}

/// Joins a room as a user would, and waits until the page is online. `prepare` is called with the page before it loads.
export async function enter(context, server, room, name, prepare = () => {}) {
  const page = await context.newPage();
  watch(page);
  await prepare(page);
  await page.goto(`${server.url}/chat/${encodeURIComponent(room)}/`);
  if (await page.locator('#name-field').isVisible()) {
    await page.fill('#name-field', name);
    await page.click('#name-form button');
  }
  await online(page);
  return page;
}

/// A gate for what the server sends to a page, as on a slow network. Pass its `stand` to `enter`.
export class Gate {
  #held = null;

  stand = (page) => page.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => server.send(frame));
    server.onMessage((frame) => (this.#held ? this.#held.push(() => socket.send(frame)) : socket.send(frame)));
  });

  hold() { this.#held ??= []; }

  release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const send of held) send();
  }
}

/// Collects a page's errors and violations of its policy in `page.wrongs`.
export function watch(page) {
  page.wrongs = [];
  page.on('pageerror', (error) => page.wrongs.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/WebSocket|ERR_CONNECTION|Failed to load resource/.test(message.text())) page.wrongs.push(message.text());
  });
}

export const online = (page) => until('the page is online', async () => !(await page.title()).startsWith('…') && !(await page.locator('#strip').isVisible()));

export async function say(page, text) {
  await page.fill('#text', text);
  // On touch keyboards Enter starts a new line.
  if (await page.locator('#text').getAttribute('enterkeyhint') === 'enter') await page.click('#send');
  else await page.press('#text', 'Enter');
}

/// The texts on the screen, in order. Waiting messages begin with “… ”.
export const shown = (page) => page.$$eval('.row', (rows) => rows.map((row) =>
  (row.classList.contains('pending') ? '… ' : '') + (row.querySelector('.text')?.innerText ?? '')));

export const sees = (page, text) => until(`“${text}” is seen`, async () => (await shown(page)).includes(text));
