"""Reads announcements with a library of others, and prints one line for each that comes, changes or goes."""

import time

from zeroconf import ServiceBrowser, Zeroconf

TYPE = "_snug._tcp.local."


class Printer:
    def _seen(self, network, name):
        info = network.get_service_info(TYPE, name, timeout=10_000)
        if info:
            record = {key.decode(): value.decode() for key, value in info.properties.items()}
            record["address"] = info.parsed_addresses()[0]
            parts = [f"{key}={value}" for key, value in record.items()]
            print("seen", name.removesuffix(f".{TYPE}"), *parts, sep="\t", flush=True)

    def add_service(self, network, _, name):
        self._seen(network, name)

    def update_service(self, network, _, name):
        self._seen(network, name)

    def remove_service(self, network, _, name):
        print("gone", name.removesuffix(f".{TYPE}"), sep="\t", flush=True)


network = Zeroconf()
ServiceBrowser(network, TYPE, Printer())
time.sleep(600)
