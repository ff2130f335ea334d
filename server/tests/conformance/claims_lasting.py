"""§4, "What holds": what was acknowledged is there after kill -9, and a return continues where it left off."""

import asyncio
import random

from harness import Member, Server, claim, text, unique
from snug_client import Client


@claim("resume replays what was missed, then goes live, nothing missed or doubled")
async def resume(server):
    room = unique()
    maya, zoe = await server.join(room, "maya"), await server.join(room, "zoe")
    seen = await maya.say("1")
    await maya.leave()
    for number in range(2, 12):
        await zoe.say(f"{number}")
    point = {"epoch": maya.established["epoch"], "after": 1, "id": seen["id"]}
    back = await server.join(room, "maya", seat=maya.established["seat"], resume=point, history=3)
    assert back.established["resumed"] is True
    assert [entry["seq"] for entry in back.replay] == list(range(2, 12))
    await zoe.say("12")
    assert (await back.next("chat_message"))["seq"] == 12
    nothing = await server.join(room, "late", resume=point | {"after": 12, "id": None})
    assert nothing.established["resumed"] is True and nothing.replay == []


@claim("another epoch, another id, or a seq beyond last is not resumed: the newest history follows")
async def not_resumed(server):
    room = unique()
    maya = await server.join(room, "maya")
    said = [await maya.say(f"{number}") for number in range(1, 9)]
    good = {"epoch": maya.established["epoch"], "after": 4, "id": said[3]["id"]}
    for number, wrong in enumerate(
        ({"epoch": "0" * 32}, {"epoch": "nonsense"}, {"id": said[4]["id"]}, {"after": 99}, {"after": 2**63, "id": None})
    ):
        back = await server.join(room, f"guest-{number}x", resume=good | wrong, history=3)
        assert back.established["resumed"] is False, wrong
        assert [entry["seq"] for entry in back.replay] == [6, 7, 8], wrong
    back = await server.join(room, "right", resume=good, history=3)
    assert back.established["resumed"] is True and [entry["seq"] for entry in back.replay] == [5, 6, 7, 8]


@claim("joins amid a stream of messages meet no hole and nothing twice", server="unlimited")
async def join_amid(server):
    room = unique()
    maya = await server.join(room, "maya")

    async def pour():
        for number in range(600):
            await maya.send(text(message=f"{number}"))
            if number % 20 == 0:
                await asyncio.sleep(0.01)

    async def visit(number):
        await asyncio.sleep(number * 0.02)
        guest = await server.join(room, f"guest-{number}x", history=20)
        seqs = [entry["seq"] for entry in guest.replay]
        while not seqs or seqs[-1] < 600:
            seqs.append((await guest.next("chat_message"))["seq"])
        assert seqs == list(range(seqs[0], 601)), seqs

    await asyncio.gather(pour(), *map(visit, range(15)))


@claim("more than limits.replay missed is not resumed; less is replayed whole", server="unlimited", seconds=120)
async def long_replay(server):
    room = unique()
    maya = await server.join(room, "maya")
    most = maya.established["limits"]["replay"]
    count = most + 50

    for start in range(0, count, 500):
        batch = range(start, min(start + 500, count))
        for number in batch:
            await maya.send(text(message=f"{number}"))
        for _ in batch:
            await maya.next("chat_message", 60)
    epoch = maya.established["epoch"]
    far = await server.join(room, "far", resume={"epoch": epoch, "after": 1}, history=7)
    assert far.established["resumed"] is False
    assert [entry["seq"] for entry in far.replay] == list(range(count - 6, count + 1))
    near = await server.join(room, "near", resume={"epoch": epoch, "after": 100})
    assert near.established["resumed"] is True
    assert [entry["seq"] for entry in near.replay] == list(range(101, count + 1))


@claim("kill -9 and resume: nothing missing or doubled, one order for all", server="own", seconds=120)
async def kill_nine(binary):
    server = Server(binary)
    try:
        await server.start()
        room = unique()
        clients = [await Client(server.url, room, f"client {number}x").join() for number in range(4)]
        staying = [asyncio.create_task(client.stay()) for client in clients]
        sent = []

        async def talk(client):
            for number in range(12):
                sent.append(await client.say(f"{number}"))
                await asyncio.sleep(random.uniform(0.1, 0.4))

        async def strike():
            for _ in range(5):
                await asyncio.sleep(random.uniform(0.3, 0.8))
                await server.kill()
                await server.start()

        await asyncio.gather(strike(), *map(talk, clients))
        for client in clients:
            await client.until(lambda: not client.unsent, 30)
        last = (await server.page(room))[1]["last"]
        for client in clients:
            await client.until(lambda: client.entries[-1]["seq"] == last, 30)
        logs = [[(entry["seq"], entry["id"], entry["message"]) for entry in client.entries] for client in clients]
        whole = [(e["seq"], e["id"], e["message"]) for e in (await server.page(room, "limit=500"))[1]["entries"]]
        assert [seq for seq, *_ in whole] == list(range(1, len(sent) + 1)), "no holes"
        assert sorted(id for _, id, _ in whole) == sorted(sent), "nothing missing or doubled"
        # Who joined after the first messages has them all by its replay.
        assert all(log == whole for log in logs), "one order for all"
        assert not any(client.holes for client in clients)
        for task in staying:
            task.cancel()
    finally:
        server.clear()


@claim("after kill -9 the seat, the author, the read mark and the epoch are as before", server="own")
async def seats_last(binary):
    server = Server(binary)
    try:
        await server.start()
        room = unique()
        maya = await server.join(room, "maya")
        sent = text(message="one")
        await maya.ask(sent)
        await maya.ask({"type": "topic", "id": text()["id"], "topic": "Tea"})
        await server.kill()
        await server.start()
        back = await server.join(room, "maya", seat=maya.established["seat"])
        for same in ("by", "epoch", "room", "nickname"):
            assert back.established[same] == maya.established[same], same
        assert back.established["topic"] == "Tea" and back.established["last"] == 2
        again = await back.ask(sent)
        assert again["seq"] == 1, "the id is remembered across the restart"
    finally:
        server.clear()


@claim("two servers cannot share one data folder", server="own")
async def folder_lock(binary):
    server = Server(binary)
    try:
        await server.start()
        second = await asyncio.create_subprocess_exec(
            server.binary, "--listen", "127.0.0.1:0", "--data-dir", f"{server.folder}/data",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(second.communicate(), 15)
        assert second.returncode != 0 and said.strip(), "it says why and ends"
    finally:
        server.clear()


@claim("durability none keeps nothing and says so", server="own")
async def durability_none(binary):
    server = Server(binary, "--durability", "none")
    try:
        await server.start()
        room = unique()
        maya = await server.join(room, "maya")
        assert maya.established["durability"] == "none"
        await maya.say("gone with the wind")
        await server.end()
        await server.start()
        again = Member(await server.socket(room, "maya"))
        await again.hello(resume={"epoch": maya.established["epoch"], "after": 1})
        assert again.established["resumed"] is False and again.established["last"] == 0
        assert again.established["epoch"] != maya.established["epoch"]
    finally:
        server.clear()
