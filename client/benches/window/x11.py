"""A display nobody looks at: its pixels are read, its keys and its pointer moved, all without starting a program for it."""

import ctypes
import tempfile
import zlib
from pathlib import Path

import harness

SIZE = (1280, 800)
LARGE_SIZE = (2560, 1440)
# Widths of the window's parts: the rooms, the members, the column of the messages at its widest.
SIDEBAR, MEMBERS, COLUMN = 232, 200, 760
Z_PIXMAP = 2
ALL_PLANES = 0xFFFFFFFF
RULES = '<applications><application class="*"><decor>no</decor><maximized>yes</maximized></application></applications>'


class Image(ctypes.Structure):
    """The beginning of an XImage, which is all that is needed of it."""

    _fields_ = [*((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")), ("data", ctypes.c_void_p),
                *((name, ctypes.c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth", "bytes_per_line"))]


class Desktop(harness.Desktop):
    """Windows without a frame, as large as the screen: the app has all of the screen."""

    def __init__(self, size=SIZE):
        self.size, self.folder = size, tempfile.TemporaryDirectory()
        super().__init__(Path(self.folder.name), size, RULES)
        self.environment["ICED_BACKEND"] = "tiny-skia"
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
        """Part of the messages, and where one writes: x, y, width, height. The column of both is in the middle."""
        width, height = self.size
        left = (SIDEBAR + width - MEMBERS - COLUMN) // 2 + 10
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
        for window in self.do("search", "--class", "snug", check=False):
            self.do(action, window, check=False)

    def end(self):
        super().end()
        self.folder.cleanup()
