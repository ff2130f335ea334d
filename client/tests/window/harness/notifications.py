"""What the desktop is asked to tell."""

import subprocess

from .lines import Lines


class Notifications:
    """A session bus with a notification service on it, which shows nothing and tells what it was asked for."""

    def __init__(self, service, desktop):
        command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
        self.bus = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        desktop.environment["DBUS_SESSION_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        self.lines = Lines([service], env=desktop.environment)
        assert self.next() == {"ready": True}

    def next(self):
        """The next thing it was asked for."""
        return self.lines.next("the desktop is asked for something")

    def click(self, notification):
        self.lines.write(f"click {notification['id']}")

    def end(self):
        self.lines.end()
        self.bus.kill()
        self.bus.wait()
