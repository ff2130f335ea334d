"""The Autobahn suite over both ends' transport: its fuzzing client at the server's, the app's at its fuzzing server.

    autobahn.py WSTEST FOLDER ECHO_SERVER ECHO_CLIENT

The two echo programs (`examples/`) only say back what they hear; all they stand on is the server's and the app's own. FOLDER
keeps the suite's reports, a page for each case.
"""

import collections
import json
import pathlib
import socket
import subprocess
import sys
import time

# All cases but those of permessage-deflate, which neither end offers.
CASES = {"cases": ["*"], "exclude-cases": ["12.*", "13.*"], "exclude-agent-cases": {}}
COUNT = 301
FINE = {"OK", "NON-STRICT", "INFORMATIONAL"}
# Seconds for one direction; it takes about one minute.
PATIENCE = 600


def main(wstest, folder, echo_server, echo_client):
    folder = pathlib.Path(folder)
    verdicts = [try_server(wstest, folder / "server", echo_server), try_client(wstest, folder / "client", echo_client)]
    sys.exit(0 if all(verdicts) else 1)


def try_server(wstest, folder, program):
    with Running([program], stdout=subprocess.PIPE, text=True) as echo:
        address = echo.stdout.readline().removeprefix("Listening on ").strip()
        spec = {"servers": [{"agent": "snug", "url": f"ws://{address}"}]}
        return judged("the server", folder, suite(wstest, "fuzzingclient", folder, spec))


def try_client(wstest, folder, program):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    spec = {"url": f"ws://127.0.0.1:{port}"}
    with Running(suite(wstest, "fuzzingserver", folder, spec), stdout=subprocess.DEVNULL) as fuzzing:
        while not listens(port):
            assert fuzzing.poll() is None, "the suite's server ended"
        return judged("the app", folder, [program, f"127.0.0.1:{port}"])


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except ConnectionRefusedError:
        time.sleep(0.1)
        return False


def suite(wstest, mode, folder, spec):
    """The suite's command line; what it reported before is forgotten."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.json").unlink(missing_ok=True)
    path = folder / "spec.json"
    path.write_text(json.dumps({**CASES, **spec, "outdir": str(folder)}))
    return [wstest, "--mode", mode, "--spec", str(path), "--webport", "0"]


def judged(which, folder, command):
    """Runs one direction to its end and says how it went; whether each case is as the standard has it."""
    started = time.monotonic()
    subprocess.run(command, check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    cases = json.loads((folder / "index.json").read_text())["snug"]
    outcomes = collections.Counter(case["behavior"] for case in cases.values())
    broken = {name: case for name, case in cases.items() if not {case["behavior"], case["behaviorClose"]} <= FINE}
    for name, case in broken.items():
        print(f"  {name}: {case['behavior']}, close {case['behaviorClose']}: {folder / case['reportfile']}")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    took = time.monotonic() - started
    print(f"{which}: {len(cases) - len(broken)} of {COUNT} cases ({counts}) in {took:.0f} s", flush=True)
    return not broken and len(cases) == COUNT


class Running(subprocess.Popen):
    """A program that is ended with its block."""

    def __exit__(self, *raised):
        self.kill()
        super().__exit__(*raised)


if __name__ == "__main__":
    main(*sys.argv[1:])
