"""How long the app takes from the command to its first frame, beside an empty iced window: both drawn by the processor, in
turns, on a virtual screen of its own. Then how much processor time the app takes while nothing happens.

    cargo build --release --examples --bin snug
    python3 client/benches/start.py target/release/snug target/release/examples/empty [ROUNDS]
"""

import ctypes
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

DISPLAY = ":97"
SIZE = (1280, 800)
IDLE_SECONDS = 60
# Until the caret has come to rest.
CARET_SECONDS = 15


def first_frame(x11, display, root, command, folder):
    """Seconds until the middle of the screen has another colour than the empty screen."""
    env = {**os.environ, "DISPLAY": DISPLAY, "ICED_BACKEND": "tiny-skia", "HOME": folder}
    env.pop("WAYLAND_DISPLAY", None)
    x, y = SIZE[0] // 2, SIZE[1] // 2

    def pixel():
        image = x11.XGetImage(display, root, x, y, 1, 1, 0xFFFFFFFF, 2)
        value = x11.XGetPixel(image, 0, 0)
        x11.XFree(image)
        return value

    while pixel() & 0xFFFFFF:
        time.sleep(0.02)
    started = time.perf_counter()
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    while not pixel() & 0xFFFFFF:
        time.sleep(0.001)
        if process.poll() is not None:
            sys.exit(f"{command[0]} ended by itself")
    return time.perf_counter() - started, process


def cpu_ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def idle(pid):
    """The share of one core a process uses, in percent."""
    before = cpu_ticks(pid)
    time.sleep(IDLE_SECONDS)
    return (cpu_ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / IDLE_SECONDS * 100


def main(app, empty, rounds=10):
    screen = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"])
    x11 = ctypes.CDLL("libX11.so.6")
    for function, result in (("XOpenDisplay", ctypes.c_void_p), ("XGetImage", ctypes.c_void_p)):
        getattr(x11, function).restype = result
    x11.XDefaultRootWindow.argtypes, x11.XDefaultRootWindow.restype = [ctypes.c_void_p], ctypes.c_ulong
    x11.XGetImage.argtypes = [ctypes.c_void_p, ctypes.c_ulong, *[ctypes.c_int] * 2, *[ctypes.c_uint] * 2,
                              ctypes.c_ulong, ctypes.c_int]
    x11.XGetPixel.argtypes, x11.XGetPixel.restype = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int], ctypes.c_ulong
    x11.XFree.argtypes = [ctypes.c_void_p]
    display = None
    while not display:
        time.sleep(0.1)
        display = x11.XOpenDisplay(DISPLAY.encode())
    root = x11.XDefaultRootWindow(display)
    manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": DISPLAY}, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            commands = {"app": [app, "--software", "--data-dir", f"{folder}/snug"], "empty": [empty]}
            taken = {name: [] for name in commands}
            for turn in range(int(rounds) + 1):
                for name, command in commands.items():
                    seconds, process = first_frame(x11, display, root, command, folder)
                    if turn:  # The first turn only warms the disk's cache.
                        taken[name].append(seconds * 1000)
                    process.kill()
                    process.wait()
            for name, milliseconds in taken.items():
                low, middle, high = min(milliseconds), statistics.median(milliseconds), max(milliseconds)
                print(f"{name:5} first frame after {middle:.0f} ms ({low:.0f} to {high:.0f})")
            pairs = [a - e for a, e in zip(taken["app"], taken["empty"])]
            print(f"the app takes {statistics.median(pairs):.0f} ms longer than an empty window (median of pairs)")

            _, process = first_frame(x11, display, root, commands["app"], folder)
            time.sleep(CARET_SECONDS)
            print(f"idle: {idle(process.pid):.2f} % of one core over {IDLE_SECONDS} s")
            resident = next(line for line in open(f"/proc/{process.pid}/status") if line.startswith("VmRSS"))
            print(f"{resident.split()[1]} kB resident")
            process.kill()
    finally:
        manager.kill()
        screen.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
