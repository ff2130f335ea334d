// The web page in a real Chromium, against the real server: `node page.mjs path/to/snug-server [folder for pictures] [part of a fact]`.

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { assert, browser, freePort, Server } from './harness.mjs';
import actions from './actions.mjs';
import figures from './figures.mjs';
import hostile from './hostile.mjs';
import looks from './looks.mjs';
import messages from './messages.mjs';
import phone from './phone.mjs';
import proxied from './proxied.mjs';
import reading from './reading.mjs';
import rooms from './rooms.mjs';
import sending from './sending.mjs';
import talk from './talk.mjs';

const program = resolve(process.argv[2] ?? 'target/debug/snug-server');
const pictures = resolve(process.argv[3] ?? 'target/page');
const only = process.argv[4] ?? '';
mkdirSync(pictures, { recursive: true });

const chromium = await browser();
let failed = 0;
for (const [fact, prove] of Object.entries({ ...talk, ...messages, ...actions, ...rooms, ...sending, ...reading, ...phone, ...hostile, ...proxied, ...looks, ...figures })) {
  if (!fact.includes(only)) continue;
  // Each test has its own server, because it may kill it.
  const server = await new Server(program, await freePort()).start();
  try {
    const pages = await prove({ chromium, server, pictures });
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
