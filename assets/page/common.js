// Shared by both screens: elements made of text, storage that may be missing, names, colours and times.

export const $ = (id) => document.getElementById(id);

/// An element with attributes, listeners (`onclick`) and children. Children that are strings become text, never markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = {
  reply: 'M20 20v-7a4 4 0 0 0-4-4H4M9 14 4 9l5-5',
  pencil: 'M21.2 6.8a2.8 2.8 0 0 0-4-4L3.8 16.2a2 2 0 0 0-.5.8L2 21.4a.5.5 0 0 0 .6.6l4.4-1.3a2 2 0 0 0 .8-.5zM15 5l4 4',
  trash: 'M3 6h18M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2',
  copy: 'M10 8h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2V10a2 2 0 0 1 2-2zM4 16a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2',
  link: 'M10 13a5 5 0 0 0 7.5.5l3-3a5 5 0 0 0-7-7l-1.8 1.7M14 11a5 5 0 0 0-7.5-.5l-3 3a5 5 0 0 0 7 7l1.8-1.7',
  smile: 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM8 14s1.5 2 4 2 4-2 4-2M9 9h.01M15 9h.01',
  close: 'M18 6 6 18M6 6l12 12',
  clock: 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM12 6v6l4 2',
  people: 'M16 21v-2a4 4 0 0 0-4-4H6a4 4 0 0 0-4 4v2M9 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM22 21v-2a4 4 0 0 0-3-3.87M16 3.13a4 4 0 0 1 0 7.75',
};

/// A line icon. It is silent for screen readers: the control around it has the label.
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/// A button that shows an icon, with its label as a tooltip and for screen readers.
export const iconButton = (name, label, onclick) =>
  h('button', { type: 'button', class: 'icon', 'aria-label': label, title: label, onclick }, icon(name));

/// localStorage. Where a browser has none or no space left, memory: it lasts as long as the page is open.
const memory = new Map();
export const store = {
  get(key) {
    if (memory.has(key)) return memory.get(key);
    try { return localStorage.getItem(key); } catch { return null; }
  },
  /// Returns true if the value survives a reload.
  set(key, value) {
    try {
      localStorage.setItem(key, value);
      memory.delete(key);
      return true;
    } catch {
      memory.set(key, value);
      return false;
    }
  },
  remove(key) {
    memory.delete(key);
    try { localStorage.removeItem(key); } catch { /* there was none */ }
  },
  keys() {
    try { return [...memory.keys(), ...Object.keys(localStorage)]; } catch { return [...memory.keys()]; }
  },
};

/// What stands before every path of this server: a proxy may serve it below one, and then its files are there too.
export const base = new URL(import.meta.url).pathname.replace(/(.*)\/page\/.*/, '$1');

/// A name as names are compared here.
export const fold = (name) => name.normalize('NFKC').toLowerCase();

/// The storage key of something that belongs to a room of this server. Two spellings of one room give one key.
export const place = (kind, room) => `snug.${kind}${base}\n${fold(room)}\n`;

let lastTime = 0;
/// A UUID v7, which sorts by creation time. Browsers have no `crypto.randomUUID` on plain-http network addresses.
export function uuid() {
  lastTime = Math.max(Date.now(), lastTime + 1);
  const hex = (number, digits) => number.toString(16).padStart(digits, '0');
  const time = hex(lastTime, 12);
  const random = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => hex(byte, 2)).join('');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`;
}

const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;
/// The grapheme clusters of a text: what a person calls characters.
export const clusters = (text) => (segmenter ? Array.from(segmenter.segment(text), (part) => part.segment) : [...text]);
export const bytes = (text) => new TextEncoder().encode(text).length;

/// Returns why a name is refused, or null. The browser checks what it can; the server decides.
export function wrongName(name, most) {
  if (!name) return 'A name needs at least one character.';
  if (clusters(name).length > most) return `That name is too long. Use at most ${most} characters.`;
  if (name.includes('/')) return 'A name can’t contain “/”.';
  if (name === '.' || name === '..') return '“.” and “..” can’t be names.';
  return null;
}

/// One of twelve hues, by FNV-1a as in the app: a nickname has the same colour in both.
export function hue(name) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return Number(hash % 12n) * 30;
}

/// A round tile with the first letter of a nickname, in place of a picture.
export function tile(name, size = '') {
  const element = h('span', { class: `tile ${size}`, 'aria-hidden': 'true' }, clusters(name)[0]?.toUpperCase() ?? '?');
  element.style.setProperty('--hue', hue(name));
  return element;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });
const withYear = new Intl.DateTimeFormat('en', { dateStyle: 'long' });
/// Whether a server's time can be one. A clock that was never set counts from 1970; beyond the other end no Date goes.
const known = (at) => at >= 86_400_000 && at <= 8.64e15;
export const time = (at) => (known(at) ? clock.format(at) : 'unknown time');
export const moment = (at) => (known(at) ? `${withYear.format(at)}, ${time(at)}` : time(at));
export const iso = (at) => (known(at) ? new Date(at).toISOString() : null);
export const day = (at) => (known(at) ? new Date(at).setHours(0, 0, 0, 0) : 0);
export function dayName(at) {
  const today = new Date();
  if (!known(at)) return 'Unknown time';
  if (day(at) === day(today)) return 'Today';
  if (day(at) === day(new Date().setDate(today.getDate() - 1))) return 'Yesterday';
  return (new Date(at).getFullYear() === today.getFullYear() ? weekday : withYear).format(at);
}

/// How long ago something was, in the app's words.
export function ago(at) {
  const minutes = Math.floor(Math.max(Date.now() - at, 0) / 60_000);
  if (!known(at)) return time(at);
  return minutes < 1 ? 'just now' : minutes < 60 ? `${minutes} min ago` : minutes < 1440 ? `${Math.floor(minutes / 60)} h ago`
    : minutes < 2880 ? 'yesterday' : `${Math.floor(minutes / 1440)} days ago`;
}

export const secure = location.protocol === 'https:';
export const roomPath = (room) => `${base}/chat/${encodeURIComponent(room)}/`;

/// Calls the server's API. A refusal throws an Error with the server's own sentence.
export async function ask(path) {
  let response;
  try {
    response = await fetch(base + path, { headers: { accept: 'application/json' } });
  } catch {
    throw new Error(`Nothing answers at ${location.host}. Is the server running?`);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.message ?? 'The server couldn’t answer.');
  return answer;
}

/// Copies a text, also where the browser denies the clipboard to plain-http pages. Returns false if the browser did not take it.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const held = document.activeElement;
    const field = h('textarea', { class: 'unseen', 'aria-hidden': 'true', tabindex: '-1' });
    field.value = text;
    // An open dialog makes everything outside it inert: a field there can't be selected.
    (document.querySelector('dialog[open]') ?? document.body).append(field);
    field.select();
    // execCommand returns true even if nothing was selected. The event says what was copied.
    let copied = false;
    const give = (event) => {
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
      copied = true;
    };
    document.addEventListener('copy', give, { once: true });
    document.execCommand('copy');
    document.removeEventListener('copy', give);
    field.remove();
    held?.focus({ preventScroll: true });
    return copied;
  }
}

/// A file or link that is dropped on the page must not replace it. `tell` is called for files. Texts still go into fields.
export function keepFiles(tell) {
  for (const kind of ['dragover', 'drop']) {
    addEventListener(kind, (event) => {
      const files = event.dataTransfer?.types.includes('Files');
      if (!files && event.target.matches?.('input, textarea')) return;
      event.preventDefault();
      if (kind === 'drop' && files) tell();
    });
  }
}
