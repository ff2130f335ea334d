// One room's connection to the server: sends the hello, detects a dead connection, reconnects as `docs/protocol.md` says.

// The server is on the same network: a try costs nobody much.
const RETRY_CAP = 5_000;
const ANSWER = 10_000;
const RESTART = 5_000;
/// The browser's code for a connection that ended without a close frame.
const NO_HANDSHAKE = 1006;

const MISUNDERSTOOD = ['The server and this page have different versions. Reload this page.', 'other'];

// code: [what happened, whether and how to reconnect]. `other`: the user has to act first.
const CLOSES = {
  1000: ['The server closed this room.', 'other'],
  1001: ['The server is shutting down.', 'backoff'],
  1002: MISUNDERSTOOD,
  1003: MISUNDERSTOOD,
  1007: MISUNDERSTOOD,
  1009: MISUNDERSTOOD,
  1012: ['The server is restarting.', 'restart'],
  4000: MISUNDERSTOOD,
  4001: MISUNDERSTOOD,
  4002: ['The server doesn’t accept that nickname. Pick another.', 'name'],
  4003: ['That nickname is in use in this room. Pick another.', 'name'],
  4004: ['This room needs a password. Snug can’t ask for one yet.', 'other'],
  4005: ['A moderator removed you from this room.', 'other'],
  4006: ['You’re banned from this room.', 'other'],
  4007: ['The room or the server is full.', 'backoff'],
  4008: ['Your connection was too slow for this room.', 'backoff'],
  4009: ['You sent too much too quickly.', 'backoff'],
  4010: ['You opened this room in another window.', 'here'],
  4011: ['Something went wrong on the server.', 'backoff'],
};

export class Connection {
  #socket = null;
  #timer = null;
  #heartbeat = null;
  #tries = 0;
  #hint = null;
  #suggestion = null;
  #said = null;
  #established = false;
  #wasOnline = false;

  /// `room.hello()` returns the first frame, `room.frame(…)` receives each frame, `room.link(…)` each change of the connection.
  constructor(url, room) {
    this.url = url;
    this.room = room;
    addEventListener('online', () => this.#waiting() && this.now());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#waiting()) this.now();
    });
  }

  /// Connects at once, without waiting for the next try.
  now() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#drop();
    this.room.link({ state: 'connecting' });
    const socket = new WebSocket(this.url(), 'snug.v1');
    this.#socket = socket;
    this.#hint = null;
    this.#suggestion = null;
    this.#said = null;
    this.#arm(ANSWER);
    socket.onopen = () => socket.send(JSON.stringify(this.room.hello()));
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /// Returns true if the frame went into the socket. Only the entry coming back says that it arrived.
  send(frame) {
    if (!this.#established || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /// Closes the connection and reconnects. Resume brings what was missed.
  again() {
    this.#drop();
    this.#wait(this.#lost(), 'backoff');
  }

  #lost() { return this.#wasOnline ? 'Connection lost.' : `Nothing answers at ${location.host}. Is the server running?`; }

  #waiting() { return this.#timer !== null; }

  #drop() {
    clearTimeout(this.#heartbeat);
    this.#established = false;
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #receive(data) {
    let frame;
    try { frame = JSON.parse(data); } catch { return; }
    if (this.#established) this.#arm(this.pingEvery);
    if (frame.type === 'connection_established') {
      this.#established = this.#wasOnline = true;
      this.#tries = 0;
      this.pingEvery = (frame.limits?.ping_s ?? 20) * 1000;
      this.#arm(this.pingEvery);
      this.room.link({ state: 'online' });
    } else if (frame.type === 'error') {
      if (frame.retry_after_ms) this.#hint = frame.retry_after_ms;
      if (frame.suggestion) this.#suggestion = frame.suggestion;
      if (!this.#established) this.#said = frame.message;
    }
    this.room.frame(frame);
  }

  /// Sends a ping after silence. After more silence the connection is dead, whatever the browser reports.
  #arm(pause, asked = false) {
    clearTimeout(this.#heartbeat);
    this.#heartbeat = setTimeout(() => {
      if (!asked && this.send({ type: 'ping' })) return this.#arm(ANSWER, true);
      this.#drop();
      this.#wait(asked ? 'The server has stopped answering.' : this.#lost(), 'backoff');
    }, pause);
  }

  async #closed(code) {
    const suggestion = this.#suggestion;
    const socket = this.#socket;
    if (code === NO_HANDSHAKE && !this.#established) this.#said = await this.#refusal();
    if (socket !== this.#socket) return;
    this.#drop();
    const [known, back] = CLOSES[code] ?? [this.#lost(), 'backoff'];
    // The server's own sentence about a refused join says more than the code.
    const reason = this.#said ?? known;
    if (back === 'backoff' || back === 'restart') return this.#wait(reason, back);
    this.room.link({ state: 'stopped', reason, back, suggestion });
  }

  /// Why the server did not take the connection. Browsers keep the answer to a handshake to themselves, but the same address
  /// answers a plain request with the same refusal, or with 426 if nothing is wrong.
  async #refusal() {
    try {
      const answer = await fetch(this.url().replace(/^ws/, 'http'), { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(ANSWER) });
      return answer.status === 426 ? null : (await answer.json()).message ?? null;
    } catch {
      return null;
    }
  }

  #wait(reason, back) {
    clearTimeout(this.#timer);
    const most = Math.min(RETRY_CAP, 1000 * 2 ** this.#tries);
    this.#tries += 1;
    let pause = back === 'restart' ? Math.random() * RESTART : 250 + Math.random() * most;
    if (this.#hint) pause = Math.max(pause, this.#hint);
    this.#timer = setTimeout(() => this.now(), pause);
    this.room.link({ state: 'waiting', reason, until: Date.now() + pause });
  }
}
