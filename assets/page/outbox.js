// Waiting sends. A send is stored before it goes over the wire. After any interruption it is sent again, in order and with the
// same `id`. It is removed when an entry with its `id` comes back: nothing else says that it is durable.

import { place, store, uuid } from './common.js';

export class Outbox {
  #prefix;
  #items;

  /// `changed` is called whenever the list of waiting sends changes.
  constructor(room, changed) {
    this.#prefix = place('out', room);
    this.changed = changed;
    // The ids are UUIDs v7, so they sort in the order of sending.
    this.#items = new Map(store.keys().filter((key) => key.startsWith(this.#prefix)).sort().flatMap((key) => {
      try {
        const item = JSON.parse(store.get(key));
        return typeof item.frame.id === 'string' ? [[item.frame.id, item]] : [];
      } catch {
        return [];
      }
    }));
  }

  get items() { return [...this.#items.values()]; }

  /// The first that can go out: it has not failed, and the message that it changes is there.
  next() { return this.items.find((item) => !item.failed && !item.of); }

  /// The waiting messages as they will be: with the texts of their edits, and without those withdrawn.
  messages() {
    const messages = this.items.filter(({ frame, of }) => frame.type === 'chat_message' && !of);
    return messages.filter(({ frame }) => !this.#changes(frame.id).some((change) => change.frame.type === 'delete'))
      .map((item) => ({ ...item, message: this.#changes(item.frame.id).at(-1)?.frame.message ?? item.frame.message }));
  }

  /// The text of the newest waiting edit of an entry.
  edited(seq) { return this.items.findLast(({ frame }) => frame.type === 'edit' && frame.target === seq)?.frame.message; }

  /// Stores a send. With `of`, the id of a waiting message that it changes, it waits for that one. A message that was never on
  /// the wire, or was refused, is changed at once. Returns false if the send is lost when the page closes.
  add(frame, of) {
    const changed = this.get(of);
    if (changed && (changed.failed || !changed.tried)) return this.#amend(changed, frame);
    const item = { frame: { ...frame, id: uuid() }, at: Date.now(), of: changed && of };
    return this.#put(item);
  }

  get(id) { return this.#items.get(id); }

  /// A send goes on the wire: from now on the server may have it.
  tried(id) {
    const item = this.get(id);
    if (item.tried) return;
    item.tried = true;
    this.#keep(item);
  }

  /// An entry acknowledges the send with its id. Changes that waited for it get their target.
  cameBack({ id, seq }) {
    for (const item of this.#changes(id)) {
      item.frame.target = seq;
      delete item.of;
      this.#keep(item);
    }
    this.strike(id);
  }

  /// Removes a send, and the changes that waited for it.
  strike(id) {
    for (const item of this.#changes(id)) this.strike(item.frame.id);
    if (!this.#items.delete(id)) return;
    store.remove(this.#prefix + id);
    this.changed();
  }

  /// A send was refused. It was not stored, so the changes that waited for it become part of it.
  fail(id, code, message) {
    const item = this.get(id);
    item.failed = { code, message };
    this.#keep(item);
    for (const change of this.#changes(id)) {
      this.strike(change.frame.id);
      this.#amend(item, change.frame);
    }
    this.changed();
  }

  /// Retries a failed send. After an `id_conflict` it gets a new id and goes to the end.
  retry(id) {
    const item = this.get(id);
    if (!item) return;
    if (item.failed?.code === 'id_conflict') {
      this.strike(id);
      this.add(item.frame);
      return;
    }
    delete item.failed;
    this.#keep(item);
    this.changed();
  }

  #changes(id) { return this.items.filter(({ of }) => of !== undefined && of === id); }

  #amend(item, { type, message }) {
    const { id } = item.frame;
    if (type === 'delete') {
      this.strike(id);
      return true;
    }
    item.frame.message = message;
    const kept = this.#keep(item);
    this.changed();
    return kept;
  }

  #put(item) {
    this.#items.set(item.frame.id, item);
    const kept = this.#keep(item);
    this.changed();
    return kept;
  }

  #keep(item) { return store.set(this.#prefix + item.frame.id, JSON.stringify(item)); }
}
