// The banner above the composer: the state of the connection with its buttons, and short notices.

import { $, h } from './common.js';
import { askName } from './name.js';
import { join, link, nickname, online, outbox, redial, timeline } from './session.js';

const NOTICE = 6000;
const SOON = 300;
let countdown = null;
let noticed = null;
let sought = null;

const button = (words, onclick, primary) => h('button', { type: 'button', class: primary && 'primary', onclick }, words);

/// Why the connection ended. Isolates around the nickname keep its text direction from its neighbours.
const reason = () => (link.suggestion ? `“\u2068${nickname}\u2069” is in use in this room.` : link.reason);

function waiting() {
  const waits = outbox.items.filter(({ failed }) => !failed).length;
  return waits === 0 ? 'Messages you send now will be sent when you reconnect.'
    : waits === 1 ? '1 message is waiting and will be sent when you reconnect.'
      : `${waits} messages are waiting and will be sent when you reconnect.`;
}

function contents() {
  const { state, back, suggestion } = link;
  if (state === 'connecting') return ['Connecting…'];
  if (state === 'waiting') {
    // Not announced by screen readers: it changes every second.
    const seconds = h('span', { class: 'countdown', 'aria-hidden': 'true' });
    const count = () => {
      const left = Math.ceil((link.until - Date.now()) / 1000);
      seconds.textContent = left > 0 ? `Next try in ${left} s.` : 'Trying…';
    };
    count();
    countdown = setInterval(count, 500);
    return [h('span', {}, h('b', {}, reason()), ` ${waiting()} `, seconds), button('Try now', redial)];
  }
  const words = h('span', {}, h('b', {}, reason()), outbox.items.length > 0 && ' Your messages are waiting.');
  return [words, suggestion && button(`Join as ${suggestion}`, () => join(suggestion), true),
    back === 'name' ? button('Pick another nickname', () => askName()) : button(back === 'here' ? 'Use it here' : 'Try again', redial)].filter(Boolean);
}

/// Shows the state of the connection. A first try that succeeds shows nothing.
export function strip() {
  clearInterval(countdown);
  // Before the first join, the nickname screen asks for another one.
  if (link.back === 'name' && timeline.epoch === null) askName(reason() + (link.suggestion ? ' The nickname above is free.' : ''), link.suggestion);
  const shown = !online && !(link.state === 'connecting' && timeline.epoch === null);
  const held = $('strip').contains(document.activeElement);
  $('strip').hidden = !shown;
  $('strip').replaceChildren(...(shown ? contents() : []));
  if (held) ($('strip').querySelector('button') ?? $('text')).focus();
}

/// Says that a message is being loaded, with a button that stops it, unless it comes at once.
export function seeking(stop) {
  clearTimeout(sought);
  $('seeking').hidden = true;
  if (!stop) return;
  $('seeking').replaceChildren(h('span', {}, 'Loading that message…'), button('Stop', stop));
  sought = setTimeout(() => { $('seeking').hidden = false; }, SOON);
}

/// Shows a notice for a few seconds.
export function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = false;
  clearTimeout(noticed);
  noticed = setTimeout(() => { $('notice').hidden = true; }, NOTICE);
}
