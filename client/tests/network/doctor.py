"""`snug doctor` on networks of its own: two hosts in network namespaces, and what can stand between them.

    doctor.py SNUG SNUG_SERVER

Needs Linux, root, iproute2 and iptables. Everything is named after this process, so that several can run on one machine.
"""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

SNUG, SERVER = (os.path.abspath(program) for program in sys.argv[1:3])
TAG = f"snug{os.getpid()}"
HERE, THERE = f"{TAG}-here", f"{TAG}-there"
# Longer than anything here takes.
PATIENCE = 60


def sh(command, **more):
    return subprocess.run(shlex.split(command), check=True, capture_output=True, text=True, **more)


def within(host, command):
    """A command line within a host."""
    return f"ip netns exec {host} {command}"


def clean():
    for host in (HERE, THERE):
        subprocess.run(["ip", "netns", "del", host], capture_output=True)


@contextlib.contextmanager
def hosts():
    """Two hosts, each alone."""
    try:
        for host in (HERE, THERE):
            sh(f"ip netns add {host}")
            sh(within(host, "ip link set lo up"))
        yield
    finally:
        clean()


def cable(name, here, there):
    """A cable between both, with these addresses at its ends."""
    ends = (f"{name}0", f"{name}1")
    sh(f"ip -n {HERE} link add {ends[0]} type veth peer name {ends[1]} netns {THERE}")
    for host, end, address in ((HERE, ends[0], here), (THERE, ends[1], there)):
        sh(f"ip -n {host} addr add {address} dev {end}")
        sh(f"ip -n {host} link set {end} up")


@contextlib.contextmanager
def server(port=8000):
    """A server on the other host, once it listens."""
    with tempfile.TemporaryDirectory() as folder:
        command = within(THERE, f"{SERVER} --listen 0.0.0.0:{port} --data-dir {folder}/data")
        running = subprocess.Popen(
            shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, text=True
        )
        try:
            line = running.stdout.readline()
            assert line.startswith("Listening on "), line
            yield
        finally:
            running.kill()
            running.wait()


def doctor(address=""):
    """What the doctor says on the first host: its lines, its verdict, its exit code."""
    began = time.monotonic()
    run = subprocess.run(
        shlex.split(within(HERE, f"{SNUG} doctor {address} --json")),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert lines and not run.stderr, (run.stdout, run.stderr)
    verdict = lines[-1]
    assert run.returncode == (0 if verdict["ok"] else 1), (run.returncode, verdict)
    print(f"    {time.monotonic() - began:4.1f} s  {verdict['says']}")
    return lines, verdict


def expect(verdict, name, **more):
    assert verdict["verdict"] == name, verdict
    for key, value in more.items():
        assert verdict.get(key) == value, (key, verdict)


def test_a_server_on_the_same_network_is_well():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    with server():
        lines, verdict = doctor("10.83.1.2")
        # A server that answers no question to everyone may still be joined.
        expect(verdict, "well")
        assert any(line.get("step") == "way" and line["way"]["by"] == "same_network" for line in lines), lines


def test_a_computer_without_a_network_is_told_so():
    expect(doctor("10.83.1.2")[1], "no_network")
    expect(doctor()[1], "no_network")


def test_a_port_that_nothing_listens_on_is_refused():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    expect(doctor("10.83.1.2")[1], "nothing_listens", port=8000, is_here=False)


def test_a_server_on_another_port_is_found():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    with server(8003):
        expect(doctor("10.83.1.2")[1], "wrong_port", port=8000, found=[8003])


def test_an_address_that_nobody_has():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    expect(doctor("10.83.1.77")[1], "nobody", at="10.83.1.77")


def test_a_firewall_that_drops_is_told_from_one_that_says_no():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    rule = "iptables -{} INPUT -p tcp --dport 8000:8009 -j {}"
    with server():
        for says_no, target in ((False, "DROP"), (True, "REJECT --reject-with icmp-host-prohibited")):
            sh(within(THERE, rule.format("A", target)))
            expect(doctor("10.83.1.2")[1], "firewall", port=8000, says_no=says_no, is_here=False)
            sh(within(THERE, rule.format("D", target)))
        expect(doctor("10.83.1.2")[1], "well")


def test_an_answer_that_goes_nowhere_is_as_one_that_is_dropped():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    with server():
        sh(f"ip -n {THERE} route add blackhole 10.83.1.1/32")
        expect(doctor("10.83.1.2")[1], "firewall", port=8000, says_no=False, is_here=False)


def test_another_network_that_nothing_comes_back_from():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    sh(f"ip -n {HERE} route add default via 10.83.1.2")
    # The other host is a router that drops what is not for itself.
    verdict = doctor("10.84.7.7")[1]
    expect(verdict, "other_network", to="10.84.7.7", **{"from": "10.83.1.1"})


def test_a_network_that_no_way_leads_to():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    expect(doctor("10.84.7.7")[1], "no_way", to="10.84.7.7")


def test_a_vpn_that_takes_the_way_to_the_own_network():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    sh(f"ip -n {HERE} tuntap add dev tun0 mode tun")
    sh(f"ip -n {HERE} addr add 10.99.0.1/24 dev tun0")
    sh(f"ip -n {HERE} link set tun0 up")
    with server():
        sh(f"ip -n {HERE} route add 10.83.1.2/32 dev tun0 src 10.99.0.1")
        # Nobody holds the tunnel's other end: what goes in is lost, or refused at once.
        expect(doctor("10.83.1.2")[1], "vpn", interface="tun0", nearer="c0")


def test_multicast_that_does_not_come_through_is_noticed_here():
    cable("c", "10.83.1.1/24", "10.83.1.2/24")
    expect(doctor()[1], "network_well", servers=[])
    sh(within(HERE, "iptables -A INPUT -d 224.0.0.0/4 -j DROP"))
    expect(doctor()[1], "multicast_blocked", is_here=True)


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        print(name.removeprefix("test_").replace("_", " "), flush=True)
        with hosts():
            test()
    print(f"{len(tests)} tests of the doctor on networks of its own passed.")


if __name__ == "__main__":
    main()
