// Entries folded into what there is to show. Knows nothing of elements or sockets.

/// Changes remembered for messages that are not loaded yet.
const CHANGES = 2_000;
/// Rows held; of older ones the server has the copy.
const MOST = 2_000;

export class Timeline {
  epoch = null;
  /// The newest entry applied, and its id: where to resume.
  after = 0;
  afterId = null;
  topic = '';
  by = null;
  /// Messages, topics and holes, oldest first. A hole is what is missing between its neighbours.
  rows = [];
  /// Where older pages begin, and whether there are any.
  oldest = null;
  more = false;
  /// Between what is here and the newest, which a return brought without what lies between.
  gap = null;
  #messages = new Map();
  #changes = [];
  #era = 0;

  /// A join: the same log goes on, or history begins anew, or there is a gap in it.
  established({ epoch, first, last, resumed, topic, limits }) {
    this.topic = topic ?? '';
    if (resumed) return;
    const before = this.rows.some((row) => row.kind === 'message');
    // A server that could go on and does not has another log than the one that was seen.
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

  /// Entries in order, as they go on from what is here. False: something is missing before them.
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
    // The newest page reaches back into what is here already.
    if (gap && seq <= gap.after) this.after = gap.after;
  }

  /// What to ask for to fill the newest hole, if there is one that can be filled.
  hole() { return this.rows.findLast((row) => row.kind === 'hole' && row.reason === 'missed' && !row.past); }

  /// A page of older entries, for a hole or for the top.
  prepend({ before, entries, more }) {
    const hole = this.rows.find((row) => row.kind === 'hole' && row.before === before);
    if (!hole && before !== this.oldest) return;
    const wanted = hole ? entries.filter((entry) => entry.seq > hole.after) : entries;
    const rows = wanted.map((entry) => this.#row(entry)).filter(Boolean);
    if (!hole) {
      // What was said before history began anew stays above.
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
    // Changes that came while these messages were not here, which the page may be too old to know.
    for (const entry of this.#changes) this.#apply(entry);
  }

  /// Lets go of the oldest rows of a tab that has been open for days.
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
