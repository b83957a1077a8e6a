"""`sonoassist devices`: the capture devices by name."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from sonoassist.commands.common import Subparsers, say, say_json
from sonoassist.sources import list_devices


def register(subparsers: Subparsers) -> None:
    """Add `devices` to the command line."""
    parser = subparsers.add_parser("devices")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List the devices; returns the exit status."""
    devices = list_devices()
    if args.json:
        say_json([dataclasses.asdict(device) for device in devices])
        return 0
    if not devices:
        say("no capture device was found")
    for device in devices:
        formats = ", ".join(device.formats) or "formats unknown"
        sys.stdout.write(f"{device.index}: {device.name}  ({formats})\n")
    if devices:
        say(f'open one with: sonoassist "device:{devices[0].name}"')
    return 0
