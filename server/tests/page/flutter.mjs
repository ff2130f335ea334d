// The Flutter app's side of the wire: the handshake as Dart's own client sends it, frames of text, and its list of messages.

import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { assert } from './harness.mjs';

const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10];

export class FlutterApp {
  /// What its list shows: `{message, user}`, oldest first.
  list = [];
  #received = Buffer.alloc(0);

  constructor(port, room, user) {
    Object.assign(this, { port, room, user });
  }

  async start() {
    const key = randomBytes(16).toString('base64');
    this.socket = connect(this.port, '127.0.0.1');
    this.socket.write([
      `GET /ws/chat/${this.room}/${this.user} HTTP/1.1`, 'user-agent: Dart/3.5 (dart:io)', 'connection: Upgrade', 'cache-control: no-cache',
      'accept-encoding: gzip', 'sec-websocket-version: 13', 'sec-websocket-extensions: permessage-deflate; client_max_window_bits',
      `host: 127.0.0.1:${this.port}`, 'upgrade: websocket', `sec-websocket-key: ${key}`, '', '',
    ].join('\r\n'));
    const head = await new Promise((done, failed) => {
      this.socket.on('error', failed);
      this.socket.on('data', (data) => {
        this.#received = Buffer.concat([this.#received, data]);
        const end = this.#received.indexOf('\r\n\r\n');
        if (!this.upgraded && end < 0) return;
        if (!this.upgraded) {
          this.upgraded = true;
          done(this.#received.subarray(0, end).toString());
          this.#received = this.#received.subarray(end + 4);
        }
        this.#frames();
      });
    });
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert(head.toLowerCase().includes(`sec-websocket-accept: ${accept}`.toLowerCase()), head);
    assert(!/sec-websocket-extensions/i.test(head), 'nothing was packed that is not unpacked here');
    return this;
  }

  /// It shows its own at once, and would show it twice if it came back.
  say(message) {
    this.list.push({ message, user: this.user });
    this.#send(TEXT, JSON.stringify({ type: 'chat_message', message, user: this.user }));
  }

  end() { this.socket.destroy(); }

  #frames() {
    for (;;) {
      const [first, short] = this.#received;
      const wide = { 126: 2, 127: 8 }[short] ?? 0;
      if (this.#received.length < 2 + wide) return;
      const length = wide === 8 ? Number(this.#received.readBigUInt64BE(2)) : wide ? this.#received.readUInt16BE(2) : short;
      const end = 2 + wide + length;
      if (this.#received.length < end) return;
      this.#take(first & 15, this.#received.subarray(2 + wide, end));
      this.#received = this.#received.subarray(end);
    }
  }

  #take(kind, data) {
    if (kind === PING) return this.#send(PONG, data);
    assert.equal(kind, TEXT, kind === CLOSE ? `closed: ${data}` : `a frame of kind ${kind}`);
    // Whatever it is, it is shown.
    const { message, user } = JSON.parse(data);
    this.list.push({ message, user });
  }

  #send(kind, text) {
    const data = Buffer.from(text);
    assert(data.length < 126, 'what is said here is short');
    const mask = randomBytes(4);
    const masked = data.map((byte, at) => byte ^ mask[at % 4]);
    this.socket.write(Buffer.concat([Buffer.from([0x80 | kind, 0x80 | data.length]), mask, masked]));
  }
}
