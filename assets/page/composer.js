// The composer: the draft, its purpose (message, reply or edit), and how many characters are left.

import { $, bytes, clusters, h, place, store } from './common.js';
import { command } from './commands.js';
import { nameKey, offerNames } from './complete.js';
import { notice } from './strip.js';
import { edit, join, limits, newestOwn, room, send, typing } from './session.js';

const NEAR = 400;
const DRAFT = place('draft', room);
/// A touch keyboard has no Shift+Enter: there, Enter starts a new line and the button sends.
const touch = matchMedia('(hover: none) and (pointer: coarse)');
const field = $('text');
let purpose = null;

const tooLong = (text) => bytes(text) > limits.message_bytes
  || (text.length > limits.message_clusters && clusters(text).length > limits.message_clusters);

/// Sends the draft. Returns false if it is empty or too long.
function submit() {
  const text = field.value;
  if (!text.trim()) return false;
  if (tooLong(text)) {
    notice('That’s too long for one message. Split it into two.');
    return false;
  }
  const { kind, row } = purpose ?? {};
  const order = kind === 'edit' ? null : command(text, touch.matches);
  if (order) {
    if (order.say) notice(order.say);
    if (order.nick) join(order.nick);
    else if (!order.done) return false;
  } else if (kind !== 'edit') send({ type: 'chat_message', message: text, reply_to: row?.seq });
  else if (text !== row.message && !edit(row, text)) {
    notice('That message is no longer here.');
    return false;
  }
  field.value = '';
  aim(null);
  return true;
}

/// Sets the purpose of the next send: `{kind: 'reply' or 'edit', row}`, or null for a message. An edit puts the draft aside.
export function aim(next) {
  if (purpose?.kind === 'edit' && next?.kind !== 'edit') field.value = store.get(DRAFT) ?? '';
  if (next?.kind === 'edit') field.value = next.row.message;
  purpose = next;
  $('purpose').hidden = !next;
  if (next) {
    $('purpose-text').replaceChildren(...(next.kind === 'edit' ? ['Editing your message'] : ['Replying to ', h('b', {}, next.row.user)]));
    field.focus();
  }
  changed();
}

/// Puts a text that was refused back to the draft, so that it is not lost.
export function giveBack(text) {
  const put = (draft) => (draft.trim() ? `${draft}\n${text}` : text);
  if (purpose?.kind === 'edit') store.set(DRAFT, put(store.get(DRAFT) ?? ''));
  else field.value = put(field.value);
  changed();
}

/// Esc: cancels a reply or an edit. Returns false if there was none.
export function cancel() {
  if (!purpose) return false;
  aim(null);
  return true;
}

export function mention(name) {
  const before = field.value.slice(0, field.selectionStart);
  field.setRangeText(`${before && !/\s$/.test(before) ? ' ' : ''}@${name} `, field.selectionStart, field.selectionEnd, 'end');
  field.focus();
  changed();
}

function changed() {
  if (purpose?.kind !== 'edit') store.set(DRAFT, field.value);
  const near = limits.message_clusters - field.value.length < NEAR;
  $('left').hidden = !near;
  if (near) $('left').textContent = tooLong(field.value) ? 'Too long' : `${limits.message_clusters - clusters(field.value).length} left`;
  $('send').disabled = !field.value.trim();
  grow();
}

export function grow() {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

/// `sent` is called after each send.
export function compose(sent) {
  const go = () => submit() && sent();
  $('composer').addEventListener('submit', (event) => { event.preventDefault(); go(); });
  $('purpose-end').addEventListener('click', () => { aim(null); field.focus(); });
  field.addEventListener('input', () => {
    changed();
    offerNames();
    if (field.value.trim()) typing();
  });
  field.addEventListener('keydown', (event) => {
    // Safari sends 229 for the key that ends an input method's composition.
    if (event.isComposing || event.keyCode === 229) return;
    if (nameKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const sends = touch.matches ? event.ctrlKey || event.metaKey : !event.shiftKey;
    if (event.key === 'Enter' && sends) {
      event.preventDefault();
      go();
    } else if (event.key === 'ArrowUp' && !field.value) {
      const row = newestOwn();
      if (!row) return;
      event.preventDefault();
      aim({ kind: 'edit', row });
    }
  });
  field.placeholder = `Write to ${room}`;
  field.setAttribute('aria-label', field.placeholder);
  const hint = () => field.setAttribute('enterkeyhint', touch.matches ? 'enter' : 'send');
  touch.addEventListener('change', hint);
  hint();
  field.value = store.get(DRAFT) ?? '';
  changed();
}
