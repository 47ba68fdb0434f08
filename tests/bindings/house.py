"""What the tests of the phone's library stand in: a real server process over TLS, and devices that speak to it."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import unittest
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from device import Carrier, Device
from warmhand import App

WARMHAND = os.environ["WARMHAND"]
STORIES = Path(__file__).parent.parent / "stories"


def instant(local, zone="America/New_York"):
    """A wall time as milliseconds since 1970."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


class Server:
    """`warmhand serve`, a process of its own whose clock begins at a given time, on one data folder."""

    def __init__(self, folder, sheet, at):
        self.folder, self.at, self.process = Path(folder), at, None
        (self.folder / "sheet.json").write_text(sheet, encoding="utf-8")
        self.data = str(self.folder / "data")
        self.run("init", "--organisation", str(self.folder / "sheet.json"), "--supervisor", "sup", "--data", self.data)
        self.run("certificate", "--names", "localhost", str(self.folder / "tls"))
        self.certificate = self.folder / "tls" / "tls.crt"

    def clock(self):
        """The environment in which a process begins at this server's time."""
        begins = datetime.fromtimestamp(self.at / 1000, ZoneInfo("UTC")).strftime("@%Y-%m-%d %H:%M:%S")
        own = {"FAKETIME": begins, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        return {k: v for k, v in os.environ.items() if k != "FAKETIME_SHARED"} | own

    def run(self, *words):
        done = subprocess.run([WARMHAND, *words], env=self.clock(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{words[0]}: {done.stderr}")
        return done.stdout

    def start(self):
        words = ["serve", "--listen", "127.0.0.1:0", "--data", self.data]
        words += ["--tls-certificate", str(self.certificate), "--tls-key", str(self.folder / "tls" / "tls.key")]
        self.process = subprocess.Popen(
            [WARMHAND, *words], env=self.clock(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = self.process.stdout.readline()
        if not said.startswith("Serving on https://127.0.0.1:"):
            self.stop()
            raise AssertionError(f"the server said {said!r}")
        port = said.strip().strip("/").rsplit(":", 1)[1]
        return f"https://localhost:{port}"

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate()
            self.process = None

    def code(self, name, people, kind="phone"):
        said = self.run(
            "enrol-code", "--name", name, "--kind", kind, "--people", ",".join(people), "--data", self.data
        )
        return said.splitlines()[0]


class House(unittest.TestCase):
    """A folder that goes away, and devices in it."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def key(self):
        return secrets.token_bytes(32)

    def app(self, name="device.db", key=None):
        return App.open(str(self.folder / name), key or self.key())

    def refused(self, kind, work, **fields):
        """The work is refused in this way, with these fields."""
        with self.assertRaises(kind) as caught:
            work()
        for field, value in fields.items():
            self.assertEqual(getattr(caught.exception, field), value)
        return caught.exception


class Town(House):
    """A house with a server that began on 3 March 2026 at half past one, as SC2 does."""

    START = "2026-03-03T13:25"

    def setUp(self):
        super().setUp()
        import json

        self.story = json.loads((STORIES / "sc2.json").read_text(encoding="utf-8"))
        self.now = instant(self.START)
        sheet = json.dumps(self.story["organisation"], ensure_ascii=False)
        self.server = Server(self.folder, sheet, self.now)
        self.addCleanup(self.server.stop)
        self.address = self.server.start()

    def device(self, name, key=None, people=("n1",), app=None):
        """An enrolled device with its first person signed in."""
        device = Device(app or self.app(f"{name}.db", key), self.carrier(), lambda: self.now)
        device.enrol(self.server.code(name, people))
        device.do("SignIn", user=people[0])
        return device

    def carrier(self):
        return Carrier(self.address, self.server.certificate)
