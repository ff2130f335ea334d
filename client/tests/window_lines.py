"""One real window, driven by lines: each line on stdin is typed and sent, and what the window shows goes to stdout.

    python3 client/tests/window_lines.py target/debug/snug PORT ROOM NAME picture.png [WIDTHxHEIGHT [OTHER ROOM ...]]

A line on stdout holds the numbers of the messages in view, as in window.py, whenever they change. At the end of the input the
picture is taken and the window closed. The other rooms are visited first, so that the sidebar has them.
"""

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import window
from window import App, Desktop


def main(program, port, room, name, picture, size=None, *others):
    if size:
        window.WIDTH, window.HEIGHT = map(int, size.split("x"))
    folder = Path(tempfile.mkdtemp(prefix="snug-window-"))
    (folder / name).mkdir()
    desktop = Desktop(folder)
    program, server = str(Path(program).absolute()), SimpleNamespace(port=int(port))
    app = App(program, desktop, server, name, folder / name, 0, room)
    ended = threading.Event()

    def watch():
        last = None
        while not ended.is_set():
            shown = app.shown()
            if shown != last:
                print(*shown, flush=True)
                last = shown
            time.sleep(0.05)

    try:
        for other in others:
            visited = App(program, desktop, server, name, folder / name, 0, other)
            visited.start()
            joined = folder / name / "data" / "joined.json"
            window.until(f"{other} is kept", lambda: joined.exists() and f'"{other}"' in joined.read_text())
            visited.kill()
        app.start()
        threading.Thread(target=watch).start()
        for line in sys.stdin:
            app.say(line.rstrip("\n"))
        app.picture(picture)
    finally:
        ended.set()
        app.kill()
        desktop.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
