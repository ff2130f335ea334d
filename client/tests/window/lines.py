"""One real window, driven by lines: each line on stdin is typed and sent, and what the window shows goes to stdout.

    python3 client/tests/window/lines.py target/debug/snug PORT ROOM NAME picture.png [WIDTHxHEIGHT [OTHER ROOM ...]]

A line on stdout holds the numbers of the messages in view whenever they change; `…` is one on its way. At the end of the input
the picture is taken and the window closed. The other rooms are joined first, so that the sidebar has them.
"""

import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from harness import Stage


def watch(app, ended):
    last = None
    while not ended.is_set():
        shown = app.shown()
        if shown != last:
            print(*shown, flush=True)
            last = shown
        time.sleep(0.05)


def main(program, port, room, name, picture, size="960x840", *others):
    width, height = map(int, size.split("x"))
    programs = SimpleNamespace(app=str(Path(program).absolute()), pictures=Path(picture).parent)
    server, ended = SimpleNamespace(port=int(port)), threading.Event()
    # Twice as wide, so that the pointer, which begins in the middle, is on nothing.
    with Stage("lines", programs, (2 * width, height + 80)) as stage:
        app = stage.app(name)
        rooms = [*others, room]
        app.join(server, rooms[0], size=(width, height))
        for other in rooms[1:]:
            app.also_join(server, other)
        watcher = threading.Thread(target=watch, args=(app, ended))
        watcher.start()
        try:
            for line in sys.stdin:
                app.say(line.rstrip("\n"))
            app.picture(picture)
        finally:
            ended.set()
            watcher.join()


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
