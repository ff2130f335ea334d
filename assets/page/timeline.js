// Entries folded into rows. Knows nothing of elements or sockets.

/// Changes remembered for messages that are not loaded yet.
const CHANGES = 2_000;
/// Rows held. Older ones are loaded from the server again.
const MOST = 2_000;

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
      this.rows = this.rows.filter((row) => row.kind !== 'hole');
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
      const reason = gap.lost ? 'lost' : 'missed';
      this.rows.push({ kind: 'hole', key: `hole-${this.#era}-${seq}`, reason, before: seq, after: gap.after, rev: 0 });
    } else if (!gap) {
      this.oldest = seq;
      this.more = seq > this.first;
    }
    // The newest page overlaps the entries held.
    if (gap && seq <= gap.after) this.after = gap.after;
  }

  /// The newest hole that can be filled, if there is one.
  hole() { return this.rows.findLast((row) => row.kind === 'hole' && row.reason === 'missed' && !row.past); }

  /// A page of older entries, for a hole or for the top.
  prepend({ before, entries, more }) {
    const hole = this.rows.find((row) => row.kind === 'hole' && row.before === before);
    if (!hole && before !== this.oldest) return;
    const wanted = hole ? entries.filter((entry) => entry.seq > hole.after) : entries;
    const rows = wanted.map((entry) => this.#row(entry)).filter(Boolean);
    if (!hole) {
      // Rows of the old history stay above.
      const at = this.rows.findLastIndex((row) => row.past) + 1;
      const from = this.#era ? this.rows.findIndex((row) => row.reason === 'anew' && row.key === `hole-${this.#era}`) + 1 : at;
      this.rows.splice(from, 0, ...rows);
      this.oldest = entries[0]?.seq ?? before;
      this.more = more && entries.length > 0;
    } else {
      const at = this.rows.indexOf(hole);
      const filled = !wanted.length || !more || wanted[0].seq === hole.after + 1;
      this.rows.splice(at, 1, ...(filled ? [] : [{ ...hole, before: wanted[0].seq }]), ...rows);
    }
    // Changes that arrived before these messages did. The page may have been read before them.
    for (const entry of this.#changes) this.#apply(entry);
  }

  /// Drops the oldest rows in a tab that has been open for days.
  trim() {
    if (this.rows.length <= MOST + 500 || this.#era || this.hole()) return;
    for (const row of this.rows.splice(0, this.rows.length - MOST)) this.#messages.delete(row.seq);
    this.oldest = this.rows[0].seq;
    this.more = true;
  }

  message(seq) { return this.#messages.get(seq); }

  #row(entry) {
    if (entry.type === 'chat_message') {
      const row = {
        kind: 'message', key: `${this.#era}-${entry.seq}`, rev: 0, seq: entry.seq, id: entry.id, at: entry.at,
        user: entry.user, by: entry.by, message: entry.message, replyTo: entry.reply_to, edited: Boolean(entry.edited),
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
      row.edited = true;
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
