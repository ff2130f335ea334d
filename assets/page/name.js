// Who one is: asked for before a room is entered, and again when the name cannot be had.

import { $, wrongName } from './common.js';
import { join, nickname } from './session.js';

/// Asks for it. `wrong`: what is the matter with the one there is; `better`: one that could be had.
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
  const wrong = wrongName(name, 'a name', 32);
  say(wrong ?? '');
  if (!wrong) join(name);
});
