"""From figures to the tables of docs/performance.md."""

import platform
import re
import statistics
import subprocess
from pathlib import Path

PAGE = Path("docs/performance.md")
BEGIN, END = "<!-- desktop: begin -->", "<!-- desktop: end -->"


def middle(values):
    return statistics.median(values)


def spread(values, unit="ms"):
    return f"{middle(values):.0f} {unit} ({min(values):.0f}–{max(values):.0f})"


def machine():
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t:")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"commit {commit}; {cores} × {processor[1] if processor else 'unknown'}, Linux {platform.release()}, Xvfb with openbox"


def goals(figures):
    """The figures that have a goal: what, goal, what came of it."""
    memory = {name: figures[f"memory {name}"] for name in ("joined", "visited", "loaded", "left")}
    resident = {name: f"{values[0]:.0f} MB ({values[1]:.0f}, {values[2]:.0f})" for name, values in memory.items()}
    for what, name in (("with nothing remembered", "start"), ("with ten rooms of 100,000 joined", "start again")):
        app, empty = figures[name]["app"], figures[name]["empty"]
        longer = middle([a - e for a, e in zip(app, empty)])
        yield f"start to the first frame, {what}", "60 ms", f"{spread(app)}; the empty window {spread(empty)}; {longer:+.0f} ms in pairs"
    yield "idle, ten rooms joined, window shown", "0.1%", f"{figures['idle shown']:.3f}%"
    yield "idle, ten rooms joined, window hidden", "0.1%", f"{figures['idle hidden']:.3f}%"
    yield "memory, ten rooms of 100,000 joined", "150 MB", resident["joined"]
    yield "memory, each of them visited twice", "150 MB", resident["visited"]
    yield "memory, one of them read up to its first message", "150 MB", resident["loaded"]
    yield "memory, that room left for another", "150 MB", resident["left"]
    for what, name, goal in (("1280×800", "keys", 8), ("2560×1440", "keys large", 16)):
        taken = sorted(figures[name])
        yield f"key to pixels, {what}, 95% of {len(taken)}", f"{goal} ms", f"{taken[len(taken) * 95 // 100]:.1f} ms; half {middle(taken):.1f} ms"
    for what, name in (("switch to a room of 100,000, from the click to the last change", "switch"),
                       ("the same, away from a room of which all is loaded", "switch from loaded")):
        taken, cpu = zip(*figures[name])
        yield what, "50 ms", f"{spread(taken)}; {middle(cpu):.0f} ms of CPU"
    for what, name in (("a letter typed", "typing"), ("a notch of the wheel", "wheel")):
        yield f"{what}, all that follows, CPU", "16 ms", f"{figures[name]:.1f} ms"
        yield f"{what}, 100,000 messages loaded", "16 ms", f"{figures[f'{name} loaded']:.1f} ms"
        yield f"{what}, 2560×1440", "16 ms", f"{figures[f'{name} large']:.1f} ms"
    for what, name in (("reading the newest", "burst end"), ("reading above", "burst above")):
        updates, letters, cpu, waits = figures[name]
        yield (f"1,000 messages in a second, {what}", "60 updates",
               f"{updates} updates, those of {letters} letters typed meanwhile among them; {cpu:.0f} ms of CPU")
        yield f"a letter typed meanwhile, {what}, key to pixels", "never stalls", f"{spread(waits)}"
    yield "release program, stripped", "–", f"{figures['size']['app']:.1f} MB (`snug-server` {figures['size']['server']:.1f} MB)"


def table(figures, micro, day):
    date = f"{day.day} {day:%B} {day.year}"
    lines = [f"{date}, {machine()}.", "", "| figure | goal | measured |", "|---|---|---|"]
    lines += [f"| {what} | {goal} | {measured} |" for what, goal, measured in goals(figures)]
    lines += ["", f"To read all of the large room, 500 messages a page, took {figures['load']:.0f} s.", "",
              "| without a window, CPU | median | worst |", "|---|---|---|"]
    for what, median, worst, unit in micro:
        form = (lambda number: f"{float(number):.3g} ms") if unit else (lambda number: number)
        lines.append(f"| {what} | {form(median)} | {form(worst)} |")
    return "\n".join(lines)


def publish(page):
    """Puts the tables between the marks."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{page}\n\n{END}{rest.split(END)[1]}")
