// The timeline on the screen: draws changes, keeps the reading position, and counts new messages.

import { day, dayName, h, hue, iconButton } from './common.js';
import { aside, mentions, messageRow } from './rows.js';

const GROUP = 5 * 60_000;
const NEAR = 48;
const AHEAD = 600;
const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '✅'];

export class View {
  #drawn = new Map();
  #scheduled = false;
  #atEnd = true;
  #height = 0;
  #tools;

  constructor(log, pill, room, timeline, act) {
    Object.assign(this, { log, pill, room, timeline, act, news: 0, lineAfter: Infinity, pending: [] });
    this.list = h('div', { class: 'list' });
    log.append(this.list);
    log.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    log.addEventListener('keydown', (event) => this.#key(event));
    for (const kind of ['pointerover', 'focusin']) this.list.addEventListener(kind, (event) => this.#hand(event.target));
    // On touch screens a tap replaces hovering. Not every browser moves the focus by itself.
    this.list.addEventListener('click', ({ target }) => {
      if (matchMedia('(hover: none)').matches && !target.closest('a, button')) target.closest('.row')?.focus({ preventScroll: true });
    });
    new ResizeObserver(() => this.#resized()).observe(log);
    pill.addEventListener('click', () => this.toEnd());
    this.#tools = h('div', { class: 'tools', role: 'group', 'aria-label': 'Message actions' });
  }

  get atEnd() { return this.#atEnd; }

  set me(nickname) { this.mention = mentions(nickname); }

  speaksToMe(row) {
    if (row.deleted || row.by === this.timeline.by) return false;
    return row.message.search(this.mention) >= 0 || this.timeline.message(row.replyTo)?.by === this.timeline.by;
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
    this.#tell(0);
  }

  arrived(count) { if (!this.#atEnd) this.#tell(this.news + count); }

  /// Scrolls to a message and highlights it. Returns false if it is not loaded.
  show(seq) {
    const row = this.list.querySelector(`[data-seq="${Number(seq)}"]`);
    if (!row) return false;
    row.scrollIntoView({ block: 'center' });
    row.focus({ preventScroll: true });
    row.classList.add('shown');
    setTimeout(() => row.classList.remove('shown'), 2000);
    return true;
  }

  #tell(news) {
    this.news = news;
    this.pill.hidden = news === 0;
    this.pill.textContent = news ? `${news} new ↓` : '';
  }

  #resized() {
    this.#height = this.log.clientHeight;
    if (this.#atEnd) this.toEnd();
  }

  #scrolled() {
    // A scroll caused by a resize (a keyboard, a turned phone) does not leave the end.
    if (this.log.clientHeight !== this.#height) return this.#resized();
    this.#atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
    if (this.#atEnd) {
      if (this.news) this.#tell(0);
      this.act.seen();
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

  /// One set of buttons, moved to the row that is hovered or focused.
  #hand(target) {
    const element = target.closest?.('.row:not(.past):not(.pending)');
    if (!element || this.#tools.parentElement === element || this.#tools.contains(document.activeElement)) return;
    const row = this.timeline.message(Number(element.dataset.seq));
    if (!row || row.deleted) return this.#tools.remove();
    this.#buttons(row);
    element.append(this.#tools);
  }

  #buttons(row) {
    const own = row.by === this.timeline.by;
    const buttons = [
      iconButton('smile', 'React', () => this.#picker(row)),
      iconButton('reply', 'Reply', () => this.act.reply(row)),
      iconButton('copy', 'Copy text', () => this.act.copy(row)),
      own && iconButton('pencil', 'Edit', () => this.act.edit(row)),
      own && iconButton('trash', 'Delete', () => this.#sure(row)),
    ];
    this.#tools.replaceChildren(...buttons.filter(Boolean));
  }

  #picker(row) {
    const emoji = EMOJI.map((each) => h('button', {
      type: 'button', class: 'icon emoji', 'aria-label': `React with ${each}`, onclick: () => { this.act.react(row, each, true); this.#done(row); },
    }, each));
    this.#offer(...emoji, iconButton('close', 'Close', () => this.#done(row)));
    emoji[0].focus();
  }

  #sure(row) {
    const keep = h('button', { type: 'button', onclick: () => this.#done(row) }, 'Keep');
    this.#offer(h('span', {}, 'Delete for everyone?'),
      h('button', { type: 'button', class: 'danger', onclick: () => { this.act.delete(row); this.#done(row); } }, 'Delete'), keep);
    keep.focus();
  }

  /// Replaces the buttons until a choice is made.
  #offer(...buttons) {
    this.#stay();
    this.#tools.replaceChildren(...buttons);
  }

  #done(row) {
    this.#buttons(row);
    this.#stay();
  }

  /// Keeps the focus in the row while its buttons change. Without the focus they would hide.
  #stay() { this.#tools.closest('.row')?.focus({ preventScroll: true }); }

  // -- drawing --

  /// All rows in order, with days, notes and the unread line between messages.
  #wanted() {
    const wanted = [];
    let before = null;
    let lined = false;
    if (this.timeline.rows.length && !this.timeline.more) wanted.push({ kind: 'note', key: 'beginning', text: `This is where ${this.room} begins.` });
    for (const row of [...this.timeline.rows, ...this.pending]) {
      if (row.at && (!before?.at || day(before.at) !== day(row.at))) {
        wanted.push({ kind: 'day', key: `day-${day(row.at)}-${row.past ? 'past' : ''}`, text: dayName(row.at) });
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
    row.hue ??= hue(row.by);
    return messageRow(row, {
      continued: item.continued, own: row.by === this.timeline.by, mention: this.mention, mentioned: this.speaksToMe(row),
      quoted: this.timeline.message(row.replyTo), act: this.act, me: this.timeline.by,
    });
  }

  #draw() {
    const held = this.#atEnd ? null : this.#hold();
    const drawn = new Map();
    const wanted = this.#wanted();
    const keys = new Set(wanted.map((item) => item.key));
    for (const [key, { element }] of this.#drawn) if (!keys.has(key)) element.remove();
    let place = this.list.firstChild;
    for (const item of wanted) {
      const quoted = item.replyTo === undefined ? '' : this.timeline.message(item.replyTo)?.rev;
      const sign = `${item.rev} ${item.continued} ${item.text} ${item.before} ${quoted} ${item.past} ${item.failed?.message} ${item.by === this.timeline.by}`;
      const known = this.#drawn.get(item.key);
      let element = known?.element;
      if (known?.sign !== sign) {
        element = this.#element(item);
        if (known) {
          const focused = known.element.contains(document.activeElement);
          if (place === known.element) place = element;
          known.element.replaceWith(element);
          if (focused) element.focus({ preventScroll: true });
        }
      }
      drawn.set(item.key, { element, sign });
      if (element === place) place = place.nextSibling;
      else this.list.insertBefore(element, place);
    }
    this.#drawn = drawn;
    if (this.#atEnd) this.log.scrollTop = this.log.scrollHeight;
    else if (held && drawn.has(held.key)) {
      this.log.scrollTop += drawn.get(held.key).element.getBoundingClientRect().top - held.top;
    }
    this.act.drawn();
    if (this.log.scrollTop < AHEAD) this.act.older();
  }

  /// The first message in view and its position, to be restored after drawing.
  #hold() {
    const top = this.log.getBoundingClientRect().top;
    for (const [key, { element }] of this.#drawn) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top && element.classList.contains('row')) return { key, top: box.top };
    }
    return null;
  }
}

