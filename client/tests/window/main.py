"""The real window, under Xvfb and openbox, driven by xdotool: apps, real servers, and the web page in a real browser.

    python3 client/tests/window/main.py [--programs target/debug] [--pictures target/window] [SCENARIO ...]

Each scenario is a file beside this one; without names all of them run. `story` needs Node and a browser too.
"""

import argparse
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import kills
import rooms
import selection
import story
from harness import Stage

SCENARIOS = {"kills": kills, "rooms": rooms, "selection": selection, "story": story}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path("target/debug"), help="the folder they were built into")
    parser.add_argument("--pictures", type=Path, default=Path("target/window"), help="where pictures of the screen go")
    parser.add_argument("scenarios", nargs="*", choices=[[], *SCENARIOS], metavar="SCENARIO")
    arguments = parser.parse_args()
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    folder = arguments.programs.absolute()
    programs = SimpleNamespace(app=str(folder / "snug"), server=str(folder / "snug-server"), pictures=arguments.pictures,
                               notifications=str(folder / "examples/notification_service"))
    for name in arguments.scenarios or SCENARIOS:
        begun = time.monotonic()
        with Stage(name, programs) as stage:
            said = SCENARIOS[name].run(stage)
        print(f"{name}: {said} ({time.monotonic() - begun:.0f} s)", flush=True)
    print(f"pictures are in {arguments.pictures}")


if __name__ == "__main__":
    sys.exit(main())
