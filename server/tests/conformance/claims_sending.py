"""§4: sends of every kind, who may do what, present state, ids, errors, history."""

import asyncio
import json

from harness import claim, new_id, text, unique


def edit(target, message, **more):
    return {"type": "edit", "id": new_id(), "target": target, "message": message, **more}


def delete(target):
    return {"type": "delete", "id": new_id(), "target": target}


def react(target, emoji="👍", on=True):
    return {"type": "react", "id": new_id(), "target": target, "emoji": emoji, "on": on}


def topic(words):
    return {"type": "topic", "id": new_id(), "topic": words}


async def pair(server):
    room = unique()
    return room, await server.join(room, "maya"), await server.join(room, "zoe")


@claim("everyone sees the same entries in the same order, seq ascending by one")
async def one_order(server):
    room = unique()
    members = await asyncio.gather(*(server.join(room, f"member {number}x") for number in range(5)))

    async def talk(member):
        for number in range(10):
            await member.send(text(message=f"{number}"))

    async def listen(member):
        return [await member.next("chat_message") for _ in range(50)]

    heard = await asyncio.gather(*map(listen, members), *map(talk, members))
    assert [entry["seq"] for entry in heard[0]] == list(range(1, 51))
    assert all(log == heard[0] for log in heard[1:5])
    for by in {entry["by"] for entry in heard[0]}:
        assert [entry["message"] for entry in heard[0] if entry["by"] == by] == [str(n) for n in range(10)]


@claim("edit: its author's; everyone gets `edited`")
async def edits(server):
    _, maya, zoe = await pair(server)
    await maya.say("one")
    edited = await maya.ask(edit(1, "two"))
    assert edited["type"] == "edited" and (edited["target"], edited["message"], edited["seq"]) == (1, "two", 2)
    assert await zoe.next("edited") == edited
    await zoe.refused(edit(1, "mine now"), "not_allowed")


@claim("delete: its author's, not another's; everyone gets `deleted`")
async def deletes(server):
    _, maya, zoe = await pair(server)
    await maya.say("one")
    await zoe.refused(delete(1), "not_allowed")
    deleted = await maya.ask(delete(1))
    assert deleted["type"] == "deleted" and deleted["target"] == 1
    assert await zoe.next("deleted") == deleted


@claim("react: any member for themself; everyone gets `reacted`")
async def reacts(server):
    _, maya, zoe = await pair(server)
    await maya.say("one")
    reacted = await zoe.ask(react(1, "👩‍👩‍👧‍👦"))
    assert reacted["type"] == "reacted" and (reacted["target"], reacted["emoji"], reacted["on"]) == (1, "👩‍👩‍👧‍👦", True)
    assert await maya.next("reacted") == reacted
    assert (await zoe.ask(react(1, "👩‍👩‍👧‍👦", False)))["on"] is False


@claim("a reaction that changes nothing makes no entry and is answered with the entry that set it")
async def unchanged_reaction(server):
    _, maya, zoe = await pair(server)
    await maya.say("one")
    first = await zoe.ask(react(1))
    await maya.next("reacted")
    await zoe.send(react(1))
    assert await zoe.next("reacted", 5) == first
    await maya.silence("reacted")
    assert (await maya.say("two"))["seq"] == 3


@claim("topic: any member; kept in connection_established; empty takes it away")
async def topics(server):
    room, maya, zoe = await pair(server)
    changed = await zoe.ask(topic("  What to brew "))
    assert changed["type"] == "topic" and changed["topic"] == "What to brew"
    assert await maya.next("topic") == changed
    assert (await server.join(room, "late")).established["topic"] == "What to brew"
    await maya.ask(topic(""))
    assert not (await server.join(room, "later")).established.get("topic")


@claim("a replayed message carries its present state and as_of")
async def present_state(server):
    room, maya, zoe = await pair(server)
    await maya.say("one")
    await maya.say("two")
    await maya.ask(edit(1, "one, better"))
    await maya.ask(edit(1, "one, best"))
    await zoe.ask(react(1))
    await maya.ask(react(1))
    await maya.ask(react(1, "🎉"))
    await maya.ask(delete(2))
    replay = (await server.join(room, "late")).replay
    assert [entry["seq"] for entry in replay] == list(range(1, 9))
    one, two = replay[:2]
    assert (one["message"], one["edited"], one["as_of"]) == ("one, best", 4, 8), one
    assert "deleted" not in one
    thumbs, party = one["reactions"]
    assert thumbs["emoji"] == "👍" and thumbs["count"] == 2, thumbs
    assert set(thumbs["by"]) == {maya.established["by"], zoe.established["by"]}
    assert party == {"emoji": "🎉", "count": 1, "by": [maya.established["by"]]}
    assert two["message"] == "" and two["deleted"] is True
    # Earlier texts are in no replay.
    assert [entry["message"] for entry in replay[2:4]] == ["one, best", "one, best"]
    assert replay[4]["type"] == "reacted" and replay[7]["type"] == "deleted"


@claim("earlier texts are in no replay, page or search")
async def earlier_texts(server):
    room, maya, zoe = await pair(server)
    await maya.say("hunter2secret")
    await maya.ask(edit(1, "public words"))
    await zoe.say("zanzibar holiday")
    await zoe.ask(edit(3, "zanzibar again"))
    await zoe.ask(delete(3))
    await asyncio.sleep(1.5)
    seen = (await server.join(room, "late")).replay
    for query in ("", "q=hunter2secret", "q=zanzibar", "q=public"):
        status, page = await server.page(room, query)
        assert status == 200, page
        seen += page["entries"]
        if query == "q=public":
            assert [entry["seq"] for entry in page["entries"]] == [1], page
        elif query:
            assert page["entries"] == [], page
    assert "hunter2" not in json.dumps(seen) and "zanzibar" not in json.dumps(seen), seen
    assert [entry["message"] for entry in seen if entry["type"] == "edited"][-1] == ""


@claim("target and reply_to must be a chat_message that is not deleted, else not_found")
async def targets(server):
    _, maya, _ = await pair(server)
    await maya.say("one")
    await maya.ask(topic("x"))
    await maya.ask(delete(1))
    for target in (0, 1, 2, 3, 99, 2**63, 2**64 - 1):
        await maya.refused(react(target), "not_found")
        if target not in (2, 3):
            await maya.refused(text(message="re", reply_to=target), "not_found")
        if target > 3:
            await maya.refused(edit(target, "x"), "not_found")
            await maya.refused(delete(target), "not_found")
        await asyncio.sleep(0.5)


@claim("a repeated id makes no second entry: its sender gets the first again, nobody else anything")
async def repeated_id(server):
    room, maya, zoe = await pair(server)
    sent = text(message="once")
    first = await maya.ask(sent)
    await zoe.next("chat_message")
    again = await maya.ask(sent)
    assert (again["seq"], again["id"], again["message"]) == (first["seq"], first["id"], "once")
    await zoe.silence("chat_message")
    assert (await maya.say("two"))["seq"] == 2
    assert (await server.page(room))[1]["last"] == 2


@claim("the same id from another author is another send")
async def others_id(server):
    _, maya, zoe = await pair(server)
    sent = text(message="mine")
    assert (await maya.ask(sent))["seq"] == 1
    await zoe.next("chat_message")
    assert (await zoe.ask(sent | {"message": "yours"}))["seq"] == 2


@claim("the same id with other content is refused with id_conflict, also after an edit")
async def id_conflict(server):
    _, maya, _ = await pair(server)
    sent = text(message="once")
    await maya.ask(sent)
    await maya.refused(sent | {"message": "twice"}, "id_conflict")
    await maya.refused({"type": "delete", "id": sent["id"], "target": 1}, "id_conflict")
    await maya.ask(edit(1, "changed"))
    again = await maya.ask(sent)
    assert again["type"] == "chat_message" and again["seq"] == 1, again
    await maya.refused(sent | {"message": "changed"}, "id_conflict")


@claim("bad_request with the send's id for wrong and missing fields; the connection lives on")
async def bad_request(server):
    _, maya, _ = await pair(server)
    id = new_id()
    for broken in (
        {"type": "chat_message", "id": id},
        {"type": "chat_message", "id": id, "message": 7},
        {"type": "edit", "id": id, "message": "x"},
        {"type": "react", "id": id, "target": "1", "emoji": "x", "on": True},
        {"type": "react", "id": id, "target": 1, "emoji": "two", "on": True},
        {"type": "chat_message", "id": id, "message": "bell \u0007"},
    ):
        await maya.refused(broken, "bad_request")
        await maya.send({"type": "ping"})
        await maya.next("pong")
        await asyncio.sleep(0.2)
    await maya.send('{"type":"chat_message","id":"NOT A UUID","message":"x"}')
    assert (await maya.next("error"))["code"] == "bad_request"
    await maya.say("still here")


@claim("unknown_type for an unknown type; the connection lives on; unknown fields are ignored")
async def unknown_type(server):
    _, maya, _ = await pair(server)
    for number in range(5):
        await maya.send({"type": f"later_{number}", "x": 1})
        assert (await maya.next("error"))["code"] == "unknown_type"
        await asyncio.sleep(0.2)
    await maya.ask(text(message="x", colour="red", mood=[1, {"a": 2}]))


@claim("empty: only white space or ignorable characters")
async def empty(server):
    _, maya, _ = await pair(server)
    for nothing in ("", " \n\t ", "\u3000", "\u200b\u2060\ufeff"):
        await maya.refused(text(message=nothing), "empty")
        await maya.say("something")


@claim("too_long: more than 4,000 grapheme clusters or 16 KiB; exactly that is taken")
async def too_long(server):
    _, maya, _ = await pair(server)
    await maya.say("x" * 4000)
    await maya.refused(text(message="x" * 4001), "too_long")
    await maya.say("🫖" * 4000)
    family = "👩‍👩‍👧‍👦"
    await maya.say(family * 655 + "123456789")
    await maya.refused(text(message=family * 655 + "1234567890"), "too_long")
    await maya.refused(topic("x" * 201), "too_long")
    await maya.ask(topic("x" * 200))


@claim("20 sends at once are taken; beyond the rate: rate_limited with retry_after_ms, and not stored")
async def rate_limited(server):
    room, maya, _ = await pair(server)
    ids = [await maya.send(text(message=f"{number}")) for number in range(20)]
    for id in ids:
        assert (await maya.next("chat_message"))["id"] == id
    burst = maya.established["limits"]["rate_burst"]
    sent = [text(message=f"more {number}") for number in range(burst + 8)]
    for frame in sent:
        await maya.send(frame)
    answers = {}
    while len(answers) < len(sent):
        frame = await maya.hear()
        if frame.get("id") in {frame["id"] for frame in sent}:
            answers[frame["id"]] = frame
    refused = [answer for answer in answers.values() if answer["type"] == "error"]
    assert refused and all(answer["code"] == "rate_limited" for answer in refused), refused
    assert all(0 < answer["retry_after_ms"] <= 60_000 for answer in refused), refused
    await asyncio.sleep(max(answer["retry_after_ms"] for answer in refused) / 1000 + 0.1)
    again = next(frame for frame in sent if answers[frame["id"]]["type"] == "error")
    assert (await maya.ask(again))["type"] == "chat_message"
    stored = (await server.page(room, "limit=500"))[1]["entries"]
    kept = {id for id, answer in answers.items() if answer["type"] == "chat_message"} | {again["id"]}
    assert {entry["id"] for entry in stored} == kept | set(ids)


@claim("history gives entries before a seq, ascending without holes, and whether there is more")
async def history(server):
    _, maya, _ = await pair(server)
    for number in range(1, 13):
        await maya.say(f"{number}")
    for before, limit, seqs, more in (
        (13, 5, range(8, 13), True),
        (8, 100, range(1, 8), False),
        (6, 5, range(1, 6), False),
        (1, 5, range(0), False),
        (2**63, 2, range(11, 13), True),
    ):
        await maya.send({"type": "history", "before": before, "limit": limit})
        page = await maya.next("history")
        assert set(page) == {"type", "before", "entries", "more"}
        assert page["before"] == before and page["more"] is more, page
        assert [entry["seq"] for entry in page["entries"]] == list(seqs), page


@claim("entries and history are cut into frames of at most 256 KiB, without holes", server="unlimited")
async def frames_are_cut(server):
    room = unique()
    maya = await server.join(room, "maya")
    for _ in range(60):
        await maya.say("🫖" * 4000)
    late = await server.join(room, "late", history=500)
    assert [entry["seq"] for entry in late.replay] == list(range(1, 61))
    assert len([frame for frame in late.heard if frame["type"] == "entries"]) > 3
    await late.send({"type": "history", "before": 61, "limit": 500})
    page = await late.next("history")
    seqs = [entry["seq"] for entry in page["entries"]]
    assert page["more"] and seqs == list(range(seqs[0], 61)), "the entries just below `before`"


@claim("files are refused with unsupported; so are password and identity proofs not served")
async def unsupported(server):
    _, maya, _ = await pair(server)
    await maya.refused(text(message="look", files=["cat.png"]), "unsupported")
