// Entries folded into rows. Knows nothing of elements or sockets.

/// Changes remembered for messages that are not loaded yet.
const CHANGES = 2_000;
/// Rows held around the place that is read, and how many more may come before some are let go. They are loaded again when needed.
const MOST = 1_000;
const SLACK = 300;
/// The newest rows are always held, so that the way to the end needs no request.
const TAIL = 100;

/// The nearest entry below and above which everything is accounted for, seen from a row.
const from = (row) => (row.kind === 'hole' ? row.after + 1 : row.seq);
const upTo = (row) => (row.kind === 'hole' ? row.before - 1 : row.seq);
const isMissing = (row) => row?.kind === 'hole' && row.reason === 'missed' && !row.past;

export class Timeline {
  epoch = null;
  /// The newest entry applied, and its id: where to resume.
  after = 0;
  afterId = null;
  topic = '';
  by = null;
  /// Messages, topics and holes, oldest first. A hole stands for the entries missing between its neighbours.
  rows = [];
  /// The oldest entry held, and whether the server has older ones.
  oldest = null;
  more = false;
  /// The gap between the entries held and the newest ones, after a join that could not resume.
  gap = null;
  #messages = new Map();
  #changes = [];
  #era = 0;

  /// A join. The same log continues, or it has a gap, or the server has a new history.
  established({ epoch, first, last, resumed, topic, limits }) {
    this.topic = topic ?? '';
    if (resumed) return;
    const before = this.rows.some((row) => row.kind === 'message');
    // A server that could resume and does not has another log.
    const could = this.after && last - this.after <= (limits?.replay ?? 0) && first <= this.after + 1;
    if (before && (this.epoch !== epoch || last < this.after || could)) {
      this.#era += 1;
      for (const row of this.rows) Object.assign(row, { past: true, rev: row.rev + 1 });
      // The server no longer has these: what is let go is gone.
      this.rows = this.rows.filter((row) => row.kind !== 'hole').slice(-MOST / 2);
      this.rows.push({ kind: 'hole', key: `hole-${this.#era}`, reason: 'anew', rev: 0 });
      this.#messages.clear();
      this.#changes = [];
      this.oldest = null;
      this.gap = null;
    } else if (before && this.after) {
      this.gap = { after: this.after, lost: first > this.after + 1 };
    }
    this.epoch = epoch;
    this.first = first;
    this.after = 0;
    this.afterId = null;
    if (last === 0) this.more = false;
  }

  /// Appends entries. Returns false if entries before them are missing.
  extend(entries) {
    for (const entry of entries) {
      if (this.after && entry.seq <= this.after) continue;
      if (this.after && entry.seq !== this.after + 1) return false;
      if (!this.after) {
        this.#begin(entry.seq);
        if (this.after) continue;
      }
      this.after = entry.seq;
      this.afterId = entry.id;
      const row = this.#row(entry);
      if (row) this.rows.push(row);
      this.#change(entry);
    }
    return true;
  }

  /// The first entry of a fresh join.
  #begin(seq) {
    const gap = this.gap;
    this.gap = null;
    if (gap && seq > gap.after + 1) {
      const kept = gap.lost ? Math.min(this.first, seq) - 1 : gap.after;
      if (kept > gap.after) this.rows.push(this.#hole('lost', gap.after, kept + 1));
      if (seq > kept + 1) this.rows.push(this.#hole('missed', kept, seq));
    } else if (!gap) {
      this.oldest = seq;
      this.more = seq > this.first;
    }
    // The newest page overlaps the entries held.
    if (gap && seq <= gap.after) this.after = gap.after;
  }

  #hole(reason, after, before) {
    return { kind: 'hole', key: `hole-${this.#era}-${before}`, reason, after, before, rev: 0 };
  }

  /// What is missing around an entry: `{after, before}`, or undefined if it is held. Above the oldest row there is no hole to see.
  missing(seq) {
    if (this.oldest !== null && seq < this.oldest) return this.more ? { after: this.first - 1, before: this.oldest } : undefined;
    return this.rows.find((row) => isMissing(row) && row.after < seq && seq < row.before);
  }

  /// A page from the server, for a hole or for the top: all entries from its first one up to `before`.
  insert({ before, entries, more }) {
    const hole = this.missing(before - 1);
    if (!hole) return;
    const wanted = entries.filter(({ seq }) => hole.after < seq && seq < hole.before);
    const rows = wanted.map((entry) => this.#row(entry)).filter(Boolean);
    const lowest = wanted[0]?.seq ?? before;
    const below = before < hole.before ? [this.#hole('missed', before - 1, hole.before)] : [];
    if (hole.kind) {
      const reason = more && wanted.length ? 'missed' : 'lost';
      const above = lowest > hole.after + 1 ? [this.#hole(reason, hole.after, lowest)] : [];
      this.rows.splice(this.rows.indexOf(hole), 1, ...above, ...rows, ...below);
    } else {
      this.rows.splice(this.#begins(), 0, ...rows, ...below);
      this.oldest = lowest;
      this.more = more && wanted.length > 0;
    }
    // Changes that arrived before these messages did. The page may have been read before them.
    for (const entry of this.#changes) this.#apply(entry);
  }

  /// Lets go of rows far from the entry that is read, or from the end.
  trim(seq = Infinity) {
    const start = this.#begins();
    const length = this.rows.length;
    if (length - start <= MOST + SLACK) return;
    const found = this.rows.findIndex((row, at) => at >= start && upTo(row) >= seq);
    const first = Math.max(start, Math.min((found < 0 ? length : found) - MOST / 2, length - MOST));
    if (first + MOST < length - TAIL) this.#letGo(first + MOST, length - TAIL);
    if (first > start) this.#letGo(start, first);
  }

  /// Lets go of the rows from one place up to another. What is between others leaves a hole.
  #letGo(start, end) {
    while (isMissing(this.rows[end])) end += 1;
    while (isMissing(this.rows[start - 1])) start -= 1;
    const top = start === this.#begins();
    const below = from(this.rows[end]);
    const hole = top ? [] : [this.#hole('missed', upTo(this.rows[start - 1]), below)];
    for (const row of this.rows.splice(start, end - start, ...hole)) this.#messages.delete(row.seq);
    if (!top) return;
    this.oldest = below;
    this.more = true;
  }

  /// The place of the first row of this history. Rows of an older one stay above it.
  #begins() { return this.rows.findLastIndex((row) => row.past || row.reason === 'anew') + 1; }

  message(seq) { return this.#messages.get(seq); }

  #row(entry) {
    if (entry.type === 'chat_message') {
      const row = {
        kind: 'message', key: `${this.#era}-${entry.seq}`, rev: 0, seq: entry.seq, id: entry.id, at: entry.at,
        user: entry.user, by: entry.by, message: entry.message, replyTo: entry.reply_to, edited: entry.edited ?? null,
        deleted: Boolean(entry.deleted), automated: entry.by.startsWith('h:'), asOf: entry.as_of ?? entry.seq,
        reactions: (entry.reactions ?? []).map(({ emoji, count, by }) => ({ emoji, count, by: new Set(by) })),
      };
      this.#messages.set(entry.seq, row);
      return row;
    }
    if (entry.type === 'damaged') return { kind: 'damaged', key: `${this.#era}-${entry.seq}`, rev: 0, seq: entry.seq };
    if (entry.type === 'topic') {
      return { kind: 'topic', key: `${this.#era}-${entry.seq}`, rev: 0, seq: entry.seq, at: entry.at, user: entry.user, topic: entry.topic };
    }
    return null;
  }

  #change(entry) {
    if (entry.type === 'topic') this.topic = entry.topic;
    if (entry.target === undefined) return;
    this.#changes.push(entry);
    if (this.#changes.length > CHANGES) this.#changes.splice(0, CHANGES / 2);
    this.#apply(entry);
  }

  #apply(entry) {
    const row = this.#messages.get(entry.target);
    if (!row || entry.seq <= row.asOf) return;
    row.asOf = entry.seq;
    row.rev += 1;
    if (entry.type === 'edited') {
      row.message = entry.message;
      row.edited = entry.seq;
      row.editedBy = { user: entry.user, at: entry.at };
    } else if (entry.type === 'deleted') {
      Object.assign(row, { message: '', deleted: true, reactions: [] });
    } else if (entry.type === 'reacted') {
      this.#react(row, entry);
    }
  }

  #react(row, { emoji, by, on }) {
    let reaction = row.reactions.find((known) => known.emoji === emoji);
    if (!reaction) row.reactions.push(reaction = { emoji, count: 0, by: new Set() });
    if (on) reaction.by.add(by); else reaction.by.delete(by);
    reaction.count += on ? 1 : -1;
    row.reactions = row.reactions.filter(({ count }) => count > 0);
  }
}
