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

# What the tests of the window are made of is here too.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "tests/window")]
from app import App
from report import publish, table
from room import Member, Server, text
from x11 import LARGE_SIZE, Desktop

LARGE = 100_000
ROOMS = [f"room-{number}" for number in range(10)]
OVER_MESSAGES = (600, 400)
# The first room's row in the list, and how far the next one is.
FIRST_ROOM, ROW = (116, 115), 34
HOME, END, BACKSPACE = 0xFF50, 0xFF57, 0xFF08
WHEEL_UP, WHEEL_DOWN = 4, 5
# Until the caret has come to rest.
CARET_SECONDS = 15
# A window in which nothing changes for so long shows what it has to show.
SETTLED = 0.4
# Letters typed before the line is emptied again.
LETTERS = 50


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
    commands = {"app": [program, "--software", "--data-dir", str(folder)], "empty": [empty]}
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


def remember(folder, server):
    """The ten rooms as an app keeps them that is in each and has read all of it."""
    (folder / "data").mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps({"nickname": "maya"}))
    rooms = [{"server": f"ws://127.0.0.1:{server.port}", "room": room, "nickname": "maya", "shown_at": at,
              "read": {"epoch": server.epoch(room), "seen": LARGE}} for at, room in enumerate(ROOMS, 1)]
    (folder / "data" / "joined.json").write_text(json.dumps({"rooms": rooms}))


def visit(desktop, app, number):
    """A room of the list. Answers milliseconds from the click to the last change, by the clock and on a processor."""
    desktop.point(FIRST_ROOM[0], FIRST_ROOM[1] + ROW * number)
    time.sleep(0.2)
    cpu = app.cpu()
    taken = until_settled(desktop, desktop.area()[0], lambda: desktop.press(1))
    assert current(desktop) == ROOMS[number], f"{current(desktop)} is open"
    return taken, (app.cpu() - cpu) * 1000


def write(desktop):
    """The caret into the field where one writes."""
    x, y, _, height = desktop.area()[1]
    desktop.point(x + 300, y + height // 2)
    desktop.press(1)
    time.sleep(0.5)


def key_to_pixels(desktop, times=200):
    """Milliseconds from a key to the letter on the screen. A caret that was touched does not blink for half a second."""
    area, taken = desktop.area()[1], []
    for number in range(times):
        before = desktop.sum(*area)
        begun = time.perf_counter()
        # Letters that are all drawn anew: a space would change nothing but the caret's place.
        desktop.key(ord("abcdefghij"[number % 10]))
        while desktop.sum(*area) == before:
            if time.perf_counter() - begun > 5:
                desktop.picture("target/bench/stuck.png")
                raise AssertionError("the composer does not answer")
            time.sleep(0.0002)
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.04)
        # On one line, and within the part that is looked at.
        if number % LETTERS == LETTERS - 1:
            desktop.key(ord("a"), control=True)
            desktop.key(BACKSPACE)
            time.sleep(0.2)
    return taken


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
    writing = desktop.area()[1]
    shows, due = desktop.sum(*writing), begun
    while said < 1000 or pressed:
        now = time.perf_counter()
        while said < min(1000, (now - begun) * 1000):
            member.say(text(said))
            said += 1
        member.go_on()
        if not pressed and now >= due and said < 1000:
            type_letter(desktop, 0)
            pressed, due = now, due + 0.05
        elif pressed and (shown := desktop.sum(*writing)) != shows:
            waits.append((time.perf_counter() - pressed) * 1000)
            pressed, shows = None, shown
        assert not pressed or now - pressed < 10, "the composer does not answer"
        time.sleep(0.0005)
    app.rest()
    return app.updates() - updates, len(waits), (app.cpu() - cpu) * 1000, waits


def measure(program, server_program, empty, quick):
    figures = {}
    folder = Path(tempfile.mkdtemp(prefix="snug-desktop-"))
    desktop, server = Desktop(), None
    rounds = 3 if quick else 10
    try:
        figures["start"] = starts(desktop, program, empty, folder / "fresh", rounds)
        server = Server(server_program, folder / "server")
        for room in ROOMS:
            server.fill(room, LARGE)
        remember(folder / "maya", server)
        app = join(program, desktop, folder / "maya", server)
        try:
            in_the_rooms(desktop, app, 10 if quick else 60, figures)
            in_one_room(desktop, app, server, figures)
        finally:
            app.end()
        figures["start again"] = starts(desktop, program, empty, folder / "maya", rounds)
        in_a_large_window(program, folder / "maya", server, figures)
    finally:
        if server:
            server.end()
        desktop.end()
        subprocess.run(["rm", "-r", str(folder)], check=False)
    figures["size"] = {name: os.path.getsize(path) / 1e6 for name, path in (("app", program), ("server", server_program))}
    return figures


def join(program, desktop, folder, server):
    """The app, in all rooms, with the one on the screen that was there last."""
    app = App(program, desktop, folder)
    app.until("all rooms are joined", lambda: server.members() >= len(ROOMS))
    app.until("the room's end", lambda: LARGE in app.shown())
    app.rest()
    return app


def in_the_rooms(desktop, app, seconds, figures):
    """From room to room, and doing nothing."""
    figures["memory joined"] = app.memory()
    # Each room twice; the next is never a neighbour.
    figures["switch"] = [visit(desktop, app, number * 3 % 10) for number in range(20)]
    app.until("a room's end", lambda: LARGE in app.shown())
    app.rest()
    figures["memory visited"] = app.memory()
    write(desktop)
    time.sleep(CARET_SECONDS)
    figures["idle shown"] = app.idle(seconds)
    desktop.window("windowminimize")
    # A change of the focus counts as a touch.
    time.sleep(CARET_SECONDS)
    figures["idle hidden"] = app.idle(seconds)
    desktop.window("windowactivate")
    time.sleep(1)


def in_one_room(desktop, app, server, figures):
    """Writing, scrolling, reading all of it, and a thousand messages in a second."""
    write(desktop)
    figures["keys"] = key_to_pixels(desktop)
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
    figures["switch from loaded"] = [visit(desktop, app, (ROOMS.index(room) + 3) % 10)]
    desktop.picture("target/bench/desktop.png")
    app.rest()
    figures["memory left"] = app.memory()


def in_a_large_window(program, folder, server, figures):
    """What depends on the number of pixels."""
    desktop = Desktop(LARGE_SIZE)
    try:
        app = join(program, desktop, folder, server)
        try:
            write(desktop)
            figures["keys large"] = key_to_pixels(desktop)
            figures["typing large"] = app.each(lambda number: type_letter(desktop, number), 100, 0.05)
            desktop.point(desktop.size[0] // 2, desktop.size[1] // 2)
            figures["wheel large"] = app.each(lambda _: desktop.press(WHEEL_UP), 60, 0.05)
            desktop.picture("target/bench/desktop-large.png")
        finally:
            app.end()
    finally:
        desktop.end()


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
