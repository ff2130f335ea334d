"""§4: hello, what a join is told, presence, typing, read marks, seats, nicknames."""

import asyncio
import base64
import json
import re
import time

from harness import Member, Raw, claim, text, unique


@claim("the challenge comes first, in the same flight as the 101; snug.v1 is echoed")
async def challenge_first(server):
    socket = await server.socket(unique(), "maya")
    assert socket.subprotocol == "snug.v1"
    frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
    assert set(frame) == {"type", "challenge"} and frame["type"] == "challenge", frame
    assert len(base64.b64decode(frame["challenge"], validate=True)) == 32
    raw = await Raw.open(server, "/ws/chat/flight/maya")
    assert raw.status == 101 and "sec-websocket-protocol: snug.v1" in raw.head.lower(), raw.head
    # RFC 6455, 1.3: the answer to the sample key.
    assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in raw.head
    opcode, payload = await raw.frame(1)
    assert opcode == 1 and b'"challenge"' in payload


@claim("nothing but the challenge comes before hello")
async def silence_before_hello(server):
    room = unique()
    host, silent = await server.join(room, "host"), Member(await server.socket(room, "silent"))
    await host.say("can you hear me")
    await silent.next("challenge")
    await silent.silence("chat_message", 1)
    await silent.hello()
    assert [entry["message"] for entry in silent.replay] == ["can you hear me"]


@claim("who proves nothing need not wait for the challenge")
async def hello_at_once(server):
    raw = await Raw.open(server, "/ws/chat/eager/maya")
    await raw.join()


@claim("connection_established has every field of the page")
async def established_fields(server):
    room = unique()
    joined = (await server.join(room, "maya")).established
    wanted = "type message version server durability room nickname member by seat epoch first last resumed limits members count"
    assert set(wanted.split()) <= set(joined) <= set(wanted.split()) | {"topic", "read"}, set(joined)
    assert joined["message"] == "You are now connected!" and joined["version"] == 1
    assert set(joined["server"]) == {"name", "version"} and joined["durability"] == "full"
    assert (joined["room"], joined["nickname"]) == (room, "maya")
    assert re.fullmatch(r"s:[a-z2-7]{26}", joined["by"]) and re.fullmatch("[0-9a-f]{32}", joined["epoch"])
    assert (joined["first"], joined["last"], joined["resumed"]) == (0, 0, False)
    assert joined["seat"] and joined["member"]
    limits = joined["limits"]
    names = "message_clusters message_bytes frame_bytes history replay rate_burst rate_per_s ping_s"
    assert set(limits) == set(names.split()), limits
    assert limits["message_clusters"] == 4000 and limits["message_bytes"] == 16384 and limits["frame_bytes"] == 65536
    assert limits["rate_burst"] >= 20 and limits["rate_per_s"] >= 5
    assert joined["count"] == 1 and joined["members"] == [
        {"member": joined["member"], "nickname": "maya", "by": joined["by"]}
    ]


@claim("a room's first spelling stays, and other spellings lead into it")
async def one_room(server):
    room = unique("Tea")
    maya = await server.join(room, "maya")
    other = await server.join(f"  {room.upper()} ", "zoe")
    assert other.established["room"] == room and other.established["epoch"] == maya.established["epoch"]
    assert other.established["count"] == 2
    await other.say("same room")
    assert (await maya.next("chat_message"))["message"] == "same room"


@claim("a fresh join gets the newest `history` entries, ascending, the last frame live")
async def fresh_history(server):
    room = unique()
    maya = await server.join(room, "maya")
    said = [await maya.say(f"{number}") for number in range(1, 11)]
    assert [entry["seq"] for entry in said] == list(range(1, 11))
    for wanted, first in ((3, 8), (0, 11), (500, 1), (None, 1)):
        hello = {} if wanted is None else {"history": wanted}
        guest = await server.join(room, f"guest {wanted} x", **hello)
        assert [entry["seq"] for entry in guest.replay] == list(range(first, 11)), (wanted, guest.replay)
        assert (guest.established["first"], guest.established["last"]) == (1, 10)
        await guest.leave()


@claim("an entry has every field of the page, live and replayed")
async def entry_fields(server):
    room, before = unique(), time.time() * 1000
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    sent = text(message="Tea?\n\tYes ☕ \u202e \"quoted\" \\ </script>")
    own, other = await maya.ask(sent), await zoe.next("chat_message")
    assert own == other, "everyone gets the same"
    assert set(own) == {"type", "seq", "id", "at", "user", "by", "message"}, own
    assert (own["id"], own["message"], own["user"]) == (sent["id"], sent["message"], "maya")
    assert own["by"] == maya.established["by"] and own["seq"] == 1
    assert isinstance(own["at"], int) and before - 5000 < own["at"] < time.time() * 1000 + 5000
    (replayed,) = (await server.join(room, "late")).replay
    assert {name: replayed[name] for name in own} == own and replayed["as_of"] >= 1, replayed
    assert set(replayed) - set(own) == {"as_of"}, replayed
    reply = await zoe.say("yes", reply_to=1)
    assert reply["reply_to"] == 1 and (await maya.next("chat_message"))["reply_to"] == 1


@claim("presence tells who joined, and who left only after 5 s without return", seconds=70)
async def presence(server):
    room = unique()
    maya = await server.join(room, "maya")
    zoe = await server.join(room, "zoe")
    told = await maya.next("presence", 3)
    who = {"member": zoe.established["member"], "nickname": "zoe", "by": zoe.established["by"]}
    assert who in told["joined"] and told["count"] == 2, told
    listed = {member["nickname"] for member in zoe.established["members"]}
    assert "maya" in listed and zoe.established["count"] == 2
    await zoe.leave()
    left_at = time.monotonic()
    told = await maya.next("presence", 15)
    assert time.monotonic() - left_at > 4, "told too soon"
    assert told["left"] == [who["member"]] and told["count"] == 1, told


@claim("presence is gathered: many joins at once are few frames")
async def presence_gathered(server):
    room = unique()
    maya = await server.join(room, "maya")
    await asyncio.gather(*(server.join(room, f"guest {number}x") for number in range(30)))
    frames, joined = 0, 0
    while joined < 30:
        told = await maya.next("presence", 5)
        frames, joined = frames + 1, joined + len(told["joined"])
    assert frames <= 15, f"{frames} frames for 30 joins"
    assert told["count"] == 31


@claim("who returns within 5 s was never gone for the others", seconds=65)
async def quick_return(server):
    room = unique()
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    await maya.next("presence")
    await zoe.leave()
    await asyncio.sleep(1)
    await server.join(room, "zoe", seat=zoe.established["seat"])
    try:
        told = await maya.next("presence", 8)
        # Another connection is another member; but zoe is not shown as gone.
        assert told["count"] == 2, told
    except TimeoutError:
        pass


@claim("typing is told to the others with user and by, at most once in 3 s, and not to its sender")
async def typing(server):
    room = unique()
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    await maya.send({"type": "typing"})
    await maya.send({"type": "typing"})
    told = await zoe.next("typing", 5)
    assert told == {"type": "typing", "user": "maya", "by": maya.established["by"]}, told
    await zoe.silence("typing", 1.5)
    await maya.silence("typing", 0.5)


@claim("ping is answered by pong with the room's last seq")
async def ping(server):
    maya = await server.join(unique(), "maya")
    await maya.send({"type": "ping"})
    assert await maya.next("pong") == {"type": "pong", "last": 0}
    await maya.say("one")
    await maya.send({"type": "ping", "unknown": {"field": 1}})
    assert await maya.next("pong") == {"type": "pong", "last": 1}


@claim("read goes forward only, is kept per author, and told on the next join")
async def read_marks(server):
    room = unique()
    maya = await server.join(room, "maya")
    for number in range(3):
        await maya.say(f"{number}")
    await maya.send({"type": "read", "seq": 3})
    await asyncio.sleep(1.2)
    await maya.send({"type": "read", "seq": 1})
    await asyncio.sleep(1.2)
    await maya.leave()
    back = await server.join(room, "maya", seat=maya.established["seat"])
    assert back.established.get("read") == 3, back.established
    other = await server.join(room, "other")
    assert "read" not in other.established


@claim("the same seat on a newer connection closes the older with 4010 and keeps the author")
async def seat_replaces(server):
    room = unique()
    older = await server.join(room, "maya")
    newer = await server.join(room, "maya", seat=older.established["seat"])
    await older.closed(4010)
    assert newer.established["by"] == older.established["by"]
    assert newer.established["count"] == 1
    await newer.say("still me")


@claim("the nickname in the path may change with the seat")
async def seat_renames(server):
    room = unique()
    older = await server.join(room, "maya")
    newer = await server.join(room, "maya the second", seat=older.established["seat"])
    await older.closed(4010)
    assert newer.established["nickname"] == "maya the second"
    assert newer.established["by"] == older.established["by"]
    assert (await newer.say("new name"))["user"] == "maya the second"


@claim("an unknown seat is replaced silently")
async def unknown_seat(server):
    room = unique()
    maya = await server.join(room, "maya")
    for seat in ("nonsense", "", "x" * 10_000, maya.established["seat"][::-1]):
        other = await server.join(room, "other", seat=seat)
        assert other.established["by"] != maya.established["by"] and other.established["seat"] != seat
        await other.leave()
        await asyncio.sleep(0.1)
        room = unique()


@claim("a seat is of one room: in another it is unknown")
async def seat_of_one_room(server):
    maya = await server.join(unique(), "maya")
    elsewhere = await server.join(unique(), "maya", seat=maya.established["seat"])
    assert elsewhere.established["by"] != maya.established["by"]
    assert elsewhere.established["seat"] != maya.established["seat"]


@claim("nickname_taken: an error with a free suggestion, then 4003; look-alikes too")
async def nickname_taken(server):
    room = unique()
    await server.join(room, "maya")
    for name in ("maya", "Maya", "mауа", "ｍａｙａ"):
        second = Member(await server.socket(room, name))
        await second.send({"type": "hello", "version": 1})
        heard = await second.closed(4003)
        (error,) = [frame for frame in heard if frame["type"] == "error"]
        assert error["code"] == "nickname_taken" and error["suggestion"], error
        assert "connection_established" not in [frame["type"] for frame in heard]
    await server.join(room, error["suggestion"])


@claim("a nickname stays reserved for its author after leaving")
async def nickname_reserved(server):
    room = unique()
    keeper, maya = await server.join(room, "keeper"), await server.join(room, "maya")
    await maya.leave()
    await asyncio.sleep(6)
    thief = Member(await server.socket(room, "maya"))
    await thief.send({"type": "hello", "version": 1})
    await thief.closed(4003)
    back = await server.join(room, "maya", seat=maya.established["seat"])
    assert back.established["nickname"] == "maya" and keeper


@claim("a nickname is free again 120 s after leaving", seconds=160)
async def nickname_free(server):
    room = unique()
    keeper, maya = await server.join(room, "keeper"), await server.join(room, "maya")
    await maya.leave()
    await asyncio.sleep(110)
    early = Member(await server.socket(room, "maya"))
    await early.send({"type": "hello", "version": 1})
    await early.closed(4003)
    # A leave counts once it is told, 5 s after the line went dead.
    await asyncio.sleep(18)
    await server.join(room, "maya")
    assert keeper


@claim("joins and leaves of 40 members at once leave a true count", seconds=65)
async def count_is_true(server):
    room = unique()
    maya = await server.join(room, "maya")
    guests = await asyncio.gather(*(server.join(room, f"guest {number}x") for number in range(40)))
    await asyncio.gather(*(guest.leave() for guest in guests))
    while (await maya.next("presence", 20))["count"] != 1:
        pass
    (listed,) = [r for r in (await server.get("/api/rooms"))[1]["rooms"] if r["room"] == room] or [{"members": 1}]
    assert listed["members"] == 1


@claim("above 100 members only the count is told; on falling to 100, members whole", seconds=90)
async def large_rooms(server):
    room = unique()
    watcher = await server.join(room, "watcher")
    guests = []
    for start in range(0, 103, 20):
        batch = range(start, min(start + 20, 103))
        guests += await asyncio.gather(*(server.join(room, f"guest {number}x") for number in batch))
    assert len(guests[-1].established["members"]) <= 100 and guests[-1].established["count"] > 100
    while (told := await watcher.next("presence", 5))["count"] != 104:
        pass
    assert not told["joined"] and not told["left"], told
    await asyncio.gather(*(guest.leave() for guest in guests[:6]))
    while "members" not in (told := await watcher.next("presence", 20)):
        assert not told["left"] or told["count"] <= 100
    assert told["count"] == len(told["members"]) <= 100, told


@claim("a new nickname of the same seat is told to the others at once")
async def rename_is_told(server):
    room = unique()
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    await maya.next("presence")
    renamed = await server.join(room, "zoe the second", seat=zoe.established["seat"])
    told = await maya.next("presence", 5)
    assert [member["nickname"] for member in told["joined"]] == ["zoe the second"], told
    assert told["joined"][0]["by"] == zoe.established["by"] and told["count"] == 2
    assert zoe.established["member"] in told["left"] or told["joined"][0]["member"] == zoe.established["member"]
    assert renamed.established["count"] == 2


@claim("a seat that asks for another's nickname is refused, and its older connection stays")
async def rename_refused(server):
    room = unique()
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    second = Member(await server.socket(room, "maya"))
    await second.send({"type": "hello", "version": 1, "seat": zoe.established["seat"]})
    await second.closed(4003)
    assert (await zoe.say("still zoe"))["user"] == "zoe"
    assert (await maya.next("chat_message"))["user"] == "zoe"


@claim("snug.v1 is found among other subprotocols, Upgrade among other connection options, whatever the case")
async def offered_among_others(server):
    for number, headers in enumerate(
        (
            {"Sec-WebSocket-Protocol": "chat, snug.v1"},
            {"Connection": "keep-alive, Upgrade"},
            {"Connection": "upgrade", "Upgrade": "WebSocket"},
            {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
        )
    ):
        raw = await Raw.open(server, f"/ws/chat/among/guest-{number}x", headers=headers)
        assert raw.status == 101 and "sec-websocket-protocol: snug.v1\r\n" in raw.head.lower(), (headers, raw.head)
        assert "sec-websocket-extensions" not in raw.head.lower(), "no extension is agreed on"
        await raw.join()


@claim("read beyond the last entry reaches no further than it")
async def read_beyond(server):
    room = unique()
    maya = await server.join(room, "maya")
    await maya.say("one")
    await maya.send({"type": "read", "seq": 2**63})
    await asyncio.sleep(1.2)
    await maya.leave()
    back = await server.join(room, "maya", seat=maya.established["seat"])
    assert back.established.get("read", 1) <= 1, back.established.get("read")
