"""The app: its window, what is done in it, and what it tells of itself."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from .waiting import PATIENCE, equal, until

# Found by its class, as a task bar does.
CLASS = "chat.snug.Snug"
# All that is read of its log at once, from the end.
LOG_BYTES = 1 << 16


class App:
    """One window of `snug`, drawn by the processor."""

    def __init__(self, program, desktop, name, folder):
        self.program, self.desktop, self.name, self.folder = program, desktop, name, folder
        self.log, self.process, self.window, self.said = Path(f"{folder}.log"), None, None, []

    def command(self, *arguments):
        return [self.program, "--software", "--data-dir", str(self.folder), "--nickname", self.name, *map(str, arguments)]

    def launch(self, *arguments, log="snug::shown=debug,snug::open=debug,snug=info,warn"):
        """Begins its process, whose log begins anew."""
        environment = self.desktop.environment | {"SNUG_LOG": log, "NO_COLOR": "1"}
        self.process = subprocess.Popen(self.command(*arguments), stderr=self.log.open("wb"), env=environment)

    def open(self, *arguments, size=(960, 840), left=0):
        """Begins it, and places its window."""
        self.launch(*arguments)
        find = ["search", "--all", "--onlyvisible", "--pid", self.process.pid, "--class", CLASS]
        self.window = until(f"{self.name}'s window", lambda: self.lives() and self.desktop.do(*find, check=False))[-1]
        geometry = f"{size[0]}x{size[1]}"

        def is_placed():
            self.desktop.do("windowsize", self.window, *size)
            self.desktop.do("windowmove", self.window, left, 0)
            return geometry in self.desktop.do("getwindowgeometry", self.window)

        until(f"{self.name}'s window has its size", is_placed)

    def join(self, server, room, **place):
        """Begins it in a room, and waits until its messages are shown."""
        self.open("--join", f"127.0.0.1:{server.port}", "--room", room, **place)
        until(f"{self.name} in {room}", lambda: self.told("shown") is not None)

    def hand_over(self, *arguments):
        """A second start on the same data: it hands over to this window, and ends."""
        environment = self.desktop.environment
        again = subprocess.run(self.command(*arguments), capture_output=True, env=environment, timeout=PATIENCE)
        assert again.returncode == 0, again.stderr
        self.lives()

    def also_join(self, server, room):
        self.hand_over("--join", f"127.0.0.1:{server.port}", "--room", room)
        # Whatever is new elsewhere is counted before it.
        until(f"{self.name} in {room}", lambda: self.title().endswith(f"{room} — Snug"))

    def lives(self):
        """Always; an app that is gone fails whoever waits for it."""
        assert self.process.poll() is None, f"{self.name}'s app has ended: {self.log.read_text()[-3000:]}"
        return True

    def activate(self):
        self.lives()
        self.desktop.do("windowactivate", "--sync", self.window)

    def is_in_front(self):
        equal("the window in front", lambda: self.desktop.do("getactivewindow", check=False), [self.window])

    def click(self, x, y, button=1):
        self.activate()
        self.desktop.do("mousemove", "--window", self.window, x, y, "click", button)

    def press(self, *keys):
        self.activate()
        self.desktop.do("key", *keys)

    def type(self, text):
        self.activate()
        if text:
            self.desktop.do("type", "--delay", 12, text)

    def say(self, text):
        """Types a message as a person would, and sends it with Enter."""
        self.type(text)
        self.desktop.do("key", "Return")
        self.said.append(text)

    def drag(self, start, end, held=lambda: True):
        """From a point of the window to another, with the mouse's button held until something is true."""
        self.activate()
        self.desktop.do("mousemove", "--window", self.window, *start, "mousedown", 1)
        for step in range(1, 11):
            at = [round(a + (b - a) * step / 10) for a, b in zip(start, end)]
            self.desktop.do("mousemove", "--window", self.window, *at)
        until(f"{self.name} holds the mouse's button long enough", held)
        self.desktop.do("mouseup", 1)

    def told(self, kind):
        """The last line of its log of this kind: `shown` or `open`."""
        self.lives()
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_BYTES))
            text = log.read().decode(errors="replace")
        found = re.findall(rf"snug::{kind}: {kind}: ?(.*)\n", text)
        return found[-1] if found else None

    def shown(self):
        """The messages in view: their seqs, `…` for one on its way, `!` for one that failed."""
        return (self.told("shown") or "").split()

    def is_open(self, what):
        """Waits for what lies above or beside the room."""
        equal(f"{self.name} sees this above the room", lambda: self.told("open"), what)

    def title(self):
        self.lives()
        return " ".join(self.desktop.do("getwindowname", self.window, check=False))

    def is_titled(self, title):
        equal(f"{self.name}'s title", self.title, title)

    def find_room(self, letters, picture=None):
        """Ctrl+K, a few letters, Enter."""
        self.press("ctrl+k")
        until("the switcher is there", lambda: self.told("open") == "switcher")
        self.type(letters)
        if picture:
            self.picture(picture)
        self.press("Return")

    def leave_room(self, picture=None):
        """By the last entry of the room's menu."""
        self.press("alt+m")
        self.is_open("menu")
        if picture:
            self.picture(picture)
        self.press("End", "Return")

    def draft(self, room):
        """What is written there and not sent, as it is on the disk."""
        return self.kept()[room]["place"]["draft"]["text"]

    def kept(self):
        """The rooms as they are on the disk."""
        joined = self.folder / "data" / "joined.json"
        return {room["room"]: room for room in json.loads(joined.read_text())["rooms"]} if joined.exists() else {}

    def picture(self, path):
        """Its window, once two looks at it are alike."""
        before, taken = None, self.folder.with_suffix(".rgb")
        for _ in range(20):
            self.desktop.picture(taken, self.window)
            now = taken.read_bytes()
            if now == before:
                break
            before = now
            time.sleep(0.1)
        self.desktop.picture(path, self.window)

    def quit(self):
        """Closes the window as a person does, and waits for the end."""
        self.press("alt+F4")
        code = self.process.wait(PATIENCE)
        assert code == 0, f"{self.name}'s app ended with {code}: {self.log.read_text()[-3000:]}"

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def explain(self):
        """What can be known of an app after a failure: the end of its log, lines that only say the same again left out."""
        if not self.process or not self.log.exists():
            return
        print(f"-- {self.name} ({self.process.poll() or 'lives'}):", file=sys.stderr)
        last, lines = {}, []
        for line in self.log.read_text(errors="replace").splitlines():
            kind, _, said = line.partition("Z ")[2].partition(": ")
            if last.get(kind) != said:
                lines.append(line)
            last[kind] = said
        print("\n".join(lines[-30:]), file=sys.stderr)
