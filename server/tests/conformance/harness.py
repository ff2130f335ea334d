"""What the claims are checked with: the real server as a process, members who speak frames, and sockets that break rules."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import struct
import tempfile
import uuid
from pathlib import Path
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

CLAIMS = []


class LeftOut(Exception):
    """What a claim needs is not on this machine."""


def claim(sentence, server="default", seconds=60):
    """Registers a check of one sentence of the page. It gets the server it names, and has the time it names."""

    def register(check):
        CLAIMS.append((sentence, server, seconds, check))
        return check

    return register


def new_id():
    return str(uuid.uuid4())


def unique(name="room"):
    return f"{name} {uuid.uuid4().hex[:12]}"


def text(**fields):
    return {"type": "chat_message", "id": new_id(), **fields}


class Server:
    """`snug-server` on a free port of this machine, in a data folder of its own."""

    def __init__(self, binary, *flags):
        self.binary, self.flags, self.process = str(Path(binary).absolute()), flags, None
        self.folder = tempfile.mkdtemp(prefix="snug-conformance-")
        self.log = open(Path(self.folder) / "server.log", "ab")
        self.port = 0

    async def start(self):
        command = [self.binary, "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(Path(self.folder) / "data")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SNUG_")}
        self.process = await asyncio.create_subprocess_exec(
            *command, *self.flags, stdout=asyncio.subprocess.PIPE, stderr=self.log, env=environment, cwd=self.folder
        )
        async with asyncio.timeout(20):
            while not self.port:
                line = (await self.process.stdout.readline()).decode()
                if not line:
                    raise AssertionError(f"the server ended: {(Path(self.folder) / 'server.log').read_text()}")
                if found := re.search(r"127\.0\.0\.1:(\d+)", line):
                    self.port = int(found[1])
            while (await self.get("/readyz"))[0] != 200:
                await asyncio.sleep(0.02)
        self.reading = asyncio.create_task(self.process.stdout.read())
        return self

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}"

    async def kill(self):
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def end(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()
        return self.process.returncode

    def clear(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def http(self, method, path, body=b"", headers=None):
        """One request on a connection of its own: status and body, as JSON where it is some."""
        headers = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"} | (headers or {})
        if body:
            headers["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return 0, None
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answer = await asyncio.wait_for(reader.read(), 15)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head else 0
        if b"transfer-encoding: chunked" in head.lower():
            chunks, rest = b"", body
            while rest:
                size, _, rest = rest.partition(b"\r\n")
                chunks, rest = chunks + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
            body = chunks
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body.decode(errors="replace")

    async def get(self, path, **headers):
        return await self.http("GET", path, headers=headers)

    async def post(self, room, body, **headers):
        headers = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        path = f"/api/rooms/{quote(room, safe='')}/messages"
        return await self.http("POST", path, json.dumps(body).encode(), headers)

    async def page(self, room, query=""):
        return await self.get(f"/api/rooms/{quote(room, safe='')}/messages?{query}")

    async def socket(self, room, nickname=None, **options):
        """A WebSocket of the native dialect on which nothing was said yet."""
        path = f"/ws/chat/{quote(room, safe='')}/" + (quote(nickname, safe="") if nickname is not None else "")
        options = {"subprotocols": ["snug.v1"], "max_size": 1 << 20, "proxy": None, "ping_interval": None} | options
        return await connect(self.url + path, **options)

    async def join(self, room, nickname, **hello):
        return await Member(await self.socket(room, nickname)).hello(**hello)


class Member:
    """One native connection that speaks frames and remembers all it heard."""

    def __init__(self, socket):
        self.socket, self.heard, self.established, self.replay = socket, [], None, []

    async def hello(self, **fields):
        """Joins, and takes in the replay: `established`, and the entries in `replay`."""
        await self.send({"type": "hello", "version": 1, **fields})
        self.established = await self.next("connection_established")
        while True:
            frame = await self.next("entries")
            self.replay += frame["entries"]
            if frame.get("live"):
                return self

    async def send(self, frame):
        try:
            await self.socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))
        except ConnectionClosed:
            pass  # Whoever reads next hears why.
        return frame.get("id") if isinstance(frame, dict) else None

    async def hear(self, seconds=15):
        raw = await asyncio.wait_for(self.socket.recv(), seconds)
        assert isinstance(raw, str), "frames are text"
        assert len(raw.encode()) <= 256 * 1024, "a server's frame is at most 256 KiB"
        frame = json.loads(raw)
        assert raw == json.dumps(frame, ensure_ascii=False, separators=(",", ":")), f"not compact: {raw[:200]}"
        self.heard.append(frame)
        return frame

    async def next(self, kind, seconds=15, **fields):
        """The next frame of this type with these fields; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.hear(seconds)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame

    async def ask(self, frame):
        """Sends something with an id: the entry or the error that answers it."""
        id = await self.send(frame)
        async with asyncio.timeout(15):
            while True:
                answer = await self.hear()
                if answer.get("id") == id:
                    return answer

    async def say(self, message, **more):
        answer = await self.ask(text(message=message, **more))
        assert answer["type"] == "chat_message", answer
        return answer

    async def refused(self, frame, code):
        answer = await self.ask(frame)
        assert answer["type"] == "error" and answer["code"] == code, f"wanted {code}: {answer}"
        assert answer["message"].strip(), "an error is a sentence for a person"
        return answer

    async def silence(self, kind, seconds=1.0):
        """Fails when a frame of this type comes."""
        try:
            frame = await self.next(kind, seconds)
            raise AssertionError(f"nobody should have been told: {frame}")
        except TimeoutError:
            pass

    async def closed(self, code, seconds=15):
        """Reads until the server closes, which must be with this code; gives what was heard on the way."""
        heard = []
        try:
            while True:
                heard.append(await self.hear(seconds))
        except ConnectionClosed as closed:
            got = closed.rcvd.code if closed.rcvd else None
            assert got == code, f"closed with {got}, not {code}, after {heard[-2:]}"
            return heard

    async def leave(self):
        await self.socket.close()


class Raw:
    """A WebSocket by hand, for frames that no library would send and for reading nothing at all."""

    @classmethod
    async def open(cls, server, path, receive_buffer=None, headers=None, protocol="snug.v1"):
        self = cls()
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", server.port))
        # A small limit makes asyncio stop reading too.
        self.reader, self.writer = await asyncio.open_connection(sock=plain, limit=2048)
        fields = {
            "Host": urlsplit(server.url).netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": protocol,
        } | (headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
        self.writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode()
        self.status = int(self.head.split()[1])
        return self

    async def join(self):
        await self.text(json.dumps({"type": "hello", "version": 1}))
        while not (await self.frame())[1].endswith(b'"live":true}'):
            pass
        return self

    @staticmethod
    def encode(opcode, payload, fin=True, masked=True, rsv=0):
        first = (0x80 if fin else 0) | rsv << 4 | opcode
        mask, size = (b"\x11\x22\x33\x44", 0x80) if masked else (b"", 0)
        if len(payload) < 126:
            head = struct.pack("!BB", first, size | len(payload))
        elif len(payload) < 1 << 16:
            head = struct.pack("!BBH", first, size | 126, len(payload))
        else:
            head = struct.pack("!BBQ", first, size | 127, len(payload))
        if masked:
            payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        return head + mask + payload

    async def send(self, opcode, payload=b"", **options):
        self.writer.write(self.encode(opcode, payload, **options))
        await self.writer.drain()

    async def text(self, payload):
        await self.send(1, payload.encode())

    async def frame(self, seconds=15):
        """The next frame: opcode and payload; (None, b"") at the end of the stream."""
        try:
            async with asyncio.timeout(seconds):
                first, size = await self.reader.readexactly(2)
                if size == 126:
                    (size,) = struct.unpack("!H", await self.reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
                return first & 15, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None, b""

    async def close_code(self, seconds=15):
        """Reads on until the server's close frame, and gives its code."""
        async with asyncio.timeout(seconds):
            while True:
                opcode, payload = await self.frame(seconds)
                if opcode is None:
                    return None
                if opcode == 8:
                    return struct.unpack("!H", payload[:2])[0]
