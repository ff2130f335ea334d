"""Computers on a network of their own: namespaces of the kernel, joined by a bridge.

The program that imports this runs in a namespace itself (`unshare --net --mount`), so that names meet nobody else's and all is
gone when it ends.
"""

import json
import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time

# Longer than anything here takes, on a busy machine too.
PATIENCE = 60

# Requests are sent on the computer itself: a program has one network for all its life.
GET = "import sys; from urllib.request import urlopen; print(urlopen(sys.argv[1], timeout=20).read().decode())"
POST = """
import sys
from urllib.request import Request, urlopen
urlopen(Request(sys.argv[1], b"hi", {"Content-Type": "text/plain"}), timeout=20).read()
"""


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def begin():
    """The bridge that everybody is on, and a place for names of our own."""
    os.makedirs("/run/netns", exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
    run("ip", "link", "set", "bridge", "up")


class Host:
    """A computer with a cable to the bridge."""

    count = 0

    def __init__(self, ipv4=True):
        Host.count += 1
        self.name = f"host{Host.count}"
        self.cable = f"cable{Host.count}"
        self.address = f"10.83.78.{Host.count}"
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", self.cable, "master", "bridge", "up")
        self.do("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0")
        self.do("ip", "link", "set", "lo", "up")
        if ipv4:
            self.do("ip", "address", "add", f"{self.address}/24", "brd", "+", "dev", "eth0")
        self.do("ip", "link", "set", "eth0", "up")

    def do(self, *words):
        return run("ip", "netns", "exec", self.name, *words)

    def start(self, *words, **options):
        """A program on this computer."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SNUG_")}
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, *words], stdin=subprocess.DEVNULL, text=True, env=environment, **options
        )

    def pull_cable(self):
        run("ip", "link", "set", self.cable, "down")

    def plug_cable(self):
        run("ip", "link", "set", self.cable, "up")

    def lose_multicast(self):
        """The bridge sends it no multicast any more, as some Wi-Fis do."""
        run("bridge", "link", "set", "dev", self.cable, "mcast_flood", "off")

    def get(self, address, path):
        """Asks a server over HTTP from this computer."""
        return json.loads(self.do("python3", "-c", GET, f"http://{address}{path}"))


class Program:
    """A program that ends with the test."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Server(Program):
    """The real server on a host."""

    binary = None

    def __init__(self, host, *flags, listen="0.0.0.0:8000"):
        self.host = host
        self.folder = tempfile.TemporaryDirectory(prefix="snug-network-")
        self.log = open(f"{self.folder.name}/log", "w+")
        process = host.start(
            self.binary, "--listen", listen, "--data-dir", f"{self.folder.name}/data", *flags,
            cwd=self.folder.name, stdout=subprocess.PIPE, stderr=self.log,
        )
        super().__init__(process)
        line = process.stdout.readline()
        assert line.startswith("Listening on "), line or self.said()
        self.port = int(line.strip().rsplit(":", 1)[1])
        # Nobody reads the rest, and a pipe that is full would stop the writer.
        threading.Thread(target=process.stdout.read, daemon=True).start()

    def said(self):
        self.log.flush()
        with open(self.log.name) as log:
            return log.read()

    def about(self):
        return self.host.get(f"127.0.0.1:{self.port}", "/api/server")

    def stop(self):
        """Asks it to end, as a service manager does."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def post(self, room):
        """Says something in a room."""
        path = f"/api/rooms/{room}/messages?user=maya"
        self.host.do("python3", "-c", POST, f"http://127.0.0.1:{self.port}{path}")


class Finder(Program):
    """`snug find --watch` on a host."""

    binary = None

    def __init__(self, host):
        self.folder = tempfile.TemporaryDirectory(prefix="snug-network-")
        process = host.start(
            self.binary, "--data-dir", self.folder.name, "find", "--watch", "--json", "--seconds", "600",
            stdout=subprocess.PIPE,
        )
        super().__init__(process)
        self.lists = queue.Queue()
        self.now = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lists.put(json.loads(line)["servers"])

    def until(self, is_so, what):
        """The list once it is so, and how long that took."""
        began = time.monotonic()
        while not is_so(self.now):
            left = began + PATIENCE - time.monotonic()
            try:
                self.now = self.lists.get(timeout=max(left, 0.01))
            except queue.Empty:
                raise AssertionError(f"never: {what}; the last list is {self.now}") from None
        return self.now, time.monotonic() - began

    def stays(self, is_so, seconds, what):
        """Whether it stays so for a while."""
        end = time.monotonic() + seconds
        while True:
            assert is_so(self.now), f"not so any more: {what}: {self.now}"
            try:
                self.now = self.lists.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                return


def link_local(host):
    """A host's link-local IPv6 address."""
    found = re.search(r"inet6 (fe80::[0-9a-f:]+)/", host.do("ip", "-6", "address", "show", "dev", "eth0"))
    assert found, "no link-local address"
    return found.group(1)
