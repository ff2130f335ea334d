"""Two apps and the web page in three rooms on two servers, all of it again after each restart of the apps.

maya and zoe have a window each, ines is at the web page. “tea” and “garden” are rooms of the server “The lab”, “music” is one of
“The hall” with a thousand messages. The first restart is `kill -9` for maya, the second one is that for zoe; the other one's
window is closed meanwhile, as a person does.
"""

from harness import equal, until
from selection import BOTTOM, HEIGHT, MIDDLE, WIDTH, lines

MANY, NEEDLE = 1200, 41
# Above the list, and left of all words in it: held there, the mouse scrolls up.
ABOVE = (285, 40)


class Story:
    """Who takes part, and how often all of it was gone through."""

    def __init__(self, stage):
        self.stage, self.turn = stage, 0
        stage.desktop.environment["TZ"] = "UTC"
        self.notifications = stage.notifications()
        self.lab = stage.server("lab", "--name", "The lab")
        self.hall = stage.server("hall", "--name", "The hall", "--rate-limit", "off")
        self.hall.post_all("music", "tom", ("The first kettle whistled" if n == NEEDLE else f"Song {n}" for n in range(1, MANY + 1)))
        for number in range(10):
            self.lab.post("tea", "tom", f"Before anybody came, {number}")
        self.apps = self.maya, self.zoe = [stage.app(name) for name in ("maya", "zoe")]
        self.ines = stage.page("ines")
        for left, app in zip((0, WIDTH), self.apps):
            app.place = {"size": (WIDTH, HEIGHT), "left": left}
            app.join(self.lab, "tea", **app.place)
            app.also_join(self.hall, "music")
        for room in ("garden", "tea"):
            self.ines.join(self.lab, room)

    def told(self, words):
        """Words that no other turn has."""
        return f"{words}, {self.turn}"

    def goes(self, app, room):
        """By a few letters of its name."""
        app.find_room(room[:3])
        until(f"{app.name} is in {room}", lambda: app.title().endswith(f"{room} — Snug"))

    def sees_the_newest(self, app, room):
        server = self.hall if room == "music" else self.lab
        newest = str(server.entries(room, 1)[-1]["seq"])
        equal(f"{app.name} sees the newest message of {room}", lambda: app.shown()[-1:], [newest])

    def picture(self, app, name):
        if self.turn == 1:
            app.picture(self.stage.picture(f"story-{name}"))


def talk(story):
    """Three people say four messages each; everybody sees all, in one order."""
    story.maya.also_join(story.lab, "garden")
    story.goes(story.maya, "tea")
    story.goes(story.zoe, "tea")
    story.copied = []
    for number in range(4):
        for who in (story.maya, story.zoe, story.ines):
            who.say(story.told(f"{who.name} says {number}"))
            story.copied.append(who.said[-1])
            equal("the newest in tea", lambda: story.lab.texts("tea")[-1:], story.copied[-1:])
    entries = story.lab.entries("tea")
    assert [entry["message"] for entry in entries[-12:]] == story.copied
    for app in story.apps:
        equal(f"{app.name} sees all twelve", lambda: app.shown()[-12:], [str(entry["seq"]) for entry in entries[-12:]])
    equal("ines sees all twelve", lambda: story.ines.shown()[-12:], story.copied)
    for who in (story.maya, story.ines):
        story.picture(who, f"talk-{who.name}")


def copy(story):
    """What maya drags over, beyond the edge of the list, is pasted elsewhere, line for line, and said by zoe."""
    maya, zoe, desktop = story.maya, story.zoe, story.stage.desktop
    entries = story.lab.entries("tea")
    above, expected = lines(entries[:-12]).splitlines(), lines(entries[-12:]).splitlines()
    desktop.copy("something else")
    beyond = str(entries[-13]["seq"])
    maya.drag((MIDDLE, BOTTOM), ABOVE, held=lambda: beyond in maya.shown())
    story.picture(maya, "copy")
    maya.press("ctrl+c")
    for selection in ("clipboard", "primary"):
        equal(f"the twelve in the {selection}", lambda: desktop.pasted(selection).splitlines()[-12:], expected)
        # What was dragged over above them: the first of it may be a part of a line.
        more = desktop.pasted(selection).splitlines()[1:-12]
        assert more == above[len(above) - len(more):], more
    # By itself it would speak to whoever it begins with.
    zoe.type("What was said:")
    zoe.press("shift+Return", "ctrl+v", "Return")
    equal("what zoe pasted", lambda: story.lab.texts("tea")[-1].splitlines()[-12:], expected)
    # Maya lets go of what she selected, and goes to the newest message.
    maya.press("Escape", "Escape")
    story.sees_the_newest(maya, "tea")


def mention(story):
    """Who is spoken to elsewhere is told by the desktop, and led there by a click: from the page, from an app, and at the page."""
    story.goes(story.maya, "music")
    story.ines.say(story.told("@maya, tea is ready"))
    tell_maya(story, story.ines, "tea", "music")
    story.goes(story.zoe, "music")
    story.zoe.say(story.told("@maya, do you hear it?"))
    tell_maya(story, story.zoe, "music", "tea")
    story.goes(story.zoe, "tea")
    story.goes(story.maya, "garden")
    story.maya.say(story.told("@ines, the roses are out"))
    story.ines.counts("garden", "1 unread, 1 of them to you")
    story.picture(story.ines, "mention-ines")
    story.ines.do("go", room="garden")
    story.ines.sees(story.maya.said[-1])
    story.ines.do("go", room="tea")
    story.ines.counts("garden", "")


def tell_maya(story, who, there, here):
    """She is in another room, sees in the title and on the desktop that somebody spoke to her, and clicks."""
    story.maya.activate()
    story.maya.is_titled(f"(1) {here} — Snug")
    told = story.notifications.next()
    server = {"tea": "The lab", "music": "The hall"}[there]
    assert told["title"] == f"{who.name} mentioned you in {there} on {server}", told
    assert told["body"] == who.said[-1], told
    story.picture(story.maya, f"mention-{there}")
    # From another window, so that one sees hers come to the front.
    story.zoe.activate()
    story.notifications.click(told)
    story.maya.is_titled(f"{there} — Snug")
    story.maya.is_in_front()


def search(story):
    """A thousand messages back, and back again: from another room, and in this one."""
    story.goes(story.maya, "tea")
    look_for_the_kettle(story, "ctrl+shift+f")
    story.maya.is_titled("music — Snug")
    story.maya.press("Escape")
    story.maya.is_titled("tea — Snug")
    story.maya.is_open("nothing")
    story.sees_the_newest(story.maya, "tea")

    story.goes(story.maya, "music")
    story.sees_the_newest(story.maya, "music")
    look_for_the_kettle(story, "ctrl+f")
    story.maya.press("Escape")
    story.maya.is_open("nothing")
    story.sees_the_newest(story.maya, "music")


def look_for_the_kettle(story, keys):
    maya = story.maya
    maya.press(keys)
    maya.is_open("search")
    maya.type("first kettle")
    maya.is_open(f"search {NEEDLE}")
    maya.press("Return")
    until("what was found is in view", lambda: str(NEEDLE) in maya.shown())
    assert int(maya.shown()[-1]) < NEEDLE + 50, maya.shown()
    story.picture(maya, f"search-{keys}")


def leave_things_behind(story):
    """A draft in one room; a message that waits in another, which is left; messages of the others that wait as well."""
    maya, zoe, ines = story.maya, story.zoe, story.ines
    story.goes(maya, "tea")
    draft = story.told("half a thought")
    maya.type(draft)
    story.goes(maya, "garden")
    equal("the draft on the disk", lambda: maya.draft("tea"), draft)
    story.lab.kill()
    maya.say(story.told("From a room that is left"))
    zoe.say(story.told("zoe waits"))
    ines.say(story.told("ines waits"))
    for app in (maya, zoe):
        equal(f"what waits at {app.name}'s", lambda: app.shown()[-1:], ["…"])
    ines.sees(f"… {ines.said[-1]}")
    story.picture(zoe, "offline-zoe")
    story.picture(ines, "offline-ines")
    maya.leave_room()
    maya.is_titled("tea — Snug")
    story.picture(maya, "offline-maya")
    until("garden is left", lambda: maya.kept()["garden"]["is_left"])


def restart(story, killed, closed):
    killed.kill()
    closed.quit()
    for app in (killed, closed):
        app.open(**app.place)
        until(f"{app.name} is in tea again", lambda: app.title().endswith("tea — Snug"))


def find_all_again(story):
    """What waited arrives once, and the draft is where it was."""
    maya, zoe, ines = story.maya, story.zoe, story.ines
    story.lab.start()
    left = maya.said[-1]
    equal("what waited in garden", lambda: story.lab.texts("garden")[-1:], [left])
    equal("the rooms maya is in", lambda: set(maya.kept()), {"tea", "music"})
    waited = {zoe.said[-1], ines.said[-1]}
    equal("what waited in tea", lambda: set(story.lab.texts("tea")[-2:]), waited)
    maya.type(" is whole now")
    maya.press("Return")
    whole = story.told("half a thought") + " is whole now"
    equal("the draft was sent", lambda: story.lab.texts("tea")[-1:], [whole])
    newest = [str(entry["seq"]) for entry in story.lab.entries("tea")[-3:]]
    for app in story.apps:
        equal(f"{app.name} sees what waited", lambda: app.shown()[-3:], newest)
    ines.sees(whole)
    equal("ines sees what waited", lambda: set(ines.shown()[-3:-1]), waited)
    ines.do("go", room="garden")
    ines.sees(left)
    ines.do("go", room="tea")
    for room in ("tea", "garden"):
        texts = story.lab.texts(room)
        assert len(texts) == len(set(texts)), f"something is in {room} twice: {texts}"


def once(story):
    story.turn += 1
    for chapter in (talk, copy, mention, search):
        chapter(story)


def run(stage):
    story = Story(stage)
    for killed, closed in (story.apps, story.apps[::-1]):
        once(story)
        leave_things_behind(story)
        restart(story, killed, closed)
        find_all_again(story)
    once(story)
    story.ines.close()
    said = sum(len(who.said) for who in (story.maya, story.zoe, story.ines))
    return f"two apps and the page, three rooms on two servers, {story.turn} turns, {said} messages: nothing lost or misplaced"
