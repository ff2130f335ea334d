"""§5 and §6: the plain dialect, and the lobby tutorials'."""

import asyncio
import re
from urllib.parse import quote

from harness import Member, claim, new_id, unique
from websockets.asyncio.client import connect

LOBBIES = ("/ws/socket-server/", "/ws/socker-server/")


class Plain(Member):
    """A connection that offers no subprotocol, as the tutorials' clients, `websocat` and short scripts."""

    @classmethod
    async def open(cls, server, path):
        return cls(await connect(server.url + path, proxy=None, ping_interval=None))

    @classmethod
    async def join(cls, server, room, nickname="", query=""):
        return await cls.open(server, f"/ws/chat/{quote(room, safe='')}/{quote(nickname, safe='')}{query}")

    async def say(self, message, **more):
        await self.send({"message": message, **more})

    async def hears(self, *messages):
        """These messages come next, and nothing between them."""
        frames = [await self.hear() for _ in messages]
        assert [frame["message"] for frame in frames] == list(messages), frames
        return frames


@claim("plain: a message is type, message, user, seq, id and at, and its sender gets it back")
async def plain_message(server):
    room = unique()
    maya, tom = await Plain.join(server, room, "maya"), await Plain.join(server, room, "tom")
    await maya.say("hi")
    (own,), (heard,) = await maya.hears("hi"), await tom.hears("hi")
    assert own == heard and set(own) == {"type", "message", "user", "seq", "id", "at"}, own
    assert (own["type"], own["user"], own["seq"]) == ("chat_message", "maya", 1)


@claim("plain: the trailing slash is optional")
async def plain_slash(server):
    room = quote(unique(), safe="")
    for number, path in enumerate((f"/ws/chat/{room}/maya", f"/ws/chat/{room}/tom/", f"/ws/chat/{room}", f"/ws/chat/{room}/")):
        member = await Plain.open(server, path)
        await member.say(f"number {number}")
        await member.hears(f"number {number}")


@claim("plain: a sender whose frame carried user does not get it back, unless it asks by ?echo=1")
async def plain_echo(server):
    room = unique()
    silent, asking = await Plain.join(server, room, "silent"), await Plain.join(server, room, "asking", "?echo=1")
    await silent.say("one", user="silent")
    await asking.hears("one")
    await asking.say("two", user="asking")
    await asking.hears("two")
    await silent.hears("two")


@claim("plain: the path's nickname wins, else the first frame's user, else guest- and a number; it does not change")
async def plain_names(server):
    room = unique()
    listener = await Plain.join(server, room, "listener")
    for path, frames, name in (
        ("maya", [{"user": "eve"}, {"user": "mallory"}], "maya"),
        ("", [{"user": "zoe", "type": "chat_message"}, {"user": "mallory"}, {}], "zoe"),
        ("", [{}, {"user": "mallory"}], r"guest-\d+"),
    ):
        member = await Plain.join(server, room, path)
        for frame in frames:
            await member.say("hi", **frame)
            (heard,) = await listener.hears("hi")
            assert re.fullmatch(name, heard["user"]), heard


@claim("plain: a taken nickname becomes name-2, cut to fit; a bad one closes with 4002")
async def plain_taken(server):
    room, long = unique(), "n" * 32
    for name in ("maya", long):
        first, second = await Plain.join(server, room, name), await Plain.join(server, room, name.upper())
        for member, shown in ((first, name), (second, f"{name.upper()[:30]}-2")):
            await member.say(f"I am {shown}")
            heard = await member.next("chat_message", message=f"I am {shown}")
            assert heard["user"] == shown, heard
        await first.leave()
        await second.leave()
    for bad in ("server", "a\u202eb", "n" * 33, "."):
        if bad != ".":  # clients take that out of the path
            await (await Plain.join(server, room, bad)).closed(4002)
        by_frame = await Plain.join(server, room)
        await by_frame.say("hi", user=bad)
        await by_frame.closed(4002)


@claim("plain: id is kept, and a repeated one makes no second entry")
async def plain_id(server):
    room, id = unique(), new_id()
    maya, tom = await Plain.join(server, room, "maya"), await Plain.join(server, room, "tom")
    await maya.say("once", id=id)
    (own,) = await maya.hears("once")
    assert own["id"] == id
    await maya.say("once", id=id)
    assert (await maya.hears("once"))[0] == own
    await maya.say("other")
    await tom.hears("once", "other")


@claim("plain: a refused send is answered by an error from snug, and the connection lives on")
async def plain_errors(server):
    room = unique()
    maya, tom = await Plain.join(server, room, "maya"), await Plain.join(server, room, "tom")
    for frame, code in (
        ({"message": " "}, "empty"),
        ({"message": "x" * 4001}, "too_long"),
        ({"message": "bell \u0007"}, "bad_request"),
        ({"message": 7}, "bad_request"),
    ):
        await maya.send(frame)
        error = await maya.hear()
        assert set(error) >= {"type", "code", "message", "user"} and error["message"].strip(), error
        assert (error["type"], error["code"], error["user"]) == ("error", code, "snug"), (frame, error)
    await maya.say("still here")
    await maya.hears("still here")
    await tom.hears("still here")


@claim("plain: nothing but messages is told: no greeting, presence, typing, edits, deletions, reactions, topics")
async def plain_silence(server):
    room = unique()
    plain, native = await Plain.join(server, room, "plain"), await server.join(room, "native")
    said = await native.say("teh tea")
    await native.send({"type": "typing"})
    for frame in (
        {"type": "edit", "target": said["seq"], "message": "the tea"},
        {"type": "react", "target": said["seq"], "emoji": "🫖", "on": True},
        {"type": "topic", "topic": "Tea"},
        {"type": "delete", "target": said["seq"]},
    ):
        await native.ask({"id": new_id(), **frame})
    await native.say("over")
    await plain.hears("teh tea", "over")


@claim("plain: ?history=N is the newest N messages, oldest first; ?after=SEQ what came after; then what is said")
async def plain_past(server):
    room = unique()
    maya = await server.join(room, "maya")
    seqs = [(await maya.say(f"number {number}"))["seq"] for number in range(1, 7)]
    await maya.ask({"type": "edit", "id": new_id(), "target": seqs[4], "message": "number five"})
    tail = ["number 4", "number five", "number 6"]
    for query, past in (("?history=3", tail), (f"?after={seqs[2]}", tail), ("?history=0", []), ("", [])):
        plain = await Plain.join(server, room, query=query)
        # It is in the room when somebody sees it come.
        await maya.next("presence")
        await maya.say("now")
        await plain.hears(*past, "now")
        await maya.ask({"type": "delete", "id": new_id(), "target": (await server.page(room))[1]["last"]})
        await plain.leave()


@claim("lobby: connection_established first, then everyone, the sender too, gets type chat and the message")
async def lobby(server):
    members = [await Plain.open(server, path) for path in LOBBIES]
    for member in members:
        assert await member.hear() == {"type": "connection_established", "message": "You are now connected!"}
    for sender in members:
        text = unique("hello")
        await sender.say(text)
        for member in members:
            # Other claims may talk in the one lobby there is.
            assert await member.next("chat", message=text) == {"type": "chat", "message": text}
    await members[0].send({"message": ""})
    error = await members[0].next("error")
    assert error["code"] == "empty" and error["user"] == "snug" and error["message"].strip(), error


@claim("members of one room hear each other whatever each speaks: native, plain, lobby, HTTP")
async def all_together(server):
    native = await server.join("test", unique("n")[:20])
    plain = await Plain.join(server, "TEST", unique("p")[:20])
    lobby = await Plain.open(server, LOBBIES[0])
    said = [unique(kind) for kind in ("native", "plain", "lobby", "http")]
    await native.send({"type": "chat_message", "id": new_id(), "message": said[0]})
    await plain.say(said[1])
    await lobby.say(said[2])
    assert (await server.post("test", {"user": unique("h")[:20], "message": said[3]}))[0] == 201

    async def hears_all(member):
        missing = list(said)
        async with asyncio.timeout(15):
            while missing:
                if (message := (await member.hear()).get("message")) in said:
                    missing.remove(message)  # each once, or this fails

    for member in (native, plain, lobby):
        await hears_all(member)
    users = {entry["message"]: entry["user"] for entry in (await server.page("test", "limit=500"))[1]["entries"]}
    assert re.fullmatch(r"guest-\d+", users[said[2]]), users[said[2]]
