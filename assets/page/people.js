// The list of members, and who is typing.

import { $, h, tile } from './common.js';
import { mention } from './composer.js';
import { drawer } from './layers.js';
import { count, members, nickname, timeline } from './session.js';

const TYPING = 5000;
const typists = new Map();

export function presence() {
  const people = [...members.values()].sort((a, b) => a.nickname.localeCompare(b.nickname));
  $('count').textContent = String(count);
  $('people').setAttribute('aria-label', `Here now: ${count}`);
  $('members-title').textContent = `Here now — ${count}`;
  $('members').replaceChildren(...people.map(({ nickname: name, by }) => h('li', {},
    h('button', { type: 'button', onclick: () => { hidePeople(); mention(name); }, title: `Mention ${name}` },
      tile(name, 'little'), h('bdi', {}, name), by === timeline.by && h('span', { class: 'muted small' }, 'you')))));
  if (count > people.length) $('members').append(h('li', { class: 'muted more' }, `and ${count - people.length} more`));
  $('me').replaceChildren(tile(nickname, 'little'), h('bdi', {}, nickname));
}

/// Hides the list of members where it covers the messages. Returns false if it did not.
export let hidePeople = () => false;

export function offerPeople() { hidePeople = drawer($('people'), 'show-people'); }

export function typing({ user, by }) {
  clearTimeout(typists.get(by)?.timer);
  typists.set(by, { user, timer: setTimeout(() => stoppedTyping(by), TYPING) });
  tell();
}

export function stoppedTyping(by) {
  clearTimeout(typists.get(by)?.timer);
  if (typists.delete(by)) tell();
}

function tell() {
  const names = Array.from(typists.values(), ({ user }) => user);
  $('typing').textContent = names.length === 0 ? '' : names.length === 1 ? `${names[0]} is typing…`
    : names.length === 2 ? `${names[0]} and ${names[1]} are typing…` : 'Several people are typing…';
}
