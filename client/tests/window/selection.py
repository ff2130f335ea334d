"""Twelve messages are selected by the mouse and copied, and what other programs then paste is compared."""

import time

from harness import equal, until

ROOM = "tea"
WIDTH, HEIGHT = 960, 840
# Between the sidebar and the people; below the header, and above the composer and the line that tells who writes.
MIDDLE, TOP, BOTTOM = WIDTH // 2, 66, HEIGHT - 110


def lines(entries):
    """A line for each message, as the app copies several. The window's clock is that of Greenwich."""
    clock = lambda entry: time.strftime("%H:%M", time.gmtime(entry["at"] / 1000))
    return "\n".join(f"{entry['user']}, {clock(entry)}: {entry['message']}" for entry in entries)


def fill(server, app):
    for number in range(1, 13):
        if number % 3:
            app.say(f"message {number}, typed")
            equal("messages in the log", lambda: len(server.entries(ROOM)), number)
        else:
            server.post(ROOM, "ines", f"message {number}, by a script\nin two lines")
    equal("all are shown", app.shown, [str(seq) for seq in range(1, 13)])


def copy_by_the_mouse(stage, app, expected):
    for start, end in (((MIDDLE, TOP), (MIDDLE, BOTTOM)), ((MIDDLE, BOTTOM), (MIDDLE, TOP))):
        stage.desktop.copy("something else")
        app.drag(start, end)
        equal("what the middle button pastes", lambda: stage.desktop.pasted("primary"), expected)
        app.press("ctrl+c")
        equal("what is pasted", stage.desktop.pasted, expected)
    app.picture(stage.picture("window-selected"))


def copy_by_keys(stage, app, server, expected):
    app.press("Escape")
    stage.desktop.copy("something else")
    app.press("ctrl+a", "ctrl+c")
    equal("what is pasted of all", stage.desktop.pasted, expected)
    # The caret was in the composer all the while.
    app.say("Written right after")
    equal("messages in the log", lambda: len(server.entries(ROOM)), 13)

    # What is selected is copied although it has scrolled away.
    equal("the newest is shown", lambda: app.shown()[-1:], ["13"])
    expected = lines(server.entries(ROOM))
    app.press("ctrl+a", "ctrl+c")
    equal("what is pasted of the thirteen", stage.desktop.pasted, expected)
    stage.desktop.copy("something else")
    for number in range(30):
        server.post(ROOM, "ines", f"more {number}")
    until("it has scrolled away", lambda: "13" not in app.shown())
    app.press("ctrl+c")
    equal("what is pasted", stage.desktop.pasted, expected)


def run(stage):
    stage.desktop.environment["TZ"] = "UTC"
    server = stage.server("server", "--name", "The lab", "--rate-limit", "off")
    app = stage.app("maya")
    app.join(server, ROOM, size=(WIDTH, HEIGHT))
    fill(server, app)
    expected = lines(server.entries(ROOM))
    copy_by_the_mouse(stage, app, expected)
    copy_by_keys(stage, app, server, expected)
    app.click(MIDDLE, HEIGHT // 2, button=3)
    app.is_open("menu")
    app.picture(stage.picture("window-menu"))
    app.press("Escape")
    app.is_open("nothing")
    return "twelve messages were dragged over and pasted as they should"
