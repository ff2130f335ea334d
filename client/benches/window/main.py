"""What the app costs on a real window: start, idle, memory, scrolling, typing, a burst; drawn by the processor, on a virtual
screen of 1280×800, beside an empty window where that can be compared.

    ./test bench --desktop [--quick] [--publish]

`--quick` idles ten seconds instead of sixty and starts three times instead of ten. `--publish` puts the table into
docs/performance.md. What needs no window comes from `client/benches/desktop`, whose lines are read from target/bench/desktop.tsv.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from app import App
from report import publish, table
from room import Member, Server, text
from x11 import SIZE, Desktop

LARGE = 100_000
ROOMS = [f"room-{number}" for number in range(10)]
# Part of the window: the messages, and where one writes. A caret that was touched does not blink for half a second.
MESSAGES = (250, 80, 600, 600)
WRITING = (255, SIZE[1] - 66, 700, 34)
COMPOSER = (560, SIZE[1] - 48)
OVER_MESSAGES = (600, 400)
LAST_ROOM = (116, 406)
HOME, END, BACKSPACE = 0xFF50, 0xFF57, 0xFF08
WHEEL_UP, WHEEL_DOWN = 4, 5
# Until the caret has come to rest.
CARET_SECONDS = 15
# A window in which nothing changes for so long shows what it has to show.
SETTLED = 0.4


def first_frame(desktop, command):
    """Milliseconds until the middle of the screen is not empty any more."""
    while not desktop.is_black():
        time.sleep(0.02)
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=desktop.environment, stderr=subprocess.DEVNULL)
    while desktop.is_black():
        time.sleep(0.001)
        assert process.poll() is None, f"{command[0]} ended by itself"
    taken = (time.perf_counter() - begun) * 1000
    process.kill()
    process.wait()
    return taken


def starts(desktop, program, empty, folder, rounds):
    """The app and an empty window in turns; what each took, without the first round, which only warms the disk's cache."""
    taken = {"app": [], "empty": []}
    commands = {"app": [program, "--software", "--data-dir", f"{folder}/fresh"], "empty": [empty]}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            milliseconds = first_frame(desktop, command)
            if turn:
                taken[name].append(milliseconds)
    return taken


def until_settled(desktop, area, act):
    """Milliseconds from an act to the last change of an area that follows from it."""
    before = desktop.sum(*area)
    begun = last = time.perf_counter()
    act()
    while time.perf_counter() - last < SETTLED:
        now = desktop.sum(*area)
        if now != before:
            before, last = now, time.perf_counter()
    return (last - begun) * 1000


def remember(folder, port):
    """The ten rooms as an app keeps them that was in each."""
    folder.mkdir()
    recent = [{"server": f"ws://127.0.0.1:{port}", "room": room, "nickname": "maya", "at": 0} for room in ROOMS]
    (folder / "settings.json").write_text(json.dumps({"nickname": "maya", "recent": recent}))


def visit(desktop, app):
    """The last room of the list, which is the one not visited for longest. Answers milliseconds, by the clock and on a processor."""
    desktop.point(*LAST_ROOM)
    time.sleep(0.2)
    cpu = app.cpu()
    taken = until_settled(desktop, MESSAGES, lambda: desktop.press(1))
    return taken, (app.cpu() - cpu) * 1000


def load_all(desktop, app):
    """Goes up, page by page, until the first message is in view. Answers how long that took."""
    begun = time.monotonic()

    def at_the_beginning():
        desktop.key(HOME, control=True)
        time.sleep(0.03)
        return 1 in app.shown()

    app.until("the first message in view", at_the_beginning, 300)
    return time.monotonic() - begun


def type_letter(desktop, number):
    desktop.key(ord(" ") if number % 6 == 5 else ord("e"))


def burst(desktop, app, member):
    """A thousand messages in a second, and a letter every 50 ms. Answers updates, milliseconds on a processor, waits for a letter."""
    desktop.key(ord("a"), control=True)
    desktop.key(BACKSPACE)
    time.sleep(0.5)
    app.rest()
    updates, cpu = app.updates(), app.cpu()
    begun, said, waits, pressed = time.perf_counter(), 0, [], None
    shows, due = desktop.sum(*WRITING), begun
    while said < 1000 or pressed:
        now = time.perf_counter()
        while said < min(1000, (now - begun) * 1000):
            member.say(text(said))
            said += 1
        member.go_on()
        if not pressed and now >= due and said < 1000:
            type_letter(desktop, 0)
            pressed, due = now, due + 0.05
        elif pressed and (shown := desktop.sum(*WRITING)) != shows:
            waits.append((time.perf_counter() - pressed) * 1000)
            pressed, shows = None, shown
        assert not pressed or now - pressed < 10, "the composer does not answer"
        time.sleep(0.0005)
    app.rest()
    return app.updates() - updates, len(waits), (app.cpu() - cpu) * 1000, waits


def measure(program, server_program, empty, quick):
    figures = {}
    folder = Path(tempfile.mkdtemp(prefix="snug-desktop-"))
    desktop = Desktop()
    server = app = None
    try:
        figures["start"] = starts(desktop, program, empty, folder, 3 if quick else 10)
        server = Server(server_program, folder / "server")
        for room in ROOMS:
            server.fill(room, LARGE)
        remember(folder / "maya", server.port)
        join = ("--join", f"127.0.0.1:{server.port}", "--room", ROOMS[0])
        app = App(program, desktop, folder / "maya", *join)
        app.until("the room's end", lambda: LARGE in app.shown())
        app.rest()
        figures["memory joined"] = app.memory()
        figures["switch"] = [visit(desktop, app) for _ in range(20)]
        app.until("a room's end", lambda: LARGE in app.shown())
        app.rest()
        figures["memory visited"] = app.memory()
        desktop.point(*COMPOSER)
        desktop.press(1)
        seconds = 10 if quick else 60
        time.sleep(CARET_SECONDS)
        figures["idle shown"] = app.idle(seconds)
        desktop.window("windowminimize")
        time.sleep(2)
        figures["idle hidden"] = app.idle(seconds)
        desktop.window("windowactivate")
        time.sleep(1)
        figures["typing"] = app.each(lambda number: type_letter(desktop, number), 100, 0.05)
        desktop.point(*OVER_MESSAGES)
        figures["wheel"] = app.each(lambda _: desktop.press(WHEEL_UP), 60, 0.05)
        figures["load"] = load_all(desktop, app)
        app.rest()
        figures["memory loaded"] = app.memory()
        figures["wheel loaded"] = app.each(lambda _: desktop.press(WHEEL_DOWN), 100, 0.05)
        figures["typing loaded"] = app.each(lambda number: type_letter(desktop, number), 100, 0.05)
        room = current(desktop)
        # First where the reader is, some way up; then at the newest.
        for place in ("burst above", "burst end"):
            if place == "burst end":
                desktop.key(END, control=True)
                app.rest()
            member = Member(server.port, room, "tom")
            figures[place] = burst(desktop, app, member)
            member.leave()
        # Switching from a room with all of it loaded has that to put away first.
        figures["switch from loaded"] = [visit(desktop, app)]
        desktop.picture("target/bench/desktop.png")
        app.rest()
        figures["memory left"] = app.memory()
    finally:
        if app:
            app.end()
        if server:
            server.end()
        desktop.end()
        subprocess.run(["rm", "-r", str(folder)], check=False)
    figures["size"] = {name: os.path.getsize(path) / 1e6 for name, path in (("app", program), ("server", server_program))}
    return figures


def current(desktop):
    """The room in the window's title."""
    found = subprocess.run(["xdotool", "getactivewindow", "getwindowname"], env=desktop.environment, capture_output=True, text=True)
    return found.stdout.strip().removesuffix(" — Snug").split(") ")[-1]


def main(program, server_program, empty, *options):
    figures = measure(program, server_program, empty, "--quick" in options)
    micro = [line.rstrip("\n").split("\t") for line in Path("target/bench/desktop.tsv").open(encoding="utf-8")]
    Path("target/bench/desktop.json").write_text(json.dumps({"window": figures, "micro": micro}, indent=1))
    page = table(figures, micro, datetime.date.today())
    print(page)
    if "--publish" in options:
        publish(page)


if __name__ == "__main__":
    main(*sys.argv[1:])
