// Hostile messages from members, and hostile pages of other sites.

import { createServer } from 'node:http';
import { assert, browser, enter, sees, until } from './harness.mjs';
import { PAYLOADS } from './payloads.mjs';

export default {
  async 'fifty scripts in names and texts make no element and no request'({ chromium, server }) {
    assert(PAYLOADS.length >= 50);
    const context = await chromium.newContext();
    const page = await enter(context, server, 'inject', 'maya');
    // An empty room shows its invite as a QR code; the page asks for that once.
    await until('the code is there', () => page.locator('#empty-code').evaluate((image) => image.complete && image.naturalWidth > 0));
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('dialog', (dialog) => { asked.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
    for (const payload of PAYLOADS) await server.say('inject', 'zoe', payload);
    await server.say('inject', '<b>bold</b>'.replaceAll('/', ''), 'a name of markup');
    await page.click('#topic');
    await page.fill('#topic-field', PAYLOADS[0].slice(0, 150));
    await page.press('#topic-field', 'Enter');
    await sees(page, 'a name of markup');
    await until('the topic is a text', async () => await page.locator('#topic').innerText() === PAYLOADS[0].slice(0, 150).trim());
    await page.click('#find');
    await page.fill('#search-text', 'alert');
    await until('they are found', async () => await page.locator('#results button').count() > 5);
    const strange = await page.evaluate(() => {
      const known = 'ARTICLE DIV P SPAN BDI TIME STRONG EM S CODE PRE BLOCKQUOTE MARK A BUTTON LI UL svg path'.split(' ');
      const made = [...document.querySelectorAll('#log *, #results *, #topic *, #members *, #said *')];
      return made.filter((element) => !known.includes(element.tagName)
        || [...element.attributes].some(({ name }) => name.startsWith('on') || name === 'src' || name === 'srcdoc')
        || (element.tagName === 'A' && !/^https?:/.test(element.getAttribute('href')))).map((element) => element.outerHTML);
    });
    assert.deepEqual(strange, []);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    // The only requests are to this server: the list of rooms and the search.
    assert.deepEqual(asked.filter((url) => !url.startsWith(`${server.url}/api/rooms`)), []);
    return [page];
  },

  async 'another site’s page reaches neither the socket nor the API, by its own name or by a borrowed one'({ server }) {
    // Another site on this machine, and one of its names that points at the Snug server, as in DNS rebinding.
    const site = createServer((_, response) => { response.setHeader('content-type', 'text/html'); response.end('<!doctype html><title>evil</title>'); });
    await new Promise((done) => { site.listen(0, '127.0.0.1', done); });
    const evil = await browser('--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1');
    try {
      await server.say('secret', 'zoe', 'for members only');
      const page = await evil.newPage();
      await page.goto(`http://evil.example:${site.address().port}/`);
      const reach = (base) => page.evaluate(async (url) => {
        const socket = (path, protocols) => new Promise((done) => {
          const tried = new WebSocket(url.replace('http', 'ws') + path, protocols);
          tried.onopen = () => done('open');
          tried.onerror = () => done('refused');
        });
        const get = (path, how) => fetch(url + path, how).then(async (answer) => answer.type === 'opaque' ? 'opaque' : `${answer.status} ${await answer.text()}`, () => 'refused');
        const events = (path) => new Promise((done) => {
          const tried = new EventSource(url + path);
          tried.onopen = () => done('open');
          tried.onerror = () => { tried.close(); done('refused'); };
        });
        // Requests that a browser sends without asking the server first: a beacon, and a form into a frame. The room's messages show if one succeeded.
        const post = '/api/rooms/secret/messages?user=eve';
        navigator.sendBeacon(url + post, 'planted by a beacon');
        const form = Object.assign(document.createElement('form'), { method: 'post', enctype: 'text/plain', action: url + post, target: 'hidden' });
        const frame = Object.assign(document.createElement('iframe'), { name: 'hidden' });
        form.append(Object.assign(document.createElement('input'), { name: 'planted', value: 'by a form' }));
        document.body.replaceChildren(frame, form);
        const answered = new Promise((done) => { frame.onload = done; });
        form.submit();
        await answered;
        const method = (name) => get('/api/rooms/secret/messages', { method: name, headers: { 'content-type': 'application/json' }, body: '{}' });
        return {
          native: await socket('/ws/chat/secret/eve', ['snug.v1']), plain: await socket('/ws/chat/secret/eve', []),
          lobby: await socket('/ws/socket-server/', []), lobbie: await socket('/ws/socker-server/', []),
          stream: await get('/api/rooms/secret/stream?after=0'), events: await events('/api/rooms/secret/stream?after=0'),
          put: await method('PUT'), patch: await method('PATCH'), delete: await method('DELETE'), invite: await get('/invite'),
          rooms: await get('/api/rooms'), messages: await get('/api/rooms/secret/messages'),
          simple: await get('/api/rooms/secret/messages?user=eve', { method: 'POST', mode: 'no-cors', body: 'planted' }),
          json: await get('/api/rooms/secret/messages', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"user":"eve","message":"planted"}' }),
        };
      }, base);
      for (const base of [server.url, `http://localhost:${server.port}`, `http://rebound.example:${server.port}`]) {
        const reached = await reach(base);
        assert.deepEqual([...new Set(Object.values(reached))], ['refused'], JSON.stringify(reached));
      }
      // After rebinding, the page's own origin is the Snug server. Only the Host header gives it away.
      const rebound = await page.goto(`http://rebound.example:${server.port}/api/rooms/secret/messages`);
      assert.equal(rebound.status(), 421);
      assert(!(await rebound.text()).includes('members only'));
      const own = await reach(`http://rebound.example:${server.port}`);
      for (const [what, answer] of Object.entries(own)) assert.match(answer, /^(421|refused)/, what);
      assert.deepEqual((await server.messages('secret')).map((entry) => entry.message), ['for members only']);
      // No other site may put the page into a frame (clickjacking).
      await page.goto(`http://evil.example:${site.address().port}/`);
      await page.evaluate((url) => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }, server.url);
      await page.waitForTimeout(500);
      assert.equal(await page.frames().at(-1).locator('#enter').count().catch(() => 0), 0);
    } finally {
      await evil.close();
      site.close();
    }
    return [];
  },
};
