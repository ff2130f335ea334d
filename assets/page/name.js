// Asks for a nickname before a room is joined, and again when the server refuses it.

import { $, wrongName } from './common.js';
import { join, nickname } from './session.js';

/// Asks for a nickname. `wrong`: why the present one is refused. `better`: the one to suggest.
export function askName(wrong = '', better = nickname) {
  $('name').hidden = false;
  $('name-form').hidden = false;
  $('room').hidden = true;
  $('name-field').value = better;
  say(wrong);
  $('name-field').select();
}

function say(wrong) {
  $('name-wrong').textContent = wrong;
  $('name-field').setAttribute('aria-invalid', String(Boolean(wrong)));
}

$('name-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('name-field').value.trim();
  const wrong = wrongName(name, 32);
  say(wrong ?? '');
  if (!wrong) join(name);
});

/// Says that the address is no room's. No nickname helps there.
export function badLink(wrong) {
  $('name').hidden = false;
  $('name-form').hidden = true;
  $('name').querySelector('h1').textContent = 'This link leads to no room.';
  $('bad-link').hidden = false;
  $('bad-link').textContent = wrong;
}
