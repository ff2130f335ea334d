// Links in messages: where one ends, and where it leads if its text does not say so.

/// An address, up to the next blank, or the sign that closes the text of a link, or one that turns the text around.
const LINK = /https?:\/\/(?:(?!\]\()[^\s<>"`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])+/gi;
const WORD = /[\p{Alphabetic}\p{N}_]$/u;
const LONGEST = 4096;

/// The addresses in a text: where each stands, what it opens (`href`), its host, and that again if a reader could take it for
/// another one (`leads`).
export function links(text) {
  const found = [];
  LINK.lastIndex = 0;
  for (let match = LINK.exec(text); match; match = LINK.exec(text)) {
    const start = match.index;
    if (match[0].length > LONGEST) continue;
    const address = trimmed(text.startsWith('](', start - 2) ? bracketed(match[0]) : match[0]);
    const url = !WORD.test(text.slice(Math.max(start - 2, 0), start)) && parsed(address);
    // Another address may begin within what is none.
    LINK.lastIndex = start + (url ? address.length : 'http://'.length);
    if (url) found.push({ start, end: start + address.length, href: url.href, host: url.host, leads: isDisguised(address, url) ? url.host : null });
  }
  return found;
}

function parsed(address) {
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) && url.host ? url : null;
  } catch {
    return null;
  }
}

/// The address of a link with a text of its own ends at the bracket around it.
function bracketed(address) {
  let open = 0;
  for (let at = 0; at < address.length; at += 1) {
    if (address[at] === '(') open += 1;
    else if (address[at] === ')' && (open -= 1) < 0) return address.slice(0, at);
  }
  return address;
}

/// A full stop after a link ends the sentence, not the link; nor does the bracket around it belong to it.
function trimmed(address) {
  const open = {};
  for (const sign of address) if ('()[]'.includes(sign)) open[sign] = (open[sign] ?? 0) + 1;
  for (let before = ''; before !== address;) {
    before = address;
    address = address.replace(/[.,;:!?'*_~]+$/, '');
    for (const [opening, closing] of ['()', '[]']) {
      if (!address.endsWith(closing) || (open[opening] ?? 0) >= open[closing]) continue;
      open[closing] -= 1;
      address = address.slice(0, -1);
    }
  }
  return address;
}

/// Whether a reader could take the host of a link for another one.
function isDisguised(address, url) {
  const authority = /^https?:\/\/([^/?#\\]*)/i.exec(address)[1];
  if (authority.includes('@')) return true;
  const typed = authority.replace(/:\d*$/, '').toLowerCase();
  if (typed === url.hostname) return false;
  const foreign = url.hostname.split('.').some((label) => label.startsWith('xn--'));
  return !(foreign && typed.normalize('NFC').split('.').every(isPlain));
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
