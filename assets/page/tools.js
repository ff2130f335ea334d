// The buttons of a message: one set, moved to the row that is hovered or focused.
//
// They never lie on words. Beside a pointer they float at the right end of the first line in sight: all of them where nothing is
// written there, else one button that asks for them, in a margin that no text reaches. Under a finger they stand below the message.

import { h, iconButton } from './common.js';

const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '✅'];
const touch = matchMedia('(hover: none)');
/// How far above a row its bar begins, and how far below the edge of the list it stays, in pixels.
const ABOVE = 7;
const EDGE = 4;

const where = ({ screenX, screenY }) => `${screenX} ${screenY}`;

export class Tools {
  #bar = h('div', { class: 'tools', role: 'group', 'aria-label': 'Message actions' });
  // Whether all buttons were asked for: then they may lie on words.
  #asked = false;
  #pointer = null;

  /// `log` scrolls `list`, which has the rows. `find(seq)` returns a message, `isOwn(row)` whether it is one's own, `act` does
  /// what is chosen, `grown` is called when a row has become higher.
  constructor({ log, list, find, isOwn, act, grown }) {
    Object.assign(this, { log, list, find, isOwn, act, grown });
    document.addEventListener('pointermove', (event) => { this.#pointer = where(event); }, { passive: true });
    list.addEventListener('pointerover', (event) => {
      // Rows that scroll by under a pointer at rest do not take the bar from the one that has the focus.
      const rests = this.#pointer === where(event) && list.contains(document.activeElement);
      if (!touch.matches && !rests) this.#show(event.target);
    });
    list.addEventListener('focusin', ({ target }) => { if (!touch.matches || target.matches(':focus-visible')) this.#show(target); });
    list.addEventListener('click', (event) => { if (touch.matches) this.#tapped(event); });
    log.addEventListener('scroll', () => this.#place(), { passive: true });
  }

  /// A tap shows the buttons, and another one hides them. The focus alone must not: what comes and goes in the list between a
  /// press and its click would move away what is pressed.
  #tapped({ target }) {
    const row = target.closest('.row');
    if (!row || target.closest('a, button, summary, .tools')) return;
    if (this.#bar.parentElement === row) return this.#bar.remove();
    // Not every browser moves the focus by itself.
    row.focus({ preventScroll: true });
    this.#show(row);
  }

  /// Puts the bar in its place again: what is around it has changed.
  place() { this.#place(); }

  /// A row was drawn anew: its bar goes on in the new element.
  moved(old, element) {
    if (this.#bar.parentElement !== old) return;
    const row = this.find(Number(element.dataset.seq));
    if (!row || row.deleted) return this.#bar.remove();
    element.append(this.#bar);
    if (!this.#asked) this.#actions(row);
  }

  #show(target) {
    const element = target.closest?.('.row:not(.past):not(.pending)');
    if (!element || this.#bar.contains(document.activeElement)) return;
    if (this.#bar.parentElement === element) return this.#place();
    const row = this.find(Number(element.dataset.seq));
    if (!row || row.deleted) return this.#bar.remove();
    this.#asked = false;
    element.append(this.#bar);
    this.#actions(row);
    if (!touch.matches) return;
    this.grown();
    this.#bar.scrollIntoView({ block: 'nearest' });
  }

  #actions(row) {
    const own = this.isOwn(row);
    const more = h('button', { type: 'button', class: 'icon more', 'aria-label': 'More actions', title: 'React, reply and more', onclick: () => this.#ask() }, '…');
    const then = (does) => () => {
      does(row);
      if (touch.matches) this.#bar.remove();
    };
    const buttons = [
      iconButton('smile', 'React', () => this.#picker(row)),
      iconButton('reply', 'Reply', then(this.act.reply)),
      row.reactions.length > 0 && iconButton('people', 'Who reacted', () => this.act.reactors(row)),
      iconButton('copy', 'Copy text', then(this.act.copy)),
      iconButton('link', 'Copy link', then(this.act.copyLink)),
      own && iconButton('pencil', 'Edit', then(this.act.edit)),
      own && iconButton('trash', 'Delete', () => this.#confirm(row)),
    ];
    this.#bar.replaceChildren(more, ...buttons.filter(Boolean));
    this.#place();
  }

  #picker(row) {
    const emoji = EMOJI.map((each) => h('button', {
      type: 'button', class: 'icon emoji', 'aria-label': `React with ${each}`, onclick: () => { this.act.react(row, each, true); this.#done(row); },
    }, each));
    this.#offer(...emoji, iconButton('close', 'Close', () => this.#done(row)));
    emoji[0].focus();
  }

  #confirm(row) {
    const keep = h('button', { type: 'button', onclick: () => this.#done(row) }, 'Keep');
    this.#offer(h('span', {}, 'Delete for everyone?'),
      h('button', { type: 'button', class: 'danger', onclick: () => { this.act.delete(row); this.#done(row); } }, 'Delete'), keep);
    keep.focus();
  }

  /// Replaces the buttons until a choice is made.
  #offer(...buttons) {
    this.#stay();
    this.#asked = true;
    this.#bar.replaceChildren(...buttons);
    this.#place();
  }

  #ask() {
    this.#asked = true;
    this.#place();
    this.#bar.querySelector('.more + button').focus();
  }

  #done(row) {
    this.#asked = false;
    this.#actions(row);
    this.#stay();
  }

  /// Keeps the focus in the row while its buttons change. Without the focus they would hide.
  #stay() { this.#bar.closest('.row')?.focus({ preventScroll: true }); }

  #place() {
    const row = this.#bar.parentElement;
    if (!row?.isConnected || touch.matches) return;
    const edge = this.log.getBoundingClientRect().top + EDGE;
    const box = row.getBoundingClientRect();
    // A row that begins above the edge has its bar at the first line in sight, as long as it has one.
    const top = Math.max(-ABOVE, Math.min(edge - box.top, box.height - this.#bar.offsetHeight));
    this.#bar.style.top = `${top}px`;
    this.#bar.classList.remove('small');
    this.#bar.classList.toggle('small', !this.#asked && this.#covers(row));
  }

  /// Whether the bar lies on anything that is written in its row or in those beside it, or is cut off.
  #covers(row) {
    const bar = this.#bar.getBoundingClientRect();
    if (bar.left < row.getBoundingClientRect().left) return true;
    // What is cut, as a long name, ends at the margin.
    const { right } = row.querySelector('.body').getBoundingClientRect();
    const meets = (box) => box.width > 0 && box.left < bar.right && bar.left < Math.min(box.right, right) && box.top < bar.bottom && bar.top < box.bottom;
    return [row.previousElementSibling, row, row.nextElementSibling].some((each) => {
      const around = each?.getBoundingClientRect();
      // The rest of a folded message is written below its row, where nobody sees it.
      return each && meets(around) && [...written(each, this.#bar)].some((box) => box.top < around.bottom && meets(box));
    });
  }
}

/// The boxes of what can be read in an element: its lines of text, and what has a frame of its own.
function* written(element, without) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
    (node === without || (node.nodeType === 1 && node.matches('.unseen, .tile')) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === 1) {
      if (node.matches('button, pre, .tag')) yield node.getBoundingClientRect();
      continue;
    }
    range.selectNodeContents(node);
    yield* range.getClientRects();
  }
}
