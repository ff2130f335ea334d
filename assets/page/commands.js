// Texts that begin like a command. They are never posted: what was meant for the page is nothing for the others.

import { wrongName } from './common.js';

const HELP = 'Enter sends, Shift+Enter starts a new line, ↑ edits your last message, Esc cancels. “/nick NAME” changes your nickname here.';
const HELP_TOUCH = 'The button sends, Enter starts a new line. “/nick NAME” changes your nickname here.';

/// The command in a text: `{say, done}`, a sentence and whether the text has served, or `{nick}`. Null for a text to post: also a
/// path such as `/etc/hosts`, and one that begins with a space.
export function command(text, touch) {
  const [, word, rest] = /^\/([a-z]+)(?:\s([^]*))?$/i.exec(text) ?? [];
  if (!word) return null;
  if (word.toLowerCase() === 'help') return { say: touch ? HELP_TOUCH : HELP, done: true };
  if (word.toLowerCase() !== 'nick') return { say: `There is no command “/${word}”. Put a space before it to send it as text.` };
  const nick = rest?.trim();
  if (!nick) return { say: 'Type the nickname as well, for example “/nick Maya”.' };
  const wrong = wrongName(nick, 32);
  return wrong ? { say: wrong } : { nick };
}
