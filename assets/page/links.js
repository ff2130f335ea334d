// Links in messages: where one ends, and where it leads if its text does not say so.

import { h } from './common.js';

const LINK = /https?:\/\/[^\s<>"`]+/iy;
const WORD = /[\p{L}\p{N}_]/u;

/// A link at a place in a text: its element, and where the text goes on. Null if there is none.
export function link(text, at) {
  if (text[at] !== 'h' && text[at] !== 'H') return null;
  if (at && WORD.test(text[at - 1])) return null;
  LINK.lastIndex = at;
  const address = trimmed(LINK.exec(text)?.[0] ?? '');
  let url;
  try { url = new URL(address); } catch { return null; }
  if (!/^https?:$/.test(url.protocol) || !url.host) return null;
  const element = h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, address);
  const host = disguised(address, url);
  const shown = host ? h('span', {}, element, h('span', { class: 'leads' }, ` (leads to ${host})`)) : element;
  return { element: shown, end: at + address.length };
}

/// A full stop after a link ends the sentence, not the link; nor does the bracket around it belong to it.
function trimmed(address) {
  const count = (mark) => address.split(mark).length;
  for (let before = ''; before !== address;) {
    before = address;
    address = address.replace(/[.,;:!?'*_~]+$/, '');
    for (const [opening, closing] of ['()', '[]']) {
      if (address.endsWith(closing) && count(opening) < count(closing)) address = address.slice(0, -1);
    }
  }
  return address;
}

/// The host that a link really leads to, if a reader could take it for another one. Else null.
function disguised(address, url) {
  const authority = /^https?:\/\/([^/?#\\]*)/i.exec(address)[1];
  if (authority.includes('@')) return url.host;
  const typed = authority.replace(/:\d*$/, '').toLowerCase();
  if (typed === url.hostname) return null;
  const foreign = url.hostname.split('.').some((label) => label.startsWith('xn--'));
  return foreign && typed.normalize('NFC').split('.').every(isPlain) ? null : url.hostname;
}

// Scripts without letters that look like Latin ones. Cyrillic and Greek have many: a label needs one that has no double.
const OTHERS = /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Arab}\p{sc=Hebr}\p{sc=Deva}\p{sc=Beng}\p{sc=Taml}\p{Mn}\p{Nd}-]+$/u;
const CYRILLIC = /^(?=.*[бгдёжзийлпфцчшщъыьэюя])[\p{sc=Cyrillic}\d-]+$/u;
const GREEK = /^(?=.*[βδεζθλμξπσφψω])[\p{sc=Greek}\d-]+$/u;

/// Whether a label of a host looks like nothing else: plain letters, such with accents, or one other script. An accent below a
/// letter is none to rely on: the line under a link hides it.
function isPlain(label) {
  return /^[\x00-\x7f]*$/.test(label.normalize('NFD').replace(/[\u0300-\u0304\u0306-\u0308\u030a-\u030c\u0327\u0328]/g, '').replace(/ß/g, 'ss'))
    || OTHERS.test(label) || CYRILLIC.test(label) || GREEK.test(label);
}
