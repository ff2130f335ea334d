// Waiting sends. A send is stored before it goes over the wire. After any interruption it is sent again, in order and with the
// same `id`. It is removed when an entry with its `id` comes back: nothing else says that it is durable.

import { place, store, uuid } from './common.js';

export class Outbox {
  #prefix;
  #items;

  /// `changed` is called whenever the list of waiting sends changes.
  constructor(room, nickname, changed) {
    this.#prefix = place('out', room, nickname);
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

  /// The first that has not failed.
  next() { return this.items.find((item) => !item.failed); }

  /// Stores a send. Returns false if it is lost when the page closes.
  add(frame) {
    const item = { frame: { ...frame, id: uuid() }, at: Date.now() };
    this.#items.set(item.frame.id, item);
    const kept = this.#keep(item);
    this.changed();
    return kept;
  }

  get(id) { return this.#items.get(id); }

  strike(id) {
    if (!this.#items.delete(id)) return;
    store.remove(this.#prefix + id);
    this.changed();
  }

  fail(id, code, message) {
    const item = this.get(id);
    item.failed = { code, message };
    this.#keep(item);
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

  #keep(item) { return store.set(this.#prefix + item.frame.id, JSON.stringify(item)); }
}
