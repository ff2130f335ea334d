"""A program that takes lines, and answers with lines of JSON."""

import json
import queue
import subprocess
import threading

from .waiting import PATIENCE


class Lines:
    """A program that takes lines, and answers with lines of JSON."""

    def __init__(self, command, **options):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes, **options)
        self.answers = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.answers.put(line)

    def write(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def next(self, what):
        try:
            return json.loads(self.answers.get(timeout=PATIENCE))
        except queue.Empty:
            raise AssertionError(f"within {PATIENCE} s not: {what}") from None

    def end(self):
        """With the end of its input it ends by itself, and with it what it began."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
