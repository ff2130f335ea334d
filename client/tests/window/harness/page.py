"""The web page in a real browser, driven by server/tests/page/driven.mjs."""

import json
import os
from pathlib import Path

from .lines import Lines
from .waiting import PATIENCE, equal, until

DRIVER = Path(__file__).parents[4] / "server/tests/page/driven.mjs"


class Page:
    """A person at the web page: one browser, one tab at a time."""

    def __init__(self, name):
        self.name, self.said = name, []
        self.lines = Lines(["node", str(DRIVER)], env=os.environ | {"PATIENCE": str(PATIENCE * 1000)})
        assert self.lines.next("a browser has begun") == {"ready": True}

    def do(self, act, **values):
        """An act, once it is done, and what came of it."""
        self.lines.write(json.dumps({"do": act, **values}))
        answer = self.lines.next(f"the page does {act}")
        assert "failed" not in answer, f"{act} {values}: {answer['failed']}"
        return answer.get("is")

    def join(self, server, room):
        self.do("join", url=f"http://127.0.0.1:{server.port}", room=room, name=self.name)

    def say(self, text):
        self.do("say", text=text)
        self.said.append(text)

    def shown(self):
        """The texts on the screen, in order; those on their way begin with “… ”."""
        return self.do("shown")

    def sees(self, text):
        until(f"{self.name}'s page shows “{text}”", lambda: text in self.shown())

    def counts(self, room, words):
        """Waits for what its list says of a room that is not shown."""
        equal(f"{self.name}'s page counts in {room}", lambda: self.do("rooms").get(room), words)

    def picture(self, path):
        self.do("picture", path=str(path.absolute()))

    def close(self):
        """The browser ends; that nothing went wrong in the page is asserted here."""
        assert self.do("close") == [], "the page met errors"

    def end(self):
        self.lines.end()
