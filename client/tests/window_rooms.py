"""The real window with many rooms: one app under Xvfb and openbox, driven by keys and the mouse, in three rooms on two servers.

    python3 client/tests/window_rooms.py target/debug/snug target/debug/snug-server target/debug/examples/notification_service [folder for the screenshots]

A mention comes in a room that is not shown, a draft waits in another, a message is written while its server is away in a room
that is then left, and the app is killed and started again. The window's title says where one is and how much is new; the
servers' logs say what arrived.
"""

import json
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

from window import PATIENCE, App, Desktop, Server, until


class Rooms(Server):
    """A server with several rooms."""

    def texts(self, room):
        """What a room's log has."""
        try:
            with urllib.request.urlopen(f"{self.path(room)}?limit=500", timeout=5) as answer:
                return [entry["message"] for entry in json.load(answer)["entries"]]
        except OSError:
            return []

    def post(self, room, user, message):
        """Somebody says something."""
        body = json.dumps({"user": user, "message": message}).encode()
        request = urllib.request.Request(self.path(room), body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=PATIENCE).close()

    def path(self, room):
        return f"http://127.0.0.1:{self.port}/api/rooms/{quote(room)}/messages"


class Notifications:
    """A session bus with a notification service on it, which shows nothing and tells what it was asked for."""

    def __init__(self, service, desktop):
        command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
        self.bus = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        desktop.environment["DBUS_SESSION_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.service = subprocess.Popen([service], env=desktop.environment, **pipes)
        assert self.next() == {"ready": True}

    def next(self):
        """The next thing it was asked for."""
        readable, _, _ = select.select([self.service.stdout], [], [], PATIENCE)
        assert readable, "the desktop was asked for nothing"
        return json.loads(self.service.stdout.readline())

    def click(self, notification):
        self.service.stdin.write(f"click {notification['id']}\n")
        self.service.stdin.flush()

    def end(self):
        for process in (self.service, self.bus):
            process.kill()
            process.wait()


class Window(App):
    """An app that is told nothing but where its data is."""

    def join(self, server, room):
        """A second start on the same data, which hands over to the open window."""
        command = self.command("--join", f"127.0.0.1:{server.port}", "--room", room)
        subprocess.run(command, check=True, capture_output=True, env=self.desktop.environment, timeout=PATIENCE)
        self.is_titled(f"{room} — Snug")

    def begin_again(self):
        """A start as from the desktop, without arguments that lead anywhere."""
        self.process = subprocess.Popen(self.command(), stderr=self.log.open("ab"), env=self.desktop.environment)
        find = ["search", "--all", "--onlyvisible", "--pid", self.process.pid, "--class", "chat.snug.Snug"]
        self.window = until("the window", lambda: self.ended() or self.desktop.do(*find, check=False))[-1]

    def title(self):
        return " ".join(self.desktop.do("getwindowname", self.window, check=False))

    def is_titled(self, title):
        until(f"the title is “{title}”, not “{self.title()}”", lambda: self.title() == title)

    def type(self, text):
        self.desktop.do("windowactivate", "--sync", self.window)
        if text:
            self.desktop.do("type", "--delay", 12, text)

    def find(self, letters, picture=None):
        """Ctrl+K, a few letters, Enter."""
        self.press("ctrl+k")
        # The window is drawn anew before it takes other keys.
        time.sleep(1)
        self.type(letters)
        if picture:
            time.sleep(1)
            self.picture(picture)
        self.press("Return")

    def kept(self):
        """The rooms as they are on the disk."""
        joined = self.folder / "data" / "joined.json"
        return {room["room"]: room for room in json.loads(joined.read_text())["rooms"]} if joined.exists() else {}


def visit(app, desktop, notifications, one, two, folder, pictures):
    app.start()
    app.join(one, "garden")
    app.join(two, "music")
    app.picture(pictures / "rooms-joined.png")

    # Who is spoken to in a room that is not shown sees it in the title, and gets there by two keys.
    one.post("tea", "zoe", "@maya, tea is ready")
    app.is_titled("(1) music — Snug")
    told = notifications.next()
    assert told["title"] == "zoe mentioned you in tea on The lab", told
    assert told["body"] == "@maya, tea is ready", told
    app.find("")
    app.is_titled("tea — Snug")
    # It was read, so the desktop need not show it any more.
    assert notifications.next() == {"closed": told["id"]}

    # A second message of a room changes its notification; a click on it opens the room.
    for words in ("@maya, do you <b>hear</b>?", "@maya!"):
        two.post("music", "zoe", words)
        told = notifications.next()
    assert (told["title"], told["body"]) == ("2 new messages in music on The lab", "zoe: @maya!"), told
    assert told["replaces"] == told["id"], told
    notifications.click(told)
    app.is_titled("music — Snug")
    app.press("ctrl+Tab")
    app.is_titled("tea — Snug")

    # A draft stays where it was begun.
    app.type("half a thought")
    app.find("gard", pictures / "rooms-switcher.png")
    app.is_titled("garden — Snug")
    until("the draft is on the disk", lambda: app.kept()["tea"]["place"]["draft"]["text"] == "half a thought")

    # What is written while the server is away goes out, although its room is left by its menu before that.
    one.kill()
    app.say("Goes out from a room that is left")
    app.press("alt+m")
    time.sleep(0.5)
    app.picture(pictures / "rooms-menu.png")
    app.press("End", "Return")
    app.is_titled("tea — Snug")
    until("it is left", lambda: app.kept()["garden"]["is_left"])

    # All of it holds when the app dies and begins again.
    app.process.kill()
    app.process.wait()
    app.begin_again()
    app.is_titled("tea — Snug")
    one.start()
    until("what waited has come", lambda: one.texts("garden") == ["Goes out from a room that is left"])
    until("the left room is closed", lambda: set(app.kept()) == {"tea", "music"})
    app.type(" is whole now")
    app.press("Return")
    until("the draft was sent", lambda: one.texts("tea")[-1:] == ["half a thought is whole now"])
    two.post("music", "zoe", "maya: listen")
    app.is_titled("(1) tea — Snug")
    app.press("ctrl+Tab")
    app.is_titled("music — Snug")
    app.picture(pictures / "rooms-again.png")
    print(f"one window, three rooms on two servers, 2 kills: nothing misplaced; pictures in {pictures}")


def main(app, server, service, pictures="target/window"):
    pictures = Path(pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="snug-window-"))
    for part in ("one", "two", "maya"):
        (folder / part).mkdir()
    desktop, servers, window = Desktop(folder), [], None
    notifications = Notifications(str(Path(service).absolute()), desktop)
    try:
        for part in ("one", "two"):
            servers.append(Rooms(str(Path(server).absolute()), folder / part))
        window = Window(str(Path(app).absolute()), desktop, servers[0], "maya", folder / "maya", 0)
        visit(window, desktop, notifications, *servers, folder, pictures)
    except BaseException:
        if window:
            window.explain(pictures / "failed-rooms.png")
        raise
    finally:
        if window:
            window.kill()
        for each in servers:
            each.kill()
        notifications.end()
        desktop.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
