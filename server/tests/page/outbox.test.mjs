// The page's outbox without a browser: changes of messages that are still on their way.

import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.location = { protocol: 'http:' };
const { Outbox } = await import('../../../assets/page/outbox.js');

const outbox = (room) => new Outbox(room, () => {});
const said = (message) => ({ type: 'chat_message', message });
const edit = (message) => ({ type: 'edit', message });
const texts = (box) => box.messages().map(({ message }) => message);
const first = (box) => box.items[0].frame.id;

test('a message that was never on the wire is changed and withdrawn at once', () => {
  const box = outbox('early');
  box.add(said('one'));
  box.add(said('two'));
  box.add(edit('one, better'), first(box));
  assert.deepEqual(texts(box), ['one, better', 'two']);
  assert.equal(box.items.length, 2);
  box.add({ type: 'delete' }, first(box));
  assert.deepEqual(texts(box), ['two']);
});

test('a change of a message on the wire waits for it, over a reload too, and nothing else waits for the change', () => {
  const before = outbox('wire');
  before.add(said('one'));
  before.tried(first(before));
  before.add(edit('one, better'), first(before));
  before.add(said('two'));
  const box = outbox('wire');
  const id = first(box);
  assert.deepEqual(texts(box), ['one, better', 'two']);
  assert.equal(box.next().frame.message, 'one', 'the same content under the same id');
  box.cameBack({ id, seq: 7 });
  const { frame } = box.next();
  assert.deepEqual([frame.type, frame.target, frame.message], ['edit', 7, 'one, better']);
  assert.equal(box.edited(7), 'one, better');
  box.cameBack({ id: frame.id, seq: 8 });
  assert.equal(box.next().frame.message, 'two');
});

test('a message on the wire that is withdrawn is deleted when it comes back', () => {
  const box = outbox('back');
  box.add(said('one'));
  const id = first(box);
  box.tried(id);
  box.add({ type: 'delete' }, id);
  assert.deepEqual(texts(box), []);
  assert.equal(box.next().frame.type, 'chat_message');
  box.cameBack({ id, seq: 3 });
  assert.deepEqual([box.next().frame.type, box.next().frame.target], ['delete', 3]);
});

test('changes of a message that is refused become part of it', () => {
  const box = outbox('refused');
  box.add(said('one'));
  const id = first(box);
  box.tried(id);
  box.add(edit('one, better'), id);
  box.fail(id, 'too_long', 'Too long.');
  assert.deepEqual(texts(box), ['one, better']);
  assert.equal(box.next(), undefined);
  box.retry(id);
  assert.deepEqual([box.next().frame.id, box.next().frame.message], [id, 'one, better']);
  box.add({ type: 'delete' }, id);
  assert.deepEqual(box.items.map(({ of }) => of), [undefined, id], 'it may be on the wire');
});
