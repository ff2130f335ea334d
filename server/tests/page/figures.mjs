// The cost of a visit.

import { assert, enter, until, watch } from './harness.mjs';

const RUNS = 7;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

export default {
  async 'it is small, quick, and not sent twice'({ chromium, server }) {
    const context = await chromium.newContext();
    await (await enter(context, server, 'size', 'maya')).close();
    const name = await context.storageState();
    await server.say('size', 'zoe', 'the first one');

    // Each run is a first visit in a fresh browser, then a second one.
    const [cold, warm] = [[], []];
    for (let run = 0; run < RUNS; run += 1) {
      const fresh = await chromium.newContext({ storageState: name });
      await fresh.addInitScript(speaks);
      for (const visits of [cold, warm]) visits.push(await visit(fresh, `${server.url}/chat/size/`));
      await fresh.close();
    }
    const say = (what, visits) => {
      const [{ files, unpacked, transferred }] = visits;
      const of = (figure) => median(visits.map((each) => each[figure])).toFixed(0);
      console.log(`     ${what}: ${files} requests, ${transferred} bytes on the wire (${unpacked} unpacked); medians of ${RUNS}: shown after `
        + `${of('painted')} ms, largest element after ${of('largest')} ms, own first message after ${of('spoken')} ms, `
        + `${of('long')} long tasks (${of('longest')} ms)`);
    };
    say('first visit', cold);
    say('again', warm);
    assert(cold[0].transferred < 75_000, `${cold[0].transferred} bytes`);
    assert(cold[0].unpacked < 170_000, `${cold[0].unpacked} bytes`);
    assert(warm[0].transferred < cold[0].transferred / 3, 'what the browser has is not sent again');
    return [];
  },
};

/// Runs in the page: sends a message as soon as possible, and notes when it is shown as sent.
function speaks() {
  window.figures = { largest: 0, long: 0, longest: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      window.figures.long += 1;
      window.figures.longest = Math.max(window.figures.longest, duration);
    }
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => { window.figures.largest = list.getEntries().at(-1).startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  const text = `said at ${Date.now()}`;
  let said = false;
  const look = () => {
    if (!said && document.querySelector('.row') && !document.title.startsWith('…')) {
      said = true;
      document.getElementById('text').value = text;
      document.getElementById('composer').requestSubmit();
    }
    const sent = [...document.querySelectorAll('.row:not(.pending) .text')].some((row) => row.textContent === text);
    if (!sent) return requestAnimationFrame(look);
    window.figures.spoken = performance.now();
  };
  requestAnimationFrame(look);
}

async function visit(context, url) {
  const page = await context.newPage();
  watch(page);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  let [files, transferred, unpacked] = [0, 0, 0];
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { transferred += encodedDataLength; files += 1; });
  devtools.on('Network.dataReceived', ({ dataLength }) => { unpacked += dataLength; });
  await page.goto(url);
  await until('it has spoken', () => page.evaluate(() => window.figures.spoken));
  await page.waitForTimeout(200);
  const figures = await page.evaluate(() => ({ ...window.figures, painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 }));
  assert.deepEqual(page.wrongs, []);
  await page.close();
  return { files, transferred, unpacked, ...figures };
}
