"""A display nobody looks at: its pixels are read, its keys and its pointer moved, all without starting a program for it."""

import ctypes
import os
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

SIZE = (1280, 800)
LARGE_SIZE = (2560, 1440)
# Widths of the window's parts: the rooms, the members, the column of the messages at its widest.
SIDEBAR, MEMBERS, COLUMN = 232, 200, 760
Z_PIXMAP = 2
ALL_PLANES = 0xFFFFFFFF


class Image(ctypes.Structure):
    """The beginning of an XImage, which is all that is needed of it."""

    _fields_ = [*((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")), ("data", ctypes.c_void_p),
                *((name, ctypes.c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth", "bytes_per_line"))]


class Desktop:
    """Xvfb with a window manager."""

    def __init__(self, size=SIZE):
        self.size = size
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.name = f":{int(self.server.stdout.readline())}"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("SNUG_", "WAYLAND", "DBUS"))}
        self.environment |= {"DISPLAY": self.name, "XDG_SESSION_TYPE": "x11", "ICED_BACKEND": "tiny-skia"}
        # Windows without a frame, as large as the screen: the app has all of the screen.
        self.folder = tempfile.TemporaryDirectory()
        rules = Path(self.folder.name) / "rc.xml"
        rules.write_text('<openbox_config xmlns="http://openbox.org/3.4/rc"><applications><application class="*">'
                         "<decor>no</decor><maximized>yes</maximized></application></applications></openbox_config>")
        begun = rules.with_name("begun")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = ["openbox", "--config-file", rules, "--startup", f"touch {begun}"]
        self.manager = subprocess.Popen(command, env=self.environment, **quiet)
        while not begun.exists():
            time.sleep(0.05)
        self.x11, self.test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        number, pointer = ctypes.c_int, ctypes.c_void_p
        self.x11.XOpenDisplay.restype, self.x11.XGetImage.restype = pointer, ctypes.POINTER(Image)
        self.x11.XDefaultRootWindow.argtypes, self.x11.XDefaultRootWindow.restype = [pointer], ctypes.c_ulong
        self.x11.XGetImage.argtypes = [pointer, ctypes.c_ulong, *[number] * 2, *[ctypes.c_uint] * 2, ctypes.c_ulong, number]
        self.x11.XDestroyImage.argtypes = [ctypes.POINTER(Image)]
        self.x11.XKeysymToKeycode.argtypes, self.x11.XKeysymToKeycode.restype = [pointer, ctypes.c_ulong], ctypes.c_ubyte
        self.x11.XFlush.argtypes = [pointer]
        self.test.XTestFakeKeyEvent.argtypes = [pointer, ctypes.c_uint, number, ctypes.c_ulong]
        self.test.XTestFakeButtonEvent.argtypes = [pointer, ctypes.c_uint, number, ctypes.c_ulong]
        self.test.XTestFakeMotionEvent.argtypes = [pointer, number, number, number, ctypes.c_ulong]
        self.display = self.x11.XOpenDisplay(self.name.encode())
        self.root = self.x11.XDefaultRootWindow(self.display)

    def pixels(self, x, y, width=1, height=1):
        """What a part of the screen shows."""
        image = self.x11.XGetImage(self.display, self.root, x, y, width, height, ALL_PLANES, Z_PIXMAP)
        read = ctypes.string_at(image.contents.data, image.contents.bytes_per_line * height)
        self.x11.XDestroyImage(image)
        return read

    def sum(self, *area):
        return zlib.crc32(self.pixels(*area))

    def is_black(self):
        """Whether the middle of the screen is empty."""
        return self.pixels(self.size[0] // 2, self.size[1] // 2)[:3] == b"\0\0\0"

    def area(self):
        """Part of the messages, and where one writes: x, y, width, height. The column of both is in the middle of a wide window."""
        width, height = self.size
        left = 250 if width < 1600 else (SIDEBAR + width - MEMBERS - COLUMN) // 2 + 10
        return (left, 80, 600, height - 200), (left, height - 66, 600, 34)

    def key(self, symbol, control=False):
        """A key pressed and released; letters have their Latin-1 number as a symbol."""
        keys = [self.x11.XKeysymToKeycode(self.display, code) for code in ([0xFFE3] if control else []) + [symbol]]
        for key in keys:
            self.test.XTestFakeKeyEvent(self.display, key, 1, 0)
        for key in reversed(keys):
            self.test.XTestFakeKeyEvent(self.display, key, 0, 0)
        self.x11.XFlush(self.display)

    def press(self, button):
        for down in (1, 0):
            self.test.XTestFakeButtonEvent(self.display, button, down, 0)
        self.x11.XFlush(self.display)

    def point(self, x, y):
        self.test.XTestFakeMotionEvent(self.display, 0, x, y, 0)
        self.x11.XFlush(self.display)

    def window(self, action):
        """Hides the app's window, or shows it again."""
        found = subprocess.run(["xdotool", "search", "--class", "snug"], env=self.environment, capture_output=True, text=True)
        for window in found.stdout.split():
            subprocess.run(["xdotool", action, window], env=self.environment, check=False, capture_output=True)

    def picture(self, path):
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=False)

    def end(self):
        for process in (self.manager, self.server):
            process.terminate()
            process.wait()
        self.folder.cleanup()
