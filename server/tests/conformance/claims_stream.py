"""§2: a room as a stream, and what a script is told when it is too fast."""

import asyncio
import json
from urllib.parse import quote

from harness import Server, claim, new_id, unique


class Stream:
    """An answer without an end, line by line."""

    @classmethod
    async def open(cls, server, room, query="", **headers):
        self = cls()
        fields = {"Host": f"127.0.0.1:{server.port}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 20)
        path = f"/api/rooms/{quote(room, safe='')}/stream{query}"
        self.writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 15)).decode().lower()
        self.status, self.read = int(self.head.split()[1]), b""
        return self

    async def line(self, seconds=15):
        """The next line; None when the answer ends whole. Broken off, it raises."""
        async with asyncio.timeout(seconds):
            while b"\n" not in self.read:
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                chunk = await self.reader.readexactly(size + 2)
                if size == 0:
                    return None
                self.read += chunk[:-2]
        line, _, self.read = self.read.partition(b"\n")
        return line.decode()

    async def entry(self):
        return json.loads(await self.line())

    async def event(self):
        """The id and the data of the next server-sent event."""
        id, data, end = [await self.line() for _ in range(3)]
        assert id.startswith("id: ") and data.startswith("data: ") and end == "", (id, data, end)
        return int(id[4:]), json.loads(data[6:])


@claim("stream: entries after `after` as in messages, then each new one as it comes, one JSON entry a line")
async def stream_lines(server):
    room = unique()
    maya = await server.join(room, "maya")
    for number in range(1, 5):
        await maya.say(f"number {number}")
    await maya.ask({"type": "edit", "id": new_id(), "target": 3, "message": "number three"})
    stream = await Stream.open(server, room, "?after=2", Accept="*/*")
    assert stream.status == 200 and "content-type: application/x-ndjson" in stream.head, stream.head
    past = [await stream.entry() for _ in range(3)]
    assert past == (await server.page(room, "after=2"))[1]["entries"], past
    await maya.ask({"type": "react", "id": new_id(), "target": 3, "emoji": "🫖", "on": True})
    said = await maya.say("live")
    assert (await stream.entry())["type"] == "reacted" and await stream.entry() == said


@claim("stream: without `after`, from now on; an unknown room is waited for and not made")
async def stream_from_now(server):
    room = unique()
    stream = await Stream.open(server, room)
    assert stream.status == 200 and room not in json.dumps((await server.get("/api/rooms"))[1])
    _, first = await server.post(room, {"user": "ci", "message": "first"})
    assert await stream.entry() == first
    later = await Stream.open(server, room)
    _, second = await server.post(room, {"user": "ci", "message": "second"})
    assert await later.entry() == second and await stream.entry() == second


@claim("stream: text/event-stream gets events whose id is the seq; Last-Event-ID resumes")
async def stream_events(server):
    room = unique()
    posts = [(await server.post(room, {"user": "ci", "message": f"number {number}"}))[1] for number in range(1, 5)]
    stream = await Stream.open(server, room, "?after=0", Accept="text/event-stream")
    assert "content-type: text/event-stream" in stream.head, stream.head
    for post in posts:
        seq, entry = await stream.event()
        assert seq == post["seq"] and entry["id"] == post["id"]
    again = await Stream.open(server, room, "?after=0", Accept="text/event-stream", Last_Event_ID="3")
    assert (await again.event())[0] == 4


@claim("stream: a comment, or an empty line, after 15 s of silence", seconds=40)
async def stream_silence(server):
    events = await Stream.open(server, unique(), Accept="text/event-stream")
    lines = await Stream.open(server, unique())
    assert await lines.line(20) == ""
    assert (await events.line(20)).startswith(":")


@claim("stream: it ends whole when the server stops", server="own")
async def stream_ends(binary):
    server = Server(binary)
    try:
        await server.start()
        stream = await Stream.open(server, unique())
        ending = asyncio.create_task(server.end())
        assert await stream.line() is None
        assert await ending == 0
    finally:
        server.clear()


@claim("stream: nonsense gets 400, another web site's page 403")
async def stream_refused(server):
    for query, headers, status in (
        ("?after=x", {}, 400),
        ("?after=-1", {}, 400),
        ("", {"Origin": "http://evil.example"}, 403),
        ("", {"Host": "evil.example"}, 421),
    ):
        assert (await Stream.open(server, unique(), query, **headers)).status == status, (query, headers)


@claim("429 comes with Retry-After, and waiting as long as it says is enough", server="own")
async def post_retry_after(binary):
    server, room = Server(binary), unique()
    try:
        await server.start()
        while True:
            body = json.dumps({"user": "ci", "message": "x"}).encode()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(
                f"POST /api/rooms/{quote(room)}/messages HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
            if head.split()[1] != b"201":
                break
        headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        wait, error = int(headers["retry-after"]), json.loads(answer)
        assert head.split()[1] == b"429" and error["code"] == "rate_limited", answer
        assert wait >= 1 and 0 < error["retry_after_ms"] <= wait * 1000, (wait, error)
        await asyncio.sleep(error["retry_after_ms"] / 1000)
        assert (await server.post(room, {"user": "ci", "message": "x"}))[0] == 201
    finally:
        server.clear()
