"""A real server."""

import http.client
import json
import re
import signal
import subprocess
import urllib.error
import urllib.request
from urllib.parse import quote

from .desktop import outer_environment
from .waiting import PATIENCE, until


class Server:
    """`snug-server` on a port that stays the same, in a folder of its own."""

    def __init__(self, program, folder, *flags):
        self.program, self.folder, self.flags, self.port = program, folder, flags, 0
        self.folder.mkdir(exist_ok=True)
        self.start()

    def start(self):
        command = [self.program, "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.folder), *self.flags]
        environment = outer_environment()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=self.folder)
        line = self.process.stdout.readline()
        listening = re.fullmatch(r"Listening on 127\.0\.0\.1:(\d+)\n", line)
        assert listening, f"the server does not listen on port {self.port}: {line!r}"
        self.port = int(listening[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def url(self, room):
        return f"http://127.0.0.1:{self.port}/api/rooms/{quote(room)}/messages"

    def entries(self, room, limit=500):
        """The newest of a room's log; nothing while the server is away."""
        try:
            with urllib.request.urlopen(f"{self.url(room)}?limit={limit}", timeout=PATIENCE) as answer:
                return json.load(answer)["entries"]
        except OSError:
            return []

    def texts(self, room):
        return [entry["message"] for entry in self.entries(room)]

    def post(self, room, user, message):
        """Somebody says something, as soon as one author may."""
        body = json.dumps({"user": user, "message": message}).encode()
        request = urllib.request.Request(self.url(room), body, {"Content-Type": "application/json"})

        def is_taken():
            try:
                urllib.request.urlopen(request, timeout=PATIENCE).close()
                return True
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise
                return False

        until(f"{room} takes “{message}” of {user}", is_taken)

    def post_all(self, room, user, messages):
        """Says all of it over one connection. It needs `--rate-limit off`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        for message in messages:
            body = json.dumps({"user": user, "message": message})
            connection.request("POST", self.url(room), body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status in (200, 201), answer.read()
            answer.read()
        connection.close()
