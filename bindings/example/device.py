"""A device in Python: the phone's library, a carrier for its bytes, and nothing else.

It does what a shell on a phone does: it opens the database with a key that it keeps, shows what the screens say, sends
commands, and carries bytes over TLS to the one server whose certificate it was given. Run it to enrol a device, record
a handoff and sync it; the README has the commands around it.
"""

import argparse
import json
import os
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

from warmhand import App, Carried, Refusal, SyncStep


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A device speaks to its own server and goes nowhere else."""

    def redirect_request(self, *_):
        return None


class Carrier:
    """Carries a request and brings back the answer, or word that none came. Believes one certificate."""

    def __init__(self, server, certificate):
        if not server.startswith("https://"):
            raise ValueError("a device speaks to its server over https:// alone")
        self.server = server.rstrip("/")
        trust = ssl.create_default_context(cafile=str(certificate))
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust), NoRedirect()
        )

    def carry(self, asked):
        headers = {"Content-Type": "application/cbor"}
        if asked.bearer is not None:
            headers["Authorization"] = f"Bearer {asked.bearer}"
        request = urllib.request.Request(self.server + asked.path, data=asked.body, headers=headers, method="POST")
        try:
            with self.opener.open(request, timeout=30) as answer:
                return Carried.ANSWER(status=answer.status, body=answer.read())
        except urllib.error.HTTPError as answer:
            return Carried.ANSWER(status=answer.code, body=answer.read())
        except OSError:
            return Carried.FAILED()


class NotEnrolled(Exception):
    """The device did not become one; the text says what to do."""


WHY_NOT = {
    404: "the server does not know this code, or it was used, or is too old; make a new one with warmhand enrol-code",
    429: "too many wrong codes came from here; wait some minutes and use the right one",
}


class Device:
    """The library with a carrier and a clock (milliseconds since 1970)."""

    def __init__(self, app, carrier, clock=lambda: time.time_ns() // 1_000_000):
        self.app, self.carrier, self.clock = app, carrier, clock

    def enrol(self, code):
        """Becomes a device of the server. Raises NotEnrolled with what to do if it does not."""
        asked = self.app.enrol(code, self.clock())
        carried = self.carrier.carry(asked)
        why = None
        if isinstance(carried, Carried.FAILED):
            why = f"{self.carrier.server} was not reached, or its certificate is not the one given"
        elif carried.status != 200:
            why = WHY_NOT.get(carried.status, f"the server answered with status {carried.status}")
        try:
            self.app.sync_answered(asked.number, carried, self.clock())
        except Refusal.NotEnrolled:
            why = why or "the answer does not read"
        if why is not None:
            raise NotEnrolled(why)

    def sync(self):
        """Carries until there is nothing to say, or the server does not answer. Tells whether all is sent."""
        self.app.sync_wanted()
        while isinstance(step := self.app.sync_next(self.clock()), SyncStep.SEND):
            (asked,) = step
            self.app.sync_answered(asked.number, self.carrier.carry(asked), self.clock())
        return drawn(self.app.sync_status(self.clock())).state == "all_sent"

    def do(self, name, **fields):
        """A command, by its name and fields. Tells what it made."""
        return self.app.dispatch(json.dumps({name: fields}), self.clock())


def key_of(path):
    """The key of a database. A phone keeps it in its keychain; here it is a file beside, for its owner's eyes alone."""
    beside = Path(f"{path}.key")
    if not beside.exists():
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    return beside.read_bytes()


def drawn(text):
    """A screen as the core computed it, its fields as attributes."""
    return json.loads(text, object_hook=lambda fields: SimpleNamespace(**fields))


def said(refusal):
    """A refusal in words. A shell has its own texts for these, in the language of whoever holds the phone."""
    match refusal:
        case Refusal.Invalid():
            return f"{refusal.field}: {refusal.problem}"
        case Refusal.NotAllowed():
            return f"the rules do not allow it now ({refusal.rule})"
        case Refusal.NotHere():
            return f"{refusal.what} is not on this device"
        case Refusal.Storage():
            return f"the file cannot serve: {refusal.trouble.name.lower().replace('_', ' ')}"
        case Refusal.SignedOut():
            return "nobody is signed in"
        case Refusal.Locked():
            return "locked: the server has not answered for too long"
        case Refusal.Withdrawn():
            return "this device was taken out of service"
        case _:
            return "something went wrong inside; look whether it was kept"


def record_a_handoff(device, site, name):
    """A visit, from the door to the door. Tells the record."""
    practice = drawn(device.app.directory(device.clock())).partners[0].partner
    contact = practice.contacts[0]
    record = device.do("OpenRecord", site=site, preferred_name=name).record
    device.do("StartEncounter", record=record, setting="home", signal="voice_only")
    device.do("IdentifyNeed", record=record, basis="judgement")
    device.do("OfferHandoff", record=record, mode="phone")
    device.do("RecordDecision", record=record, value="agreed")
    call = {"with": "partner", "partner": practice.id, "contact_name": contact.name}
    device.do("RecordContact", record=record, outcome="spoke_directly", patient_on_line=True, **call)
    in_a_week = time.strftime("%Y-%m-%dT09:30", time.localtime(device.clock() // 1000 + 7 * 86_400))
    device.do("BookAppointment", record=record, partner=practice.id, start_local=in_a_week)
    device.do("EndEncounter", record=record)
    return record


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--server", required=True, help="https://HOST:PORT")
    asked.add_argument("--certificate", required=True, help="the server's certificate, PEM: the only one believed")
    asked.add_argument("--file", required=True, help="the device's database; its key is kept beside it")
    asked.add_argument("--code", help="the one-time code, the first time")
    asked.add_argument("--site", help="a site of the organisation's sheet, by its code")
    asked.add_argument("--name", help="how a patient wants to be called; left out, nothing is recorded")
    told = asked.parse_args()
    if (told.name is None) != (told.site is None):
        asked.error("a handoff is recorded with both --site and --name")
    try:
        device = Device(App.open(told.file, key_of(told.file)), Carrier(told.server, told.certificate))
        if told.code is not None:
            device.enrol(told.code)
        # What was decided about this device and its people comes first.
        is_sent = device.sync()
        people = device.app.people()
        if not people:
            sys.exit("nobody works on this device: it was never enrolled (--code), or it was taken out of service")
        if told.name is not None:
            device.do("SignIn", user=people[0])
            record = record_a_handoff(device, told.site, told.name)
            here = drawn(device.app.handoff(record, device.clock())).summary
            print(f"Record {record}: {here.stage}, grade {here.grade}, leave-check {here.encounters[0].leave_check}")
            is_sent = device.sync()
        print("On the server." if is_sent else "On this device, to be sent.")
    except Refusal.NotEnrolled:
        sys.exit("not done: this is no device of the server yet; give it a code with --code")
    except Refusal as refusal:
        sys.exit(f"refused, and nothing was changed: {said(refusal)}")
    except (NotEnrolled, OSError, ValueError) as why:
        sys.exit(f"not done: {why}")


if __name__ == "__main__":
    main()
