// The timeline on the screen: draws changes, keeps the reading position, and counts new messages.

import { day, dayName, h, hue } from './common.js';
import { aside, mentions, messageRow, spoken } from './rows.js';
import { Tools } from './tools.js';

const GROUP = 5 * 60_000;
const NEAR = 48;
const AHEAD = 600;

export class View {
  #drawn = new Map();
  #scheduled = false;
  #atEnd = true;
  #height = 0;

  /// `names` maps authors to the nicknames they were last seen with.
  constructor({ log, pill, room, timeline, names, isHere, act }) {
    Object.assign(this, { log, pill, room, timeline, names, isHere, act, news: 0, lineAfter: Infinity, pending: [] });
    this.list = h('div', { class: 'list' });
    log.append(this.list);
    log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    log.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#resized()).observe(log);
    pill.addEventListener('click', () => this.toEnd());
    this.tools = new Tools({
      log, list: this.list, act, find: (seq) => timeline.message(seq), isOwn: (row) => row.by === timeline.by, grown: () => this.keepEnd(),
    });
  }

  get atEnd() { return this.#atEnd; }

  set me(nickname) { this.mention = mentions(nickname); }

  speaksToMe(row) {
    if (row.deleted || row.by === this.timeline.by) return false;
    return spoken(row).search(this.mention) >= 0 || this.timeline.message(row.replyTo)?.by === this.timeline.by;
  }

  /// Schedules one drawing for all changes until then.
  update() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const draw = () => {
      this.#scheduled = false;
      this.#draw();
    };
    // A hidden tab gets no animation frames.
    if (document.visibilityState === 'visible') requestAnimationFrame(draw); else setTimeout(draw, 50);
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.#atEnd = true;
    this.#count(0);
  }

  /// What is around the list has changed its height, perhaps twice within a moment: who was at the end stays there.
  keepEnd() { if (this.#atEnd) this.toEnd(); }

  arrived(count) { if (!this.#atEnd) this.#count(this.news + count); }

  /// Scrolls to a message and highlights it. Returns false if it is not loaded.
  show(seq) {
    if (this.timeline.message(seq)) this.#draw(seq);
    const row = this.list.querySelector(`[data-seq="${Number(seq)}"]`);
    if (!row) return false;
    row.scrollIntoView({ block: 'center' });
    row.focus({ preventScroll: true });
    row.classList.add('shown');
    setTimeout(() => row.classList.remove('shown'), 2000);
    this.#moved();
    return true;
  }

  /// Scrolls to the line above what is unread. If everything unread fits on the screen, that is the end.
  showLine() {
    this.#draw(this.lineAfter);
    const line = this.list.querySelector('.day.new');
    if (!line) return;
    this.log.scrollTop += line.getBoundingClientRect().top - this.log.getBoundingClientRect().top - NEAR;
    this.#moved();
  }

  #count(news) {
    this.news = news;
    this.pill.hidden = this.#atEnd;
    this.pill.textContent = news ? `${news} new ↓` : '↓';
    this.pill.classList.toggle('primary', news > 0);
    this.pill.setAttribute('aria-label', news ? `${news} new: go to the newest message` : 'Go to the newest message');
  }

  #resized() {
    this.#height = this.log.clientHeight;
    this.#fold();
    this.keepEnd();
    this.tools?.place();
  }

  #scrolled() {
    // A scroll caused by a resize (a keyboard, a turned phone) does not leave the end.
    if (this.log.clientHeight === this.#height) this.#moved(); else this.#resized();
  }

  /// The reader, or a jump, has moved.
  #moved() {
    this.#height = this.log.clientHeight;
    this.#atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
    this.#count(this.#atEnd ? 0 : this.news);
    if (this.#atEnd) this.act.seen();
    this.#load();
  }

  /// Asks for what is missing near the rows in view.
  #load() {
    const { top, bottom } = this.log.getBoundingClientRect();
    for (const { element, item } of this.#drawn.values()) {
      if (item.reason !== 'missed' || item.past) continue;
      const hole = element.getBoundingClientRect();
      if (hole.bottom < top - AHEAD || hole.top > bottom + AHEAD) continue;
      // A page comes in on that side of the hole where the reader is, and so pushes the hole away.
      const held = this.#atEnd ? null : this.#hold();
      return this.act.fill(item.row, held !== null && held.top < hole.top);
    }
    if (this.log.scrollTop < AHEAD) this.act.older();
  }

  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.target.matches('input, textarea')) return;
    const rows = [...this.list.querySelectorAll('.row')];
    const at = rows.indexOf(document.activeElement.closest('.row'));
    const next = at < 0 ? rows.at(-1) : rows[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  // -- drawing --

  /// All rows in order, with days, notes and the unread line between messages.
  #wanted() {
    const wanted = [];
    let before = null;
    // No line while it is not known where it belongs.
    let lined = this.timeline.missing(this.lineAfter + 1) !== undefined;
    if (this.timeline.rows.length && !this.timeline.more) wanted.push({ kind: 'note', key: 'beginning', text: `This is where ${this.room} begins.` });
    for (const row of [...this.timeline.rows, ...this.pending]) {
      if (row.at && (!before?.at || day(before.at) !== day(row.at))) {
        wanted.push({ kind: 'day', key: `day-${row.key}`, text: dayName(row.at) });
        before = null;
      }
      if (!lined && row.seq > this.lineAfter && row.by !== this.timeline.by) {
        lined = true;
        wanted.push({ kind: 'new', key: 'new' });
        before = null;
      }
      const continued = row.kind === 'message' && before?.kind === 'message' && before.by === row.by && before.user === row.user
        && row.at - before.at < GROUP && row.replyTo === undefined;
      wanted.push({ ...row, row, continued });
      before = row.at ? row : before;
      if (row.kind === 'damaged') before = { at: before?.at };
      if (row.kind === 'hole') before = null;
    }
    return wanted;
  }

  #element(item) {
    if (item.kind !== 'message') return aside(item);
    const { row } = item;
    row.hue ??= hue(row.user);
    return messageRow(row, {
      continued: item.continued, own: row.by === this.timeline.by, mention: this.mention, mentioned: this.speaksToMe(row),
      quoted: this.timeline.message(row.replyTo), act: this.act, me: this.timeline.by, names: this.names, isHere: this.isHere,
    });
  }

  /// Draws all changes. Rows far from `place`, or from where one reads, are let go.
  #draw(place) {
    const held = this.#atEnd ? null : this.#hold();
    this.timeline.trim(place ?? held?.seq);
    const drawn = new Map();
    const wanted = this.#wanted();
    const keys = new Set(wanted.map((item) => item.key));
    for (const [key, { element }] of this.#drawn) if (!keys.has(key)) element.remove();
    let next = this.list.firstChild;
    for (const item of wanted) {
      const quoted = item.replyTo === undefined ? '' : this.timeline.message(item.replyTo)?.rev;
      const sign = `${item.rev} ${item.continued} ${item.text} ${item.before} ${quoted} ${item.past} ${item.failed?.message} ${item.by === this.timeline.by} ${item.pending && item.message}`;
      const known = this.#drawn.get(item.key);
      let element = known?.element;
      if (known?.sign !== sign) {
        element = this.#element(item);
        if (known) {
          const focused = document.activeElement;
          const within = known.element.contains(focused);
          if (next === known.element) next = element;
          known.element.replaceWith(element);
          this.tools.moved(known.element, element);
          if (within) (element.contains(focused) ? focused : element).focus({ preventScroll: true });
        }
      }
      drawn.set(item.key, { element, sign, item });
      if (element === next) next = next.nextSibling;
      else this.list.insertBefore(element, next);
    }
    this.#drawn = drawn;
    this.#fold();
    if (this.#atEnd) this.log.scrollTop = this.log.scrollHeight;
    else if (held && drawn.has(held.key)) {
      this.log.scrollTop += drawn.get(held.key).element.getBoundingClientRect().top - held.top;
    }
    this.#count(this.news);
    this.act.drawn();
    this.#load();
  }

  /// Folds the texts that are longer than twenty lines.
  #fold() {
    const all = [...this.list.querySelectorAll('.text.long')];
    const over = all.map((text) => text.scrollHeight > text.clientHeight + 2);
    all.forEach((text, at) => {
      text.classList.toggle('folded', over[at]);
      text.nextElementSibling.firstElementChild.hidden = !over[at];
    });
  }

  /// Shows the whole of a folded message, or folds it again.
  unfold(row) {
    row.unfolded = !row.unfolded;
    row.rev += 1;
    // The message grows where it is, also at the end.
    this.#atEnd = false;
    this.#draw(row.seq);
    if (!row.unfolded) this.list.querySelector(`[data-seq="${row.seq}"]`)?.scrollIntoView({ block: 'nearest' });
    this.#moved();
  }

  /// The first message in view and its position, to be restored after drawing.
  #hold() {
    const top = this.log.getBoundingClientRect().top;
    for (const [key, { element, item }] of this.#drawn) {
      if (item.kind !== 'message') continue;
      const box = element.getBoundingClientRect();
      if (box.bottom > top) return { key, top: box.top, seq: item.seq };
    }
    return null;
  }
}

