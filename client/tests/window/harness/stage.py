"""Whatever a scenario begins, so that all of it ends."""

import shutil
import tempfile
from pathlib import Path

from .app import App
from .desktop import Desktop
from .notifications import Notifications
from .page import Page
from .server import Server


class Stage:
    """Whatever a scenario begins, so that all of it ends; after a failure with a picture of the screen and the apps' logs."""

    def __init__(self, name, programs, size=(1920, 920)):
        self.name, self.programs, self.pictures = name, programs, programs.pictures
        self.folder = Path(tempfile.mkdtemp(prefix="snug-window-"))
        self.ends, self.apps = [], []
        self.desktop = self.keep(Desktop(self.folder, size))

    def keep(self, begun):
        self.ends.append(begun.end if hasattr(begun, "end") else begun.kill)
        return begun

    def server(self, name, *flags):
        return self.keep(Server(self.programs.server, self.folder / name, *flags))

    def app(self, name):
        self.apps.append(self.keep(App(self.programs.app, self.desktop, name, self.folder / f"app-{name}")))
        return self.apps[-1]

    def notifications(self):
        return self.keep(Notifications(self.programs.notifications, self.desktop))

    def page(self, name):
        return self.keep(Page(name))

    def picture(self, name):
        return self.pictures / f"{name}.png"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if error:
                self.desktop.picture(self.picture(f"failed-{self.name}"))
                for app in self.apps:
                    app.explain()
        finally:
            for end in reversed(self.ends):
                end()
            shutil.rmtree(self.folder, ignore_errors=True)
