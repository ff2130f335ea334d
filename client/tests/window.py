"""The real window: two apps under Xvfb and openbox, driven by xdotool, talk through a real server.

    python3 client/tests/window.py target/debug/snug target/debug/snug-server [folder for the screenshots]

The server is killed with -9 and started again between messages, and so is one of the apps while its message waits. In the end
the server's log has every message once, in each author's order, and both apps show all of them, in order, none pending: they
write the numbers of the messages in view to their log (`SNUG_LOG=snug::shown=debug`, client/src/screen/room/trace.rs).
"""

import json
import os
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PATIENCE = 60
ROOM = "tea"
WIDTH, HEIGHT = 960, 840


def until(what, fact, seconds=PATIENCE):
    """Waits until `fact()` is true, and gives what it is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := fact():
            return found
        time.sleep(0.05)
    raise AssertionError(f"within {seconds} s not: {what}")


class Desktop:
    """A display nobody looks at, with a window manager."""

    def __init__(self, folder):
        # It takes a free number, and says which once it can be used.
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{2 * WIDTH}x{HEIGHT + 80}x24", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.display = f":{int(self.server.stdout.readline())}"
        # An own session bus would be another program to need; without one the theme is the default.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("SNUG_", "WAYLAND", "DBUS"))}
        self.environment |= {"DISPLAY": self.display, "XDG_SESSION_TYPE": "x11"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # A window that comes while openbox still begins may never be shown.
        begun = folder / "openbox-has-begun"
        command = ["openbox", "--startup", f"touch {begun}"]
        self.manager = subprocess.Popen(command, env=self.environment, **quiet)
        until("a window manager", begun.exists)

    def do(self, *arguments, check=True):
        command = ["xdotool", *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30)
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stderr}")
        return done.stdout.split()

    def end(self):
        for process in (self.manager, self.server):
            process.terminate()
            process.wait()


class Server:
    """`snug-server` on a port that stays the same."""

    def __init__(self, program, folder):
        self.program, self.folder, self.port = program, folder, 0
        self.start()

    def start(self):
        command = [self.program, "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.folder), "--name", "The lab"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SNUG_")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=self.folder)
        line = self.process.stdout.readline()
        self.port = int(re.fullmatch(r"Listening on 127\.0\.0\.1:(\d+)\n", line)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def log(self):
        """The room's messages as the server keeps them."""
        url = f"http://127.0.0.1:{self.port}/api/rooms/{ROOM}/messages?limit=500"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["entries"]
        except OSError:
            return []


class App:
    """One window of `snug`, drawn by the processor."""

    def __init__(self, program, desktop, server, name, folder, left, room=ROOM):
        self.program, self.desktop, self.server, self.name, self.left = program, desktop, server, name, left
        self.folder, self.room, self.said = folder, room, []
        self.log = folder.with_suffix(".log")
        self.process = None

    def start(self):
        command = self.command("--join", f"127.0.0.1:{self.server.port}", "--room", self.room)
        environment = self.desktop.environment | {"SNUG_LOG": "snug::shown=debug,snug=info,warn", "NO_COLOR": "1"}
        self.process = subprocess.Popen(command, stderr=self.log.open("ab"), env=environment)
        # Found by its class, as a task bar does.
        find = ["search", "--all", "--onlyvisible", "--pid", self.process.pid, "--class", "chat.snug.Snug"]
        self.window = until(f"{self.name}'s window", lambda: self.ended() or self.desktop.do(*find, check=False))[-1]
        self.desktop.do("windowsize", "--sync", self.window, WIDTH, HEIGHT)
        self.desktop.do("windowmove", self.window, self.left, 0)
        until(f"{self.name} in the room", lambda: self.shown() is not None)

    def command(self, *arguments):
        return [self.program, "--software", "--data-dir", str(self.folder), "--nickname", self.name, *arguments]

    def start_again(self):
        """A second start on the same data: it hands over to this window, and ends."""
        again = subprocess.run(self.command(), capture_output=True, env=self.desktop.environment, timeout=PATIENCE)
        assert again.returncode == 0, again.stderr
        self.ended()

    def click(self, x, y):
        self.desktop.do("windowactivate", "--sync", self.window)
        self.desktop.do("mousemove", "--window", self.window, x, y, "click", 1)

    def press(self, *keys):
        self.desktop.do("windowactivate", "--sync", self.window)
        self.desktop.do("key", *keys)

    def ended(self):
        """Never; an app that is gone fails whoever waits for it."""
        assert self.process.poll() is None, f"{self.name}'s app has ended: {self.log.read_text()}"

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.log.unlink(missing_ok=True)

    def explain(self, picture):
        """What can be known of an app after a failure."""
        if self.process:
            print(f"-- {self.name} ({self.process.poll()}) shows {self.shown()}", file=sys.stderr)
            print(self.log.read_text()[-3000:], file=sys.stderr)
            subprocess.run(["import", "-window", "root", str(picture)], env=self.desktop.environment)

    def say(self, text):
        """Types a message as a person would, and sends it with Enter."""
        self.ended()
        self.desktop.do("windowactivate", "--sync", self.window)
        self.desktop.do("type", "--delay", 12, text)
        self.desktop.do("key", "Return")
        self.said.append(text)

    def shown(self):
        """The messages in view: their seqs, `…` for one on its way. None before the room was shown."""
        found = re.findall(r"snug::shown: shown: ?(.*)", self.log.read_text())
        return found[-1].split() if found else None

    def picture(self, path):
        subprocess.run(["import", "-window", self.window, str(path)], env=self.desktop.environment, check=True)


def converse(app, server_program, pictures):
    folder = Path(tempfile.mkdtemp(prefix="snug-window-"))
    for part in ("server", "maya", "zoe"):
        (folder / part).mkdir()
    desktop = Desktop(folder)
    server, apps = None, []
    try:
        server = Server(server_program, folder / "server")
        for number, name in enumerate(("maya", "zoe")):
            apps.append(App(app, desktop, server, name, folder / name, number * WIDTH))
            apps[-1].start()
        maya, zoe = apps

        def heard():
            """Everybody sees everything that was said, and nothing is pending."""
            everything = sum(len(each.said) for each in apps)
            full = [str(seq) for seq in range(1, everything + 1)]
            until("the server has all", lambda: len(server.log()) == everything)
            for each in apps:
                until(f"{each.name} shows {full}, not {each.shown()}", lambda: each.shown() == full)

        maya.picture(pictures / "window-empty.png")
        maya.say("Is anybody there?")
        zoe.say("Yes! Tea at five?")
        heard()

        # Wherever one clicked, and after Tab, writing goes on in the composer. Combinations write nothing.
        maya.click(WIDTH // 2, HEIGHT // 3)
        maya.say("After a click")
        maya.press("Tab", "Tab", "ctrl+1", "alt+a", "ctrl+semicolon")
        maya.say("After Tab")
        zoe.start_again()
        zoe.say("There is one window of mine.")
        heard()

        # Nothing is on its way when the server dies.
        server.kill()
        server.start()
        maya.say("At five, then.")
        heard()

        # What is said while the server is away waits, and goes out by itself.
        server.kill()
        maya.say("Can you still hear me?")
        maya.say("The server is gone, I think.")
        zoe.say("Mine says the same.")
        until("both wait", lambda: maya.shown()[-2:] == ["…", "…"] and zoe.shown()[-1:] == ["…"])
        time.sleep(1)
        maya.picture(pictures / "window-offline.png")
        server.start()
        heard()

        # The server dies right after Enter: stored or not, it comes through once.
        for number in range(3):
            maya.say(f"Right before the end, {number}")
            server.kill()
            server.start()
        heard()

        # The app dies as well while a message waits: it is on disk, and goes out from there.
        server.kill()
        zoe.say("Kept while everything is off")
        until("it waits", lambda: zoe.shown()[-1:] == ["…"])
        zoe.kill()
        server.start()
        zoe.start()
        heard()
        maya.say("Everything came through.")
        heard()
        time.sleep(0.5)
        for each in apps:
            each.picture(pictures / f"window-{each.name}.png")

        entries = server.log()
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1)), entries
        assert len({entry["id"] for entry in entries}) == len(entries)
        for each in apps:
            kept = [entry["message"] for entry in entries if entry["user"] == each.name]
            assert kept == each.said, f"{each.name} said {each.said}, the server has {kept}"
        print(f"two windows, {len(entries)} messages, 7 kills: each shown once, in order; pictures in {pictures}")
    except BaseException:
        for each in apps:
            each.explain(pictures / f"failed-{each.name}.png")
        raise
    finally:
        for each in apps:
            each.kill()
        if server:
            server.kill()
        desktop.end()
        shutil.rmtree(folder, ignore_errors=True)


def main(app, server, pictures="target/window"):
    pictures = Path(pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    converse(str(Path(app).absolute()), str(Path(server).absolute()), pictures)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
