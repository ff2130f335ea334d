"""What the app takes of the machine, and how often it has taken note of something."""

import re
import time
from pathlib import Path

import harness


class App(harness.App):
    """An app on the processor's renderer, whose window is as large as the screen."""

    def __init__(self, program, desktop, folder, *arguments):
        super().__init__(program, desktop, "maya", folder)
        self.launch(*arguments, log="snug::shown=debug,warn")
        self.ended = {}

    def updates(self):
        """How many times the room has taken note of something."""
        return self.log.read_bytes().count(b"shown: shown:")

    def shown(self):
        """The numbers of the messages in view."""
        return [int(number) for number in super().shown() if number.isdigit()]

    def cpu(self):
        """Seconds on a processor, of all threads; those that have ended count with what was last seen of them."""
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                self.ended[thread.name] = int((thread / "schedstat").read_text().split()[0])
            except OSError:
                continue
        return sum(self.ended.values()) / 1e9

    def memory(self):
        """Megabytes: resident, proportional, and what no file stands behind."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return tuple(int(re.search(rf"^{name}:\s+(\d+)", rollup, re.M)[1]) / 1024 for name in ("Rss", "Pss", "Pss_Anon"))

    def until(self, what, fact, seconds=60):
        deadline = time.monotonic() + seconds
        while not fact():
            assert self.process.poll() is None, f"the app has ended: {self.log.read_text()[-500:]}"
            if time.monotonic() > deadline:
                self.desktop.picture("target/bench/stuck.png")
                raise AssertionError(f"within {seconds} s not: {what}; in view {self.shown()}")
            time.sleep(0.01)

    def rest(self, seconds=0.5):
        """Waits until it does nothing any more."""
        before = -1.0
        while self.cpu() - before > 0.002:
            before = self.cpu()
            time.sleep(seconds)

    def idle(self, seconds):
        """The share of one core it uses while nothing happens, in percent."""
        before = self.cpu()
        time.sleep(seconds)
        return (self.cpu() - before) / seconds * 100

    def each(self, act, times, pause):
        """Milliseconds on a processor for each of several acts: all threads, everything that follows from one."""
        self.rest()
        before = self.cpu()
        for number in range(times):
            act(number)
            time.sleep(pause)
        self.rest(0.2)
        return (self.cpu() - before) / times * 1000

    def end(self):
        self.kill()
