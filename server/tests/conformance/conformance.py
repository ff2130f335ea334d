"""Checks a real server against docs/protocol.md, claim by claim, as a stranger who has read nothing else would.

    python conformance.py target/debug/snug-server [words of the claims to check]

One line a claim; the exit code is the number of claims that do not hold.
"""

import asyncio
import sys
import time
import traceback

import claims_clients  # noqa: F401  (each registers its claims)
import claims_closing  # noqa: F401
import claims_http  # noqa: F401
import claims_joining  # noqa: F401
import claims_lasting  # noqa: F401
import claims_plain  # noqa: F401
import claims_sending  # noqa: F401
import claims_stream  # noqa: F401
from harness import CLAIMS, LeftOut, Server

FLAGS = {"default": [], "unlimited": ["--rate-limit", "off"]}
AT_ONCE = 12


async def check(binary, servers, gate, sentence, server, seconds, run):
    """One claim: whether it holds, printed; none when it was left out. A claim that wants a server of its own gets the
    program instead."""
    async with gate:
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                await run(binary if server == "own" else servers[server])
        except LeftOut as reason:
            print(f"left out: {sentence}: {reason}", flush=True)
            return None
        except Exception as error:  # noqa: BLE001  (whatever it is, the claim does not hold)
            reason = str(error) or type(error).__name__
            where = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in where if "claims_" in frame.filename] or where
            print(f"FAILS  {sentence}\n       {ours[-1].name}:{ours[-1].lineno}: {reason[:600]}", flush=True)
            return False
        print(f"holds  {sentence}  ({time.monotonic() - started:.1f} s)", flush=True)
        return True


async def main(binary, words):
    chosen = [claim for claim in CLAIMS if not words or any(word in claim[0] for word in words)]
    # The slow ones first, so that the others are done while they wait.
    chosen.sort(key=lambda claim: -claim[2])
    servers = {name: Server(binary, *flags) for name, flags in FLAGS.items()}
    try:
        for server in servers.values():
            await server.start()
        gate = asyncio.Semaphore(AT_ONCE)
        held = await asyncio.gather(*(check(binary, servers, gate, *claim) for claim in chosen))
        for name, server in servers.items():
            if server.process.returncode is not None:
                print(f"FAILS  the {name} server is still running")
                held.append(False)
    finally:
        for server in servers.values():
            server.clear()
    print(f"{held.count(True)} of {len(held)} claims hold, {held.count(None)} left out")
    return min(held.count(False), 100)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2:])))
