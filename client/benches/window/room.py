"""A real server, and rooms in which much was said."""

import base64
import json
import os
import select
import socket
import struct
import time
import urllib.request
import zlib

import harness

NAMES = ("tom", "ines", "ben", "zoe")
WORDS = "tea is ready whenever you are the build went through tomorrow again".split()


def text(number):
    """What is said: short and long, now and then with an emoji or a link."""
    length = 4 + number % 7 if number % 10 < 6 else 15 + number % 11 if number % 10 < 9 else 40 + number % 30
    said = " ".join(WORDS[(number * 31 + at * at) % 12] for at in range(length))
    return said + (" 🫖" if number % 9 == 0 else "") + (" https://example.org/a/b?c=d" if number % 25 == 0 else "")


class Member:
    """One who speaks the plain dialect and listens to nothing."""

    def __init__(self, port, room, name):
        self.socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /ws/chat/{room}/{name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        assert b" 101 " in self.socket.recv(4096)
        self.socket.setblocking(False)
        self.waiting = b""

    def say(self, said):
        payload = json.dumps({"message": said}, ensure_ascii=False).encode()
        length = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
        # Masked with zeros, which changes nothing.
        self.waiting += b"\x81" + length + b"\0\0\0\0" + payload

    def go_on(self):
        """Reads what there is, and writes what can be."""
        readable, writable, _ = select.select([self.socket], [self.socket] if self.waiting else [], [], 0)
        if readable:
            assert self.socket.recv(1 << 20), "the server has closed"
        if writable:
            self.waiting = self.waiting[self.socket.send(self.waiting):]

    def leave(self):
        self.socket.close()


class Server(harness.Server):
    """`snug-server` as it comes, but for the limits of one person."""

    def __init__(self, program, folder):
        super().__init__(program, folder, "--rate-limit", "off", "--name", "The lab")

    def last(self, room):
        entries = self.entries(room, 1)
        return entries[-1]["seq"] if entries else 0

    def epoch(self, room):
        """The name of a room's log."""
        with urllib.request.urlopen(f"{self.url(room)}?limit=1", timeout=30) as answer:
            return json.load(answer)["epoch"]

    def members(self):
        """How many seats are taken, in all rooms."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/rooms", timeout=30) as answer:
            return sum(room["members"] for room in json.load(answer)["rooms"])

    def fill(self, room, messages):
        """One after the other says a part of it, which nobody else has to hear; in the newest part they take turns."""
        turns = min(messages, 2_000)
        part = (messages - turns) // len(NAMES)
        for number, name in enumerate(NAMES):
            self.speak(room, [name], number * part, (number + 1) * part)
        self.speak(room, NAMES, len(NAMES) * part, messages)

    def speak(self, room, names, begin, end):
        members = [Member(self.port, room, name) for name in names]
        # No two rooms look alike.
        other = zlib.crc32(room.encode()) % 1000
        deadline = time.monotonic() + 120
        for number in range(begin, end):
            members[number // 3 % len(members)].say(text(number + other))
            while any(len(member.waiting) > 1 << 16 for member in members):
                for member in members:
                    member.go_on()
        while any(member.waiting for member in members) or self.last(room) < end:
            assert time.monotonic() < deadline, f"{room} was not filled"
            for member in members:
                member.go_on()
        for member in members:
            member.leave()

    def end(self):
        self.kill()
