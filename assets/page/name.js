// Asks for a nickname before a room is joined, and again when the server refuses it.

import { $, wrongName } from './common.js';
import { join, nickname } from './session.js';

/// Asks for a nickname. `wrong`: why the present one is refused. `better`: the one to suggest.
export function askName(wrong = '', better = nickname) {
  $('name').hidden = false;
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
  const wrong = wrongName(name, 'a nickname', 32);
  say(wrong ?? '');
  if (!wrong) join(name);
});
