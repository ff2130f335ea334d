// What lies over the messages: the list of members, the search, a dialog. Back closes it, as phones teach.

const open = [];
let own = 0;

/// Something opened. `close` is called when the reader goes back.
export function opened(close) {
  if (open.includes(close)) return;
  open.push(close);
  history.pushState({ layer: open.length }, '');
}

/// It was closed in another way: its place in the browser's history goes too.
export function closed(close) {
  const at = open.indexOf(close);
  if (at < 0) return;
  open.splice(at, 1);
  own += 1;
  history.back();
}

addEventListener('popstate', () => {
  if (own) own -= 1;
  else open.pop()?.();
});

/// What lies over the messages in narrow windows, while the page has a class. `button` shows and hides it, a click beside it hides
/// it. Returns what hides it, and then says whether it was shown.
export function drawer(button, name) {
  const shown = () => document.body.classList.contains(name);
  const toggle = (whether) => {
    document.body.classList.toggle(name, whether);
    button.setAttribute('aria-expanded', String(whether));
  };
  const hide = () => toggle(false);
  const close = () => {
    if (!shown()) return false;
    hide();
    closed(hide);
    return true;
  };
  button.addEventListener('click', () => {
    if (close()) return;
    toggle(true);
    opened(hide);
  });
  document.getElementById('scrim').addEventListener('click', close);
  return close;
}

/// Shows a dialog. Back, Esc and a click beside it close it.
export function showDialog(dialog) {
  const close = () => dialog.close();
  dialog.addEventListener('close', () => closed(close), { once: true });
  dialog.showModal();
  opened(close);
}

/// A press that began inside, for example to select a text, does not close it.
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('pointerdown', ({ target, clientX, clientY }) => {
    const box = dialog.getBoundingClientRect();
    const inside = clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
    if (target === dialog && !inside) dialog.close();
  });
  for (const button of dialog.querySelectorAll('.end')) button.addEventListener('click', () => dialog.close());
}
