"""Waiting for states, never for a time.

A state is what somebody tells: the app in its log (client/src/app/trace.rs, client/src/screen/room/trace.rs), in its window's
title and on its disk; a server over HTTP; the desktop's notification service.
"""

import time

PATIENCE = 60


def until(what, fact, seconds=PATIENCE):
    """Waits until `fact()` is true, and gives what it is."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds} s not: {what}; it was {found!r}")
        time.sleep(0.03)
    return found


def equal(what, get, expected, seconds=PATIENCE):
    """Waits until `get()` is what is expected."""
    last = []

    def is_equal():
        last[:] = [get()]
        return last[0] == expected

    try:
        until(what, is_equal, seconds)
    except AssertionError as error:
        raise AssertionError(f"{what}: wanted {expected!r}, it stayed {last[0]!r}") from error
