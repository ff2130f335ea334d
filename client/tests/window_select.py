"""The real window: twelve messages are selected by the mouse and copied, and what other programs then paste is compared.

    python3 client/tests/window_select.py target/debug/snug target/debug/snug-server [folder for the screenshots]

Driven by xdotool under Xvfb and openbox, as window.py; xclip pastes, from the clipboard and from the middle mouse button's.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from window import HEIGHT, ROOM, WIDTH, App, Desktop, Server, until

# Between the sidebar and the people; below the header, and above the composer.
MIDDLE, TOP, BOTTOM = WIDTH // 2, 66, HEIGHT - 90


def pasted(desktop, selection):
    command = ["xclip", "-out", "-selection", selection]
    done = subprocess.run(command, env=desktop.environment, capture_output=True, text=True, timeout=10)
    return done.stdout


def post(server, user, text):
    url = f"http://127.0.0.1:{server.port}/api/rooms/{ROOM}/messages?user={user}"
    with urllib.request.urlopen(urllib.request.Request(url, data=text.encode(), method="POST"), timeout=10) as answer:
        json.load(answer)


def drag(desktop, app, start, end):
    desktop.do("windowactivate", "--sync", app.window)
    desktop.do("mousemove", "--window", app.window, *start, "mousedown", 1)
    for step in range(1, 11):
        at = [round(a + (b - a) * step / 10) for a, b in zip(start, end)]
        desktop.do("mousemove", "--window", app.window, *at)
        time.sleep(0.02)
    desktop.do("mouseup", 1)


def lines(entries):
    """A line for each message, as the app copies several."""
    clock = lambda entry: time.strftime("%H:%M", time.gmtime(entry["at"] / 1000))
    return "\n".join(f"{entry['user']}, {clock(entry)}: {entry['message']}" for entry in entries)


def check(app_program, server_program, pictures):
    folder = Path(tempfile.mkdtemp(prefix="snug-window-"))
    for part in ("server", "maya"):
        (folder / part).mkdir()
    desktop = Desktop(folder)
    desktop.environment["TZ"] = "UTC"
    server, app = None, None
    try:
        server = Server(server_program, folder / "server")
        app = App(app_program, desktop, server, "maya", folder / "maya", 0)
        app.start()
        for number in range(1, 13):
            if number % 3:
                app.say(f"message {number}, typed")
                until("it is stored", lambda: len(server.log()) == number)
            else:
                post(server, "ines", f"message {number}, by a script\nin two lines")
        until("all are shown", lambda: app.shown() == [str(seq) for seq in range(1, 13)])
        expected = lines(server.log())

        for start, end in (((MIDDLE, TOP), (MIDDLE, BOTTOM)), ((MIDDLE, BOTTOM), (MIDDLE, TOP))):
            drag(desktop, app, start, end)
            until("the middle button pastes it", lambda: pasted(desktop, "primary") == expected, 10)
            app.press("ctrl+c")
            until("it is pasted", lambda: pasted(desktop, "clipboard") == expected, 10)
        app.picture(pictures / "window-selected.png")

        # A word by a double click, more of it by keys; the caret is in the composer all the while.
        app.press("Escape")
        app.press("ctrl+a", "ctrl+c")
        until("all is pasted", lambda: pasted(desktop, "clipboard") == expected, 10)
        app.say("Written right after")
        until("it is stored", lambda: len(server.log()) == 13)

        # What is selected is copied although it has scrolled away.
        app.press("ctrl+a")
        expected = lines(server.log())
        # As quickly as one author may.
        for number in range(30):
            post(server, "ines", f"more {number}")
            time.sleep(0.25)
        until("it has scrolled away", lambda: "13" not in app.shown())
        app.press("ctrl+c")
        until("it is pasted", lambda: pasted(desktop, "clipboard") == expected, 10)

        desktop.do("mousemove", "--window", app.window, MIDDLE, HEIGHT // 2, "click", 3)
        time.sleep(0.5)
        app.picture(pictures / "window-menu.png")
        app.press("Escape")
        print(f"twelve messages were dragged over and pasted as they should; pictures in {pictures}")
    except BaseException:
        print(f"clipboard: {pasted(desktop, 'clipboard')!r}, primary: {pasted(desktop, 'primary')!r}", file=sys.stderr)
        if app:
            app.explain(pictures / "failed-select.png")
        raise
    finally:
        if app:
            app.kill()
        if server:
            server.kill()
        desktop.end()
        shutil.rmtree(folder, ignore_errors=True)


def main(app, server, pictures="target/window"):
    pictures = Path(pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    check(str(Path(app).absolute()), str(Path(server).absolute()), pictures)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
