"""A whole Snug client, written from docs/protocol.md alone.

It joins a room, says things, knows what is durable, and comes back after any interruption with nothing missing or doubled:

    python snug_client.py ws://127.0.0.1:8000 tea maya        # every line of standard input is said in the room
"""

import asyncio
import json
import sys
import uuid
from urllib.parse import quote

import websockets
from websockets.asyncio.client import connect

FATAL = {1002, 1003, 1007, 1009, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4010}


class Client:
    """One member of one room, over as many connections as it takes."""

    def __init__(self, server, room, nickname):
        self.url = f"{server}/ws/chat/{quote(room, safe='')}/{quote(nickname, safe='')}"
        self.epoch, self.seat = None, None
        self.entries = []  # the room's log, ascending, as far as this client has it
        self.holes = []  # a log begun anew, or too much missed: what was before is kept here
        self.unsent = {}  # id -> frame, in order; struck off when the id comes back
        self.refused = {}  # id -> error
        self.socket, self.established = None, None
        self.heard = asyncio.Condition()

    async def join(self, history=50):
        """Connects, says hello, takes in what was missed, and sends again what was not acknowledged."""
        self.socket = await connect(self.url, subprotocols=["snug.v1"], max_size=256 * 1024, proxy=None)
        hello = {"type": "hello", "version": 1, "client": "snug_client.py/1", "history": history}
        if self.seat:
            hello["seat"] = self.seat
        if self.epoch:
            newest = self.entries[-1] if self.entries else {"seq": 0}
            hello["resume"] = {"epoch": self.epoch, "after": newest["seq"]}
            if "id" in newest:
                hello["resume"]["id"] = newest["id"]
        await self.socket.send(json.dumps(hello))
        while True:
            frame = json.loads(await self.socket.recv())
            await self.take(frame)
            if frame["type"] == "entries" and frame.get("live"):
                break
        for frame in list(self.unsent.values()):
            await self.socket.send(json.dumps(frame))
        return self

    async def take(self, frame):
        """Takes one frame from the server into the state."""
        if frame["type"] == "connection_established":
            if self.entries and not frame["resumed"]:
                self.holes.append(self.entries)
                self.entries = []
            self.established, self.epoch, self.seat = frame, frame["epoch"], frame["seat"]
        elif frame["type"] == "entries":
            for entry in frame["entries"]:
                self.enter(entry)
        elif frame["type"] == "error" and frame.get("id") in self.unsent:
            self.refused[frame["id"]] = frame
            if frame["code"] in ("storage_full", "unavailable", "rate_limited"):
                wait = frame.get("retry_after_ms", 1000) / 1000
                asyncio.get_running_loop().call_later(wait, lambda: asyncio.ensure_future(self.again(frame["id"])))
            else:
                self.unsent.pop(frame["id"])
        elif frame["type"] not in ("history", "read") and "seq" in frame:
            self.enter(frame)
        async with self.heard:
            self.heard.notify_all()

    def enter(self, entry):
        """An entry is durable once seen. One's own repeated id is answered with the first entry: it is known already."""
        self.unsent.pop(entry.get("id"), None)
        newest = self.entries[-1]["seq"] if self.entries else None
        if newest is None or entry["seq"] == newest + 1:
            self.entries.append(entry)
        elif entry["seq"] > newest:
            raise AssertionError(f"a hole: {entry['seq']} after {newest}")

    async def say(self, message, **more):
        """Sends a message and gives its id; it stays in `unsent` until it is durable."""
        frame = {"type": "chat_message", "id": str(uuid.uuid4()), "message": message, **more}
        self.unsent[frame["id"]] = frame
        await self.again(frame["id"])
        return frame["id"]

    async def again(self, id):
        """Sends what is not acknowledged yet; harmless when it was stored after all, because its id is the same."""
        if id in self.unsent and self.socket:
            try:
                await self.socket.send(json.dumps(self.unsent[id]))
            except websockets.ConnectionClosed:
                pass  # It goes out after the next join.

    async def stay(self):
        """Reads until the line ends; comes back unless the server says that nothing would change."""
        pause = 0.1
        while True:
            try:
                while True:
                    await self.take(json.loads(await self.socket.recv()))
                    pause = 0.1
            except websockets.ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code in FATAL:
                    return closed.rcvd.code
            while True:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
                try:
                    await self.join()
                    break
                except (OSError, websockets.WebSocketException):
                    continue

    async def until(self, fact, seconds=15):
        """Waits until `fact()` holds."""
        async with asyncio.timeout(seconds), self.heard:
            await self.heard.wait_for(fact)


async def main(server, room, nickname):
    client = await Client(server, room, nickname).join()
    staying = asyncio.create_task(client.stay())
    shown = 0
    while not staying.done():
        said = await asyncio.to_thread(sys.stdin.readline)
        if not said:
            break
        await client.say(said.rstrip("\n"))
        await client.until(lambda: not client.unsent)
        for entry in client.entries[shown:]:
            print(f"{entry['seq']:>6} {entry['user']}: {entry.get('message', entry['type'])}")
        shown = len(client.entries)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
