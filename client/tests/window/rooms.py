"""One app in three rooms on two servers, by keys and the mouse.

A mention comes in a room that is not shown, a draft waits in another, a message is written while its server is away in a room
that is then left, and the app is killed and started again.
"""

from harness import equal, until


def hear_of_elsewhere(stage, app, notifications, one, two):
    """Who is spoken to in a room that is not shown sees it in the title and on the desktop, and gets there by two keys or a click."""
    one.post("tea", "zoe", "@maya, tea is ready")
    app.is_titled("(1) music — Snug")
    told = notifications.next()
    assert told["title"] == "zoe mentioned you in tea on The lab", told
    assert told["body"] == "@maya, tea is ready", told
    app.find_room("")
    app.is_titled("tea — Snug")
    # It was read, so the desktop need not show it any more.
    assert notifications.next() == {"closed": told["id"]}

    # A second message of a room changes its notification; a click on it opens the room.
    for words in ("@maya, do you <b>hear</b>?", "@maya!"):
        two.post("music", "zoe", words)
        told = notifications.next()
    assert (told["title"], told["body"]) == ("2 new messages in music on The lab", "zoe: @maya!"), told
    assert told["replaces"] == told["id"], told
    notifications.click(told)
    app.is_titled("music — Snug")
    app.press("ctrl+Tab")
    app.is_titled("tea — Snug")


def leave_things_behind(stage, app, one):
    # A draft stays where it was begun.
    app.type("half a thought")
    app.find_room("gard", stage.picture("rooms-switcher"))
    app.is_titled("garden — Snug")
    equal("the draft on the disk", lambda: app.draft("tea"), "half a thought")

    # What is written while the server is away goes out, although its room is left by its menu before that.
    one.kill()
    app.say("Goes out from a room that is left")
    app.leave_room(stage.picture("rooms-menu"))
    app.is_titled("tea — Snug")
    until("garden is left", lambda: app.kept()["garden"]["is_left"])


def find_all_again(stage, app, one, two):
    """All of it holds when the app dies and begins again, as from the desktop: without arguments that lead anywhere."""
    app.kill()
    app.open()
    app.is_titled("tea — Snug")
    one.start()
    equal("what waited", lambda: one.texts("garden"), ["Goes out from a room that is left"])
    equal("the rooms that are joined", lambda: set(app.kept()), {"tea", "music"})
    app.type(" is whole now")
    app.press("Return")
    equal("the draft was sent", lambda: one.texts("tea")[-1:], ["half a thought is whole now"])
    two.post("music", "zoe", "maya: listen")
    app.is_titled("(1) tea — Snug")
    app.press("ctrl+Tab")
    app.is_titled("music — Snug")
    app.picture(stage.picture("rooms-again"))


def run(stage):
    notifications = stage.notifications()
    one, two = (stage.server(name, "--name", "The lab") for name in ("one", "two"))
    app = stage.app("maya")
    app.join(one, "tea")
    app.also_join(one, "garden")
    app.also_join(two, "music")
    app.picture(stage.picture("rooms-joined"))
    hear_of_elsewhere(stage, app, notifications, one, two)
    leave_things_behind(stage, app, one)
    find_all_again(stage, app, one, two)
    return "one window, three rooms on two servers, 2 kills: nothing misplaced"
