// The page behind a proxy that serves it below a path of its own.

import { assert, enter, say, sees, until, watch } from './harness.mjs';

export default {
  async 'below a base path two people find each other, and nothing outside it is asked for'({ chromium, server }) {
    await server.restart('--base-path', '/snug');
    const below = { url: `${server.url}/snug` };
    const asked = [];
    const [maya, zoe] = [await chromium.newContext(), await chromium.newContext()];
    for (const context of [maya, zoe]) context.on('request', (request) => asked.push(request.url()));
    const landing = await maya.newPage();
    watch(landing);
    landing.on('websocket', (socket) => asked.push(socket.url().replace(/^ws/, 'http')));
    // Without its last slash, as people type it.
    await landing.goto(below.url);
    await landing.fill('#room', 'tea');
    await landing.fill('#nickname', 'maya');
    await landing.press('#nickname', 'Enter');
    await landing.waitForURL(`${below.url}/chat/tea/`);
    const b = await enter(zoe, below, 'tea', 'zoe');
    await say(b, 'Found it.');
    await sees(landing, 'Found it.');
    await landing.goto(`${below.url}/chat/tea`);
    await sees(landing, 'Found it.');
    await until('the invite is below the path', async () => (await (await fetch(`${below.url}/invite?room=tea`)).json()).link === `${below.url}/chat/tea/`);
    await landing.locator('a[aria-label="Other rooms"], a:has-text("Other rooms")').locator('visible=true').first().click();
    await landing.waitForURL(`${below.url}/`);
    const outside = asked.filter((url) => !url.startsWith(`${below.url}/`) && url !== below.url);
    assert.deepEqual(outside, []);
    return [landing, b];
  },
};
