// What stands above the composer: the state of the line and what can be done about it, and short notices.

import { $, h } from './common.js';
import { askName } from './name.js';
import { join, link, nickname, online, outbox, redial, timeline } from './session.js';

const NOTICE = 6000;
let countdown = null;
let noticed = null;

const button = (words, onclick, primary) => h('button', { type: 'button', class: primary && 'primary', onclick }, words);

/// Why the server let one no further. The marks around the name keep its direction to itself.
const reason = () => (link.suggestion ? `“\u2068${nickname}\u2069” is in use in this room.` : link.reason);

function contents() {
  const { state, back, suggestion } = link;
  if (state === 'connecting') return ['Connecting …'];
  if (state === 'waiting') {
    // Out of the announced words: it changes with each second.
    const seconds = h('span', { class: 'countdown', 'aria-hidden': 'true' });
    const count = () => {
      const left = Math.ceil((link.until - Date.now()) / 1000);
      seconds.textContent = left > 0 ? `Next try in ${left} s.` : 'Trying …';
    };
    count();
    countdown = setInterval(count, 500);
    return [h('span', {}, h('b', {}, reason()), ' Messages you send now are kept and go out when it is back. ', seconds), button('Try now', redial)];
  }
  const words = h('span', {}, h('b', {}, reason()), outbox.items.length > 0 && ' What you sent is kept.');
  return [words, suggestion && button(`Join as ${suggestion}`, () => join(suggestion), true),
    back === 'name' ? button('Another name', () => askName()) : button(back === 'here' ? 'Use it here' : 'Try again', redial)].filter(Boolean);
}

/// Draws the state of the line. A first try that goes well needs no words.
export function strip() {
  clearInterval(countdown);
  // Who has not been inside yet is better asked at the door.
  if (link.back === 'name' && timeline.epoch === null) askName(reason() + (link.suggestion ? ' The one above is free.' : ''), link.suggestion);
  const shown = !online && !(link.state === 'connecting' && timeline.epoch === null);
  const held = $('strip').contains(document.activeElement);
  $('strip').hidden = !shown;
  $('strip').replaceChildren(...(shown ? contents() : []));
  if (held) ($('strip').querySelector('button') ?? $('text')).focus();
}

/// Says something once.
export function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = false;
  clearTimeout(noticed);
  noticed = setTimeout(() => { $('notice').hidden = true; }, NOTICE);
}
