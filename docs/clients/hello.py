"""Joins a room, says hello and prints its messages (pip install websockets):  python hello.py ws://127.0.0.1:8000 tea maya"""
import json, sys
from urllib.parse import quote
from websockets.sync.client import connect

server, *names = sys.argv[1:4]
with connect(f"{server}/ws/chat/{'/'.join(quote(name, safe='') for name in names)}?history=10") as socket:
    socket.send(json.dumps({"message": f"Hello from {names[1]}"}))
    for frame in map(json.loads, socket):
        print(f"{frame['user']}: {frame['message']}", flush=True)
