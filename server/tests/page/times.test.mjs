// Times that no clock can have said are shown as that, and break nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.location = { protocol: 'http:', host: 'localhost' };
const { day, dayName, iso, moment, time } = await import('../../../assets/page/common.js');

test('a time out of range is unknown and not in 1969', () => {
  for (const at of [NaN, undefined, null, Infinity, -Infinity, -1, 0, 86_399_999, 8.64e15 + 1, Number.MAX_VALUE]) {
    assert.deepEqual([time(at), moment(at), dayName(at), iso(at), day(at)], ['unknown time', 'unknown time', 'Unknown time', null, 0], String(at));
  }
});

test('any other is shown', () => {
  const now = Date.now();
  assert.match(time(now), /^\d\d:\d\d$/);
  assert.equal(dayName(now), 'Today');
  assert.equal(iso(now), new Date(now).toISOString());
  assert.equal(day(new Date(now)), new Date(now).setHours(0, 0, 0, 0));
});
