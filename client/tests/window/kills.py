"""Two apps talk through a server that is killed with -9 between messages, and so is one of the apps while its message waits.

In the end the server's log has every message once, in each author's order, and both apps show all of them, in order, none pending.
"""

from harness import equal, until

ROOM = "tea"
WIDTH, HEIGHT = 960, 840


class Conversation:
    """Two apps side by side in one room."""

    def __init__(self, stage):
        self.stage = stage
        self.server = stage.server("server", "--name", "The lab")
        self.apps = self.maya, self.zoe = [stage.app(name) for name in ("maya", "zoe")]
        for each in self.apps:
            self.begin(each)

    def begin(self, app):
        app.join(self.server, ROOM, size=(WIDTH, HEIGHT), left=self.apps.index(app) * WIDTH)

    def heard(self):
        """Everybody sees everything that was said, and nothing is pending."""
        everything = sum(len(each.said) for each in self.apps)
        equal("as many messages in the log", lambda: len(self.server.entries(ROOM)), everything)
        for each in self.apps:
            equal(f"{each.name} shows all", each.shown, [str(seq) for seq in range(1, everything + 1)])

    def restart(self):
        self.server.kill()
        self.server.start()

    def wait(self, app, count):
        """So many messages wait in an app."""
        equal(f"{app.name} shows what waits", lambda: app.shown()[-count:], ["…"] * count)


def write_anywhere(talk):
    """Wherever one clicked, and after Tab, writing goes on in the composer. Combinations write nothing."""
    maya, zoe = talk.apps
    maya.picture(talk.stage.picture("window-empty"))
    maya.say("Is anybody there?")
    zoe.say("Yes! Tea at five?")
    talk.heard()
    maya.click(WIDTH // 2, HEIGHT // 3)
    maya.say("After a click")
    maya.press("Tab", "Tab", "ctrl+1", "alt+a", "ctrl+semicolon")
    maya.say("After Tab")
    zoe.hand_over()
    zoe.say("There is one window of mine.")
    talk.heard()


def lose_the_server(talk):
    maya, zoe = talk.apps
    # Nothing is on its way when it dies.
    talk.restart()
    maya.say("At five, then.")
    talk.heard()

    # What is said while it is away waits, and goes out by itself.
    talk.server.kill()
    maya.say("Can you still hear me?")
    maya.say("The server is gone, I think.")
    zoe.say("Mine says the same.")
    talk.wait(maya, 2)
    talk.wait(zoe, 1)
    maya.picture(talk.stage.picture("window-offline"))
    talk.server.start()
    talk.heard()

    # It dies right after Enter: stored or not, the message comes through once.
    for number in range(3):
        maya.say(f"Right before the end, {number}")
        talk.restart()
    talk.heard()


def lose_an_app(talk):
    """The app dies as well while a message waits: it is on disk, and goes out from there."""
    maya, zoe = talk.apps
    talk.server.kill()
    zoe.say("Kept while everything is off")
    talk.wait(zoe, 1)
    zoe.kill()
    talk.server.start()
    talk.begin(zoe)
    talk.heard()
    maya.say("Everything came through.")
    talk.heard()


def run(stage):
    talk = Conversation(stage)
    write_anywhere(talk)
    lose_the_server(talk)
    lose_an_app(talk)
    for each in talk.apps:
        each.picture(stage.picture(f"window-{each.name}"))
    entries = talk.server.entries(ROOM)
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1)), entries
    assert len({entry["id"] for entry in entries}) == len(entries)
    for each in talk.apps:
        kept = [entry["message"] for entry in entries if entry["user"] == each.name]
        assert kept == each.said, f"{each.name} said {each.said}, the server has {kept}"
    return f"two windows, {len(entries)} messages, 7 kills: each shown once, in order"
