"""§2: the routes."""

import json
from urllib.parse import quote

from harness import Raw, Server, claim, new_id, unique


@claim("a plain GET on a socket route gets 426")
async def upgrade_required(server):
    for path in ("/ws/chat/tea/maya", "/ws/chat/tea/maya/", "/ws/chat/tea/"):
        status, answer = await server.get(path)
        assert status == 426, (path, status, answer)


@claim("HTTP errors are JSON with type error, code and message")
async def errors_are_json(server):
    for method, path, wanted in (
        ("GET", "/nowhere", 404),
        ("GET", "/api/rooms/tea/messages?after=1&before=5", 400),
        ("GET", "/api/rooms/tea/messages?limit=x", 400),
        ("GET", "/api/rooms/tea/messages?limit=0", 400),
        ("GET", "/api/rooms/tea/messages?limit=-1", 400),
        ("GET", "/api/rooms/tea/messages?limit=501", 400),
        ("GET", "/api/rooms/tea/messages?q=%eb", 400),
        ("GET", "/invite?room=%eb", 400),
        ("GET", "/page/%ff", 400),
        ("GET", "/metrics", 404),
        ("POST", "/healthz", 405),
        ("GET", "/api/rooms/tea/messages?after=-1", 400),
        ("GET", "/api/rooms/a%2Fb/messages", 400),
        ("GET", "/api/rooms/%ff/messages", 400),
        ("DELETE", "/api/rooms/tea/messages", 405),
    ):
        status, answer = await server.http(method, path)
        assert status == wanted, (path, status, answer)
        assert isinstance(answer, dict) and answer["type"] == "error" and answer["code"] and answer["message"], answer


@claim("GET / is a page, /healthz and /readyz are 200")
async def pages(server):
    status, page = await server.get("/")
    assert status == 200 and "<html" in page.lower(), page[:200]
    assert (await server.get("/healthz"))[0] == 200 and (await server.get("/readyz"))[0] == 200


@claim("GET /api/server says who this is, and counts rooms and members")
async def about(server):
    maya = await server.join(unique(), "maya")
    status, answer = await server.get("/api/server")
    assert status == 200 and set(answer) == {"id", "name", "version", "rooms", "people", "tls"}, answer
    assert len(answer["id"]) == 26 and set(answer["id"]) <= set("abcdefghijklmnopqrstuvwxyz234567"), answer
    assert answer["name"] and len(answer["name"].encode()) <= 63 and answer["version"] and answer["tls"] == "off", answer
    assert answer["rooms"] >= 1 and answer["people"] >= 1, answer
    assert (await server.get("/api/server"))[1]["id"] == answer["id"]
    await maya.leave()


@claim("an unknown room answers with epoch null and is not made")
async def unknown_room(server):
    room = unique()
    status, page = await server.page(room)
    assert status == 200 and page == {"epoch": None, "first": 0, "last": 0, "entries": [], "more": False}, page
    assert room not in json.dumps((await server.get("/api/rooms"))[1])


@claim("/api/rooms lists rooms with members, last and last_at; one without entries ends with its last member")
async def rooms(server):
    quiet, talked = unique("quiet"), unique("talked")
    visitor, maya = await server.join(quiet, "maya"), await server.join(talked, "maya")
    said = await maya.say("one")
    await maya.ask({"type": "topic", "id": new_id(), "topic": "Tea"})
    listed = {room["room"]: room for room in (await server.get("/api/rooms"))[1]["rooms"]}
    assert (listed[quiet]["members"], listed[quiet]["last"], listed[quiet]["last_at"]) == (1, 0, 0), listed[quiet]
    assert (listed[talked]["members"], listed[talked]["last"], listed[talked]["topic"]) == (1, 2, "Tea")
    assert listed[talked]["last_at"] >= said["at"] and "locked" not in listed[talked]
    await visitor.leave()
    await maya.leave()
    # A leave is told after 5 s.
    import asyncio

    await asyncio.sleep(7)
    listed = {room["room"]: room for room in (await server.get("/api/rooms"))[1]["rooms"]}
    assert quiet not in listed and listed[talked]["members"] == 0


@claim("GET messages: after, before, limit; ascending; more; both is 400")
async def message_pages(server):
    room = unique()
    maya = await server.join(room, "maya")
    for number in range(1, 13):
        await maya.say(f"number {number}")
    for query, seqs, more in (
        ("", range(1, 13), False),
        ("limit=5", range(8, 13), True),
        ("after=0&limit=5", range(1, 6), True),
        ("after=7", range(8, 13), False),
        ("after=12", range(0), False),
        ("before=6&limit=3", range(3, 6), True),
        ("before=4&limit=3", range(1, 4), False),
        ("before=1", range(0), False),
        ("limit=500", range(1, 13), False),
    ):
        status, page = await server.page(room, query)
        assert status == 200 and set(page) == {"epoch", "first", "last", "entries", "more"}, page
        assert [entry["seq"] for entry in page["entries"]] == list(seqs), (query, page)
        assert (page["first"], page["last"], page["more"]) == (1, 12, more), (query, page)
        assert page["epoch"] == maya.established["epoch"]
    assert (await server.page(room, "after=1&before=5"))[0] == 400


@claim("q finds messages containing the words, newest `limit`, ascending", seconds=30)
async def search(server):
    import asyncio

    room = unique()
    maya = await server.join(room, "maya")
    for message in ("green tea", "black coffee", "Tea, green and hot", "茶を飲む", "100% \"quoted\" ' OR 1=1 --"):
        await maya.say(message)
    await asyncio.sleep(1.5)
    for query, seqs in (
        ("q=tea", [1, 3]),
        ("q=green+tea", [1, 3]),
        ("q=tea&limit=1", [3]),
        ("q=nothing+here", []),
        ("q=%22quoted%22", [5]),
        ("q=100%25", [5]),
        ("q=AND+NOT", []),
        ("q=*", []),
    ):
        status, page = await server.page(room, query)
        assert status == 200 and [entry["seq"] for entry in page["entries"]] == seqs, (query, page)


@claim("search goes over all rooms, newest first, and on at its cursor", seconds=30)
async def search_everywhere(server):
    import asyncio

    word, first, second = f"kettle{new_id()[:8]}", unique(), unique()
    maya, jon = await server.join(first, "maya"), await server.join(second, "jon")
    at = []
    for member, message in ((maya, f"one {word}"), (jon, f"Two {word.upper()} http://lab.local"), (maya, f"{word}, three")):
        at.append((await member.say(message))["at"])
        await asyncio.sleep(0.01)
    newest = [(first, 2), (second, 1), (first, 1)]

    async def found(query):
        status, answer = await server.get(f"/api/search?{query}")
        assert status == 200, (query, status, answer)
        return [(hit["room"], hit["entry"]["seq"]) for hit in answer["hits"]], answer.get("cursor")

    assert await found(f"q={word}") == (newest, None)
    hits, cursor = await found(f"q={word}&limit=1")
    while cursor:
        more, cursor = await found(f"q={word}&limit=1&cursor={quote(cursor)}")
        hits += more
    assert hits == newest, hits
    for query, places in (
        (f"room={quote(second)}", [1]),
        ("from=MAYA", [0, 2]),
        (f"from={quote(jon.established['by'])}", [1]),
        ("has=link", [1]),
        ("has=file", []),
        ("has=image", []),
        (f"since={at[1]}", [0, 1]),
        (f"until={at[1]}", [1, 2]),
        (f"since={at[0]}&until={at[0]}", [2]),
    ):
        assert await found(f"q={word}&{query}") == ([newest[place] for place in places], None), query
    for nothing in ("", "q=", "q=%00", f"q={word}%00", "q=%E2%80%8B%EF%B8%8F"):
        assert await found(nothing) == ([], None), nothing
    for wrong in ("limit=0", "limit=101", "limit=x", "has=x", "since=x", "until=x", "cursor=x"):
        assert (await server.get(f"/api/search?q={word}&{wrong}"))[0] == 400, wrong
    seats = {"Authorization": "Bearer " + ",".join([maya.established["seat"]] * 32)}
    assert (await server.get(f"/api/search?q={word}", **seats))[0] == 200
    seats["Authorization"] += ",one"
    assert (await server.get(f"/api/search?q={word}", **seats))[0] == 400


@claim("POST makes an entry by h: and the name, live for members: 201, then 200 for the same id")
async def post(server):
    room, id = unique(), new_id()
    maya = await server.join(room, "maya")
    status, entry = await server.post(room, {"user": "deploy bot", "message": "green", "id": id})
    assert status == 201 and (entry["id"], entry["by"], entry["user"]) == (id, "h:deploy bot", "deploy bot"), entry
    assert entry["type"] == "chat_message" and entry["seq"] == 1
    assert (await maya.next("chat_message"))["id"] == id
    status, again = await server.post(room, {"user": "deploy bot", "message": "green", "id": id})
    assert status == 200 and again["seq"] == 1, again
    status, error = await server.post(room, {"user": "deploy bot", "message": "red", "id": id})
    assert status >= 400 and error["code"] == "id_conflict", (status, error)
    status, entry = await server.post(room, {"user": "deploy bot", "message": "no id"})
    assert status == 201 and len(entry["id"]) == 36


@claim("POST with any other content type: the body is the text, ?user= the name")
async def post_text(server):
    room = unique().replace(" ", "-")
    path = f"/api/rooms/{room}/messages?user=deploy%20bot"
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        status, entry = await server.http("POST", path, '{"not": "json"} 🫖'.encode(), headers)
        assert status == 201 and entry["message"] == '{"not": "json"} 🫖' and entry["user"] == "deploy bot", entry


@claim("POST refuses what a member could not say either")
async def post_refused(server):
    room = unique()
    for body, code in (
        ({"user": "bot", "message": " "}, "empty"),
        ({"user": "bot", "message": "x" * 4001}, "too_long"),
        ({"user": "snug", "message": "x"}, "bad_name"),
        ({"user": "bot", "message": "x", "id": "7"}, "bad_request"),
        ({"message": "x"}, "bad_request"),
        (["x"], "bad_request"),
    ):
        status, answer = await server.post(room, body)
        assert 400 <= status < 500 and answer["code"] == code, (body, status, answer)
    status, _ = await server.post(room, {"user": "bot", "message": "x" * 200_000})
    assert status in (400, 413), status


@claim("a post under a present member's nickname gets 409 nickname_taken")
async def post_taken(server):
    room = unique()
    await server.join(room, "maya")
    for name in ("maya", "MAYA", "mауа"):
        status, answer = await server.post(room, {"user": name, "message": "x"})
        assert status == 409 and answer["code"] == "nickname_taken", (status, answer)


@claim("a browser that asks for text/html gets the sentence of an error as a page")
async def errors_are_pages(server):
    _, error = await server.get("/nowhere")
    status, page = await server.get("/nowhere", Accept="text/html,*/*;q=0.8")
    assert status == 404 and "<html" in page and error["message"] in page, page


@claim("a client that closes its half after its request still gets its response", server="unlimited")
async def half_closed(server):
    import asyncio

    path = f"/api/rooms/{unique().replace(' ', '-')}/messages?user=nc"
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi".encode())
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 15)
        assert answer.startswith(b"HTTP/1.1 201 "), answer[:200]
        writer.close()


@claim("a request with Content-Length and Transfer-Encoding gets 400; a name that is no UTF-8 is bad_name")
async def ambiguous(server):
    path = f"/api/rooms/{unique().replace(' ', '-')}/messages"
    status, error = await server.http("POST", path + "?user=bot", b"2\r\nhi\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"})
    assert status == 400 and error["type"] == "error", (status, error)
    status, error = await server.http("POST", path + "?user=%eb", b"hi")
    assert (status, error["code"]) == (400, "bad_name"), (status, error)


@claim("Origin: absent, the server's own; any other gets 403, also on POST and the socket", server="unlimited")
async def origins(server):
    room = unique().replace(" ", "-")
    own = f"http://127.0.0.1:{server.port}"
    for origin, fine in ((own, True), (own.replace("http", "ws"), True), ("file://", False), ("http://evil.example", False), ("null", False), (own + "0", False)):
        answers = [
            (await Raw.open(server, f"/ws/chat/{unique().replace(' ', '-')}/maya", headers={"Origin": origin})).status,
            (await server.post(room, {"user": "bot", "message": "x"}, Origin=origin))[0],
            (await server.get("/api/rooms", Origin=origin))[0],
        ]
        assert answers == ([101, 201, 200] if fine else [403, 403, 403]), (origin, answers)


@claim("Host: an IP literal, localhost, *.local; any other gets 421")
async def hosts(server):
    for host, fine in (
        ("192.168.1.20:8000", True),
        ("[::1]:8000", True),
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("lab.local:8000", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("local", False),
    ):
        status, answer = await server.get("/api/rooms", Host=host)
        assert status == (200 if fine else 421), (host, status, answer)
        raw = await Raw.open(server, "/ws/chat/hosts/" + unique().replace(" ", "-")[:30], headers={"Host": host})
        assert raw.status == (101 if fine else 421), (host, raw.head)


@claim("a handshake that is none is refused: wrong version, key, or method")
async def handshakes(server):
    path = "/ws/chat/tea/maya"
    for headers, status in (
        # Not refused: RFC 6455's own example (§4.1), whose last digit has bits that belong to no byte.
        ({"Sec-WebSocket-Key": "AQIDBAUGBwgJCgsMDQ4PEC=="}, (101,)),
        ({"Sec-WebSocket-Version": "8"}, (400, 426)),
        ({"Sec-WebSocket-Key": "short"}, (400,)),
        ({"Sec-WebSocket-Key": None}, (400,)),
        ({"Connection": "keep-alive"}, (400, 426)),
    ):
        raw = await Raw.open(server, path, headers=headers)
        assert raw.status in status, (headers, raw.head)


@claim("percent-encoded names are UTF-8; the trailing slash is optional")
async def encoded_names(server):
    from harness import Member

    room = unique("Tee ☕ & Gebäck?")
    maya = await server.join(room, "Zoë #1")
    assert (maya.established["room"], maya.established["nickname"]) == (room, "Zoë #1")
    from urllib.parse import quote

    from websockets.asyncio.client import connect

    url = f"{server.url}/ws/chat/{quote(room, safe='')}/zoe/"
    zoe = await Member(await connect(url, subprotocols=["snug.v1"], proxy=None)).hello()
    assert zoe.established["room"] == room and zoe.established["nickname"] == "zoe"


@claim("posts beyond the rate get 429 rate_limited, and are not stored", server="own")
async def post_rate(binary):
    # A server of its own: posts are counted by address, and other claims post from the same.
    server, room, answers = Server(binary), unique(), []
    try:
        await server.start()
        for number in range(200):
            status, answer = await server.post(room, {"user": "bot", "message": f"{number}"})
            answers.append(status)
            if status == 429:
                break
        assert answers[-1] == 429 and answers.count(201) >= 20 and answer["code"] == "rate_limited", answer
        assert (await server.page(room))[1]["last"] == answers.count(201)
    finally:
        server.clear()


@claim("a request without Host, or too large a head, is refused and the server stays whole")
async def bad_heads(server):
    import asyncio

    for head in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(2000)) + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        try:
            answer = await asyncio.wait_for(reader.read(65536), 15)
            assert not answer or answer.split()[1][:1] == b"4", (head[:60], answer[:200])
        except ConnectionError:
            pass
        writer.close()
    assert (await server.get("/healthz"))[0] == 200
