// What the page holds after one has read back through a long history: `node memory.mjs path/to/snug-server [messages]`.
//
// It measures and asserts nothing: `reading.mjs` has the bounds in rows and elements.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { browser, enter, freePort, sees, Server } from './harness.mjs';

const program = resolve(process.argv[2] ?? 'target/debug/snug-server');
const count = Number(process.argv[3] ?? 20_000);
const chromium = await browser('--js-flags=--expose-gc', '--enable-precise-memory-info');
const server = await new Server(program, await freePort(), ['--rate-limit', 'off']).start();

/// The resident megabytes of the renderer that has grown most: the page's own process.
async function resident() {
  const session = await chromium.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const of = ({ id }) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]) / 1024;
  return Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(of)).toFixed(0);
}

async function say(page, devtools, what) {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const rows = await page.locator('.row').count();
  console.log(`${what}: ${(of('JSHeapUsedSize') / 1e6).toFixed(1)} MB of JavaScript, ${of('Nodes')} nodes, ${of('JSEventListeners')} listeners, `
    + `${rows} rows; the process has ${await resident()} MB`);
}

try {
  await server.fill('memory', 'zoe', count);
  const page = await enter(await chromium.newContext(), server, 'memory', 'maya');
  await sees(page, `one of ${count}`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await say(page, devtools, 'the newest page');
  const oldest = () => page.evaluate(() => {
    document.getElementById('log').scrollTop = 0;
    return Number(document.querySelector('.row[data-seq]').dataset.seq);
  });
  let told = count;
  for (let at = await oldest(); at > 1; at = await oldest()) {
    if (at < told - 5000) await say(page, devtools, `read back to ${told = at}`);
    await page.waitForTimeout(15);
  }
  await say(page, devtools, 'the first message');
} finally {
  await chromium.close();
  await server.remove();
}
