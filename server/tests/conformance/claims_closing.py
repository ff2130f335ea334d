"""§4: close codes, and what a connection that breaks rules meets."""

import asyncio
import json
import time

from harness import Member, Raw, Server, claim, text, unique


def path(room="", nickname="maya"):
    return f"/ws/chat/{room or unique().replace(' ', '-')}/{nickname}"


def breaks(sentence, code, *frames):
    """A claim that these frames, after a join, are answered with this close code."""

    @claim(f"{code}: {sentence}")
    async def check(server):
        raw = await (await Raw.open(server, path())).join()
        for opcode, payload, options in frames:
            await raw.send(opcode, payload, **options)
        got = await raw.close_code()
        assert got == code, f"closed with {got}"


breaks("a frame without a mask", 1002, (1, b'{"type":"ping"}', {"masked": False}))
breaks("a reserved opcode", 1002, (3, b"x", {}))
breaks("a reserved bit", 1002, (1, b'{"type":"ping"}', {"rsv": 4}))
breaks("a control frame in fragments", 1002, (9, b"x", {"fin": False}))
breaks("a control frame above 125 bytes", 1002, (9, b"x" * 126, {}))
breaks("a continuation of nothing", 1002, (0, b"x", {}))
breaks("a new message inside fragments", 1002, (1, b"{", {"fin": False}), (1, b"{}", {}))
breaks("a binary frame", 1003, (2, b"\x00\x01", {}))
breaks("bytes that are not UTF-8", 1007, (1, b'{"type":"\xff"}', {}))
breaks("half a character at the end", 1007, (1, b'{"type":"\xf0\x9f"}', {"fin": False}), (0, b"\x7d", {}))
breaks("a message above 64 KiB", 1009, (1, b" " * 65537, {}))
breaks("fragments above 64 KiB together", 1009, (1, b" " * 40000, {"fin": False}), (0, b" " * 40000, {}))


@claim("1009: a frame that only announces 2^62 bytes")
async def announced_size(server):
    raw = await (await Raw.open(server, path())).join()
    raw.writer.write(b"\x81\xff" + (1 << 62).to_bytes(8, "big") + b"\x11\x22\x33\x44")
    got = await raw.close_code()
    assert got == 1009, f"closed with {got}"


@claim("a message of exactly 64 KiB is taken, also in fragments with a ping between them")
async def largest_frame(server):
    raw = await (await Raw.open(server, path())).join()
    frame = b'{"type":"ping"}'.ljust(65536)
    await raw.send(1, frame)
    assert json.loads((await raw.frame())[1])["type"] == "pong"
    await raw.send(1, frame[:30000], fin=False)
    await raw.send(9, b"between")
    await raw.send(0, frame[30000:])
    answers = sorted([await raw.frame(), await raw.frame()])
    assert answers[0][0] == 1 and b'"pong"' in answers[0][1] and answers[1] == (10, b"between"), answers


@claim("1003 and 1007 also before hello")
async def broken_before_hello(server):
    for opcode, payload, code in ((2, b"x", 1003), (1, b"\xff", 1007)):
        raw = await Raw.open(server, path())
        await raw.send(opcode, payload)
        got = await raw.close_code()
        assert got == code, f"closed with {got}, not {code}"


@claim("a close from the client is answered with a close")
async def close_is_answered(server):
    raw = await (await Raw.open(server, path())).join()
    await raw.send(8, (1000).to_bytes(2, "big"))
    assert await raw.close_code() == 1000
    member = await server.join(unique(), "maya")
    await asyncio.wait_for(member.leave(), 5)
    assert member.socket.close_code == 1000


@claim("4000: no hello within 5 seconds")
async def no_hello(server):
    started = time.monotonic()
    late = Member(await server.socket(unique(), "maya"))
    await late.closed(4000, 9)
    assert 4 < time.monotonic() - started < 8


@claim("4000: something else than a hello first")
async def not_a_hello(server):
    for first in ({"type": "ping"}, text(message="x"), {"type": "unheard_of"}, "not json", "[]", '{"type":"hello"}'):
        rude = Member(await server.socket(unique(), "maya"))
        await rude.send(first)
        await rude.closed(4000)


@claim("4001: another version")
async def other_version(server):
    for version in (0, 2, 2**32 + 1, 2**63):
        other = Member(await server.socket(unique(), "maya"))
        await other.send({"type": "hello", "version": version})
        await other.closed(4001)


@claim("4002: a bad room, a bad nickname, no nickname")
async def bad_names(server):
    for room, nickname in (
        (unique(), None),
        (unique(), "snug"),
        (unique(), "System"),
        (unique(), "a\u202eb"),
        (unique(), "x" * 33),
        (unique(), " "),
        ("x" * 65, "maya"),
        ("a\u200bb", "maya"),
        ("a/b", "maya"),
        ("\u0301", "maya"),
        ("\t", "maya"),
    ):
        bad = Member(await server.socket(room, nickname))
        await bad.send({"type": "hello", "version": 1})
        await bad.closed(4002)


@claim("4009: three bad requests in a row")
async def three_bad_requests(server):
    maya = await server.join(unique(), "maya")
    for _ in range(2):
        await maya.send("{")
    await maya.send({"type": "ping"})
    await maya.next("pong")
    for _ in range(3):
        await maya.send('{"type":"read"}')
    heard = await maya.closed(4009)
    assert [frame["code"] for frame in heard if frame["type"] == "error"][:2] == ["bad_request"] * 2


@claim("4009: a flood, after warnings with retry_after_ms")
async def flood(server):
    maya = await server.join(unique(), "maya")

    async def pour():
        try:
            for number in range(20_000):
                await maya.send(text(message=f"{number}"))
                await asyncio.sleep(0)  # It floods, but it listens.
        except Exception:  # noqa: BLE001  (the server hung up, as it should)
            pass

    pouring = asyncio.create_task(pour())
    heard = await maya.closed(4009, 30)
    await pouring
    warnings = [frame for frame in heard if frame["type"] == "error"]
    assert warnings and {frame["code"] for frame in warnings} == {"rate_limited"}, warnings[-3:]
    assert warnings[-1]["retry_after_ms"] > 0


@claim("4008: a socket that never reads is closed; the others get everything", server="unlimited", seconds=120)
async def too_slow(server):
    room = unique("slow").replace(" ", "-")
    slow = await (await Raw.open(server, path(room, "slow"), receive_buffer=4096)).join()
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    message, seq = "x" * 4000, 0
    # In steps, each heard before the next: only one is slow, however busy this machine is. A few megabytes are more than a
    # server keeps for anybody. All of it has 30 s: who takes nothing for as long is gone, and is told nothing.
    for _ in range(16):
        # It reads nothing, and lives: a pong may come unasked (RFC 6455 §5.5.3).
        await slow.send(10)
        for _ in range(50):
            await maya.send(text(message=message))
        for member in (maya, zoe):
            heard = [(await member.next("chat_message"))["seq"] for _ in range(50)]
            assert heard == list(range(seq + 1, seq + 51)), heard
        seq += 50
    got = await slow.close_code(60)
    assert got == 4008, f"closed with {got}"


@claim("a member that answers no ping is closed within 45 s", seconds=90)
async def half_open(server):
    raw = await (await Raw.open(server, path())).join()
    started, pinged = time.monotonic(), False
    async with asyncio.timeout(60):
        while (frame := await raw.frame(60))[0] not in (None, 8):
            pinged = pinged or frame[0] == 9
    assert pinged and time.monotonic() - started < 50, (pinged, time.monotonic() - started)


@claim("a member that answers pings may be silent", seconds=90)
async def silent_member(server):
    maya = await server.join(unique(), "maya")
    try:
        await maya.next("error", 60)
    except TimeoutError:
        pass
    await maya.say("still here")


@claim("1012: the server restarts; it ends with 0 and takes nobody new", server="own")
async def restart(binary):
    server = Server(binary)
    try:
        await server.start()
        members = [await server.join(unique(), "maya") for _ in range(5)]
        said = await members[0].say("last words")
        room = members[0].established["room"]
        ended = asyncio.create_task(server.end())
        await asyncio.gather(*(member.closed(1012) for member in members))
        assert await asyncio.wait_for(ended, 15) == 0
        await server.start()
        assert (await server.page(room))[1]["entries"][0]["id"] == said["id"]
    finally:
        server.clear()


@claim("hostile frames by the thousand end with a decent answer and leave the server whole", seconds=90)
async def fuzz(server):
    import random

    random.seed(7)
    room = unique().replace(" ", "-")
    witness = await server.join(room, "witness")

    async def one():
        raw = await Raw.open(server, path(room, f"fuzz-{random.randrange(10**6)}"))
        if random.random() < 0.8:
            await raw.join()
        for _ in range(20):
            opcode = random.choice([0, 1, 1, 1, 1, 2, 8, 9, 10, 3, 15])
            payload = random.choice(
                [
                    random.randbytes(random.randrange(300)),
                    b"[" * random.randrange(60_000),
                    json.dumps({"type": random.choice(["hello", "edit", "read", "history", 7, None])}).encode(),
                    b'{"type":"chat_message","id":"\\ud800","message":1e999}',
                ]
            )
            await raw.send(opcode, payload, fin=random.random() < 0.9, masked=random.random() < 0.95)
        await raw.close_code(10)

    for _ in range(10):
        await asyncio.gather(*(one() for _ in range(15)), return_exceptions=True)
    await witness.say("the server is whole")
    assert (await server.get("/healthz"))[0] == 200
