"""The short clients of docs/clients, run as their readers would."""

import asyncio
import json
import re
import shutil
import sys
from pathlib import Path

from harness import LeftOut, claim, unique

CLIENTS = Path(__file__).parents[3] / "docs" / "clients"


async def says_hello_and_listens(server, command, address, shown):
    """Starts a client: the room hears its hello once, and it prints what is said there, each once."""
    room, name = unique().replace(" ", "-"), "hello"
    host = await server.join(room, "host")
    await host.say("before")
    process = await asyncio.create_subprocess_exec(
        *command, address, room, name, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        heard = await host.next("chat_message", user=name)
        assert heard["message"] == f"Hello from {name}", heard
        lines = []

        async def prints(line):
            async with asyncio.timeout(15):
                while line not in lines:
                    raw = (await process.stdout.readline()).decode()
                    assert raw, (await process.stderr.read()).decode()
                    lines.extend(shown(raw))

        await prints((name, heard["message"]))
        said = await host.say("Welcome, ☕")
        await prints(("host", said["message"]))
        assert len(lines) == len(set(lines)), lines
        page = (await server.page(room))[1]
        assert [entry["message"] for entry in page["entries"]] == ["before", heard["message"], said["message"]], page
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def plain_lines(raw):
    return [tuple(raw.rstrip("\n").split(": ", 1))]


def json_lines(raw):
    entry = json.loads(raw) if raw.strip() else None
    return [(entry["user"], entry["message"])] if entry else []


@claim("docs/clients/hello.py joins, says hello and prints what is said")
async def python_client(server):
    await says_hello_and_listens(server, [sys.executable, str(CLIENTS / "hello.py")], server.url, plain_lines)


@claim("docs/clients/hello.mjs joins, says hello and prints what is said")
async def node_client(server):
    if not (node := shutil.which("node")):
        raise LeftOut("there is no Node here")
    asking = await asyncio.create_subprocess_exec(node, "--version", stdout=asyncio.subprocess.PIPE)
    major, minor = map(int, re.match(rb"v(\d+)\.(\d+)", (await asking.communicate())[0]).groups())
    if (major, minor) < (20, 10):
        raise LeftOut(f"Node {major}.{minor} has no WebSocket")
    # Node 22 has it switched on.
    switch = [] if major >= 22 else ["--experimental-websocket"]
    await says_hello_and_listens(server, [node, *switch, str(CLIENTS / "hello.mjs")], server.url, plain_lines)


@claim("docs/clients/hello.sh says hello and prints what is said, by curl alone")
async def shell_client(server):
    if not shutil.which("curl"):
        raise LeftOut("there is no curl here")
    address = server.url.replace("ws:", "http:")
    await says_hello_and_listens(server, ["sh", str(CLIENTS / "hello.sh")], address, json_lines)
