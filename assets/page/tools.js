// The buttons of a message: one set, moved to the row that is hovered or focused.

import { h, iconButton } from './common.js';

const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '✅'];

export class Tools {
  #bar = h('div', { class: 'tools', role: 'group', 'aria-label': 'Message actions' });

  /// `list` has the rows, `find(seq)` returns a message, `isOwn(row)` whether it is one's own, `act` does what is chosen.
  constructor(list, { find, isOwn, act }) {
    Object.assign(this, { find, isOwn, act });
    for (const kind of ['pointerover', 'focusin']) list.addEventListener(kind, (event) => this.#show(event.target));
    // On touch screens a tap replaces hovering. Not every browser moves the focus by itself.
    list.addEventListener('click', ({ target }) => {
      if (matchMedia('(hover: none)').matches && !target.closest('a, button')) target.closest('.row')?.focus({ preventScroll: true });
    });
  }

  #show(target) {
    const element = target.closest?.('.row:not(.past):not(.pending)');
    if (!element || this.#bar.parentElement === element || this.#bar.contains(document.activeElement)) return;
    const row = this.find(Number(element.dataset.seq));
    if (!row || row.deleted) return this.#bar.remove();
    this.#actions(row);
    element.append(this.#bar);
  }

  #actions(row) {
    const own = this.isOwn(row);
    const buttons = [
      iconButton('smile', 'React', () => this.#picker(row)),
      iconButton('reply', 'Reply', () => this.act.reply(row)),
      row.reactions.length > 0 && iconButton('people', 'Who reacted', () => this.act.reactors(row)),
      iconButton('copy', 'Copy text', () => this.act.copy(row)),
      own && iconButton('pencil', 'Edit', () => this.act.edit(row)),
      own && iconButton('trash', 'Delete', () => this.#confirm(row)),
    ];
    this.#bar.replaceChildren(...buttons.filter(Boolean));
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
    this.#bar.replaceChildren(...buttons);
  }

  #done(row) {
    this.#actions(row);
    this.#stay();
  }

  /// Keeps the focus in the row while its buttons change. Without the focus they would hide.
  #stay() { this.#bar.closest('.row')?.focus({ preventScroll: true }); }
}
