"""A display nobody looks at."""

import os
import subprocess

from .waiting import PATIENCE, equal, until

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def outer_environment():
    """The environment without what would change an app or a server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SNUG_", "WAYLAND", "DBUS"))}


class Desktop:
    """A display nobody looks at, with a window manager."""

    def __init__(self, folder, size, rules=None):
        """`rules`: what openbox's settings say of windows; else they are as they come."""
        # It takes a free number, and says which once it can be used.
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.name = f":{int(self.server.stdout.readline())}"
        # Without a session bus the theme is the default, and nobody is notified.
        self.environment = outer_environment() | {"DISPLAY": self.name, "XDG_SESSION_TYPE": "x11"}
        command = ["openbox"]
        if rules:
            (folder / "openbox.xml").write_text(f'<openbox_config xmlns="http://openbox.org/3.4/rc">{rules}</openbox_config>')
            command += ["--config-file", str(folder / "openbox.xml")]
        # A window that comes while openbox still begins may never be shown.
        begun = folder / "openbox-has-begun"
        self.manager = subprocess.Popen([*command, "--startup", f"touch {begun}"], env=self.environment, **QUIET)
        until("a window manager", begun.exists)

    def do(self, *arguments, check=True):
        command = ["xdotool", *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stderr}")
        return done.stdout.split()

    def picture(self, path, window="root"):
        subprocess.run(["import", "-window", str(window), str(path)], env=self.environment, check=window != "root")

    def pasted(self, selection="clipboard"):
        """What other programs paste: of the clipboard, or of `primary`, which is the middle mouse button's."""
        command = ["xclip", "-out", "-selection", selection]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE).stdout

    def copy(self, text):
        """Another program copies this, so that what is pasted next is new."""
        for selection in ("clipboard", "primary"):
            command = ["xclip", "-in", "-selection", selection]
            subprocess.run(command, input=text, env=self.environment, text=True, timeout=PATIENCE, check=True, **QUIET)
            # xclip goes on in the background, and may be late.
            equal(f"the {selection} is that program's", lambda: self.pasted(selection), text)

    def end(self):
        for process in (self.manager, self.server):
            process.terminate()
            process.wait()
