// The app and the page say the same things in the same words.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const text = (...folders) => folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(rs|js|html)$/.test(entry.name))
  .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8'))).join('\n')
  // A word joiner says where no line breaks; nobody sees it.
  .replaceAll('\\u{2060}', '');

const WORDS = [
  // The first screen and the list of rooms.
  'What should people call you?', 'For example, Maya', 'Open room', 'Loading the rooms…',
  'No rooms yet. Type a name to create a room.', 'Find a room, or name a new one', 'No room here is called that.', 'Nobody here', '1 person', ' people', 'just now', ' min ago', ' days ago', 'Chat rooms for your own network.', 'Other rooms',
  // Names.
  'A name needs at least one character.', 'That name is too long. Use at most ', 'A name can’t contain “/”.', '“.” and “..” can’t be names.',
  // A room.
  'Nobody has said anything yet...', 'Break the silence!', 'Others can join with this link or by scanning the code.', 'Here now — ', 'Write to ',
  'Replying to ', 'Editing your message', 'Delete for everyone?', 'Keep', 'Copy text', 'This message was deleted.', 'A deleted message',
  'An earlier message', '(edited)', 'Edited by ', 'Show more', 'Show less', 'Copy link', 'This room has no message with that number.', 'automated', ' set the topic: ', ' removed the topic.', ' is typing…', 'Several people are typing…', ' new',
  'Loading the messages in between…', 'The server no longer keeps the messages that were here.',
  'The server has started a new history. Messages above this line are from the old one.',
  'Something here can’t be read: it’s damaged on the server’s disk.',
  'React, reply and more', 'Copied',
  // What waits and what fails.
  'Failed to send', 'Retry', 'Connecting…', 'Connection lost.', 'Try now', 'Try again', 'Next try in ', 'Trying…', 'Join as ',
  'Messages you send now will be sent when you reconnect.', '1 message is waiting and will be sent when you reconnect.',
  ' messages are waiting and will be sent when you reconnect.',
  // Why the server closed.
  'The server closed this room.', 'The server is shutting down.', 'The server is restarting.', 'The server doesn’t accept that nickname. Pick another.',
  'That nickname is in use in this room. Pick another.', 'This room needs a password. Snug can’t ask for one yet.',
  'A moderator removed you from this room.', 'You’re banned from this room.', 'The room or the server is full.',
  'Your connection was too slow for this room.', 'You sent too much too quickly.', 'You opened this room in another window.',
  'Something went wrong on the server.', '. Is the server running?',
  'The server has stopped answering.',
  // Commands.
  'Enter sends, Shift+Enter starts a new line, ↑ edits your last message, Esc cancels.', '“/nick NAME” changes your nickname here.',
  'There is no command “/', 'Put a space before it to send it as text.', 'Type the nickname as well, for example “/nick Maya”.',
];

test('the app and the page use the same words', () => {
  const app = text('client/src', 'client/core/src', 'shared/src');
  const page = text('assets/page');
  const missing = (source) => WORDS.filter((words) => !source.includes(words));
  assert.deepEqual({ app: missing(app), page: missing(page) }, { app: [], page: [] });
});
