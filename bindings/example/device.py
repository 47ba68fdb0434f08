"""A device in Python: the phone's library and a carrier for its bytes. Needs Python 3.10 or newer.

It does what a shell on a phone does: it opens the database with a key that it keeps, shows what the screens say, sends
commands, and carries bytes over TLS to the one server whose certificate it was given. Run it to enrol a device, record
a handoff and sync it; the README has the commands around it.
"""

import argparse
import contextlib
import http.client
import json
import os
import secrets
import ssl
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

from warmhand import App, Carried, Refusal, SyncStep


class AsItIs(urllib.request.HTTPErrorProcessor):
    """Every answer is one, whatever its status. No redirect is followed: a device speaks to its own server alone."""

    def https_response(self, _, answer):
        return answer


class Carrier:
    """Carries a request and brings back the answer, or word that none came. Believes one certificate."""

    def __init__(self, server, certificate):
        if not server.startswith("https://"):
            raise ValueError("A device speaks to its server over https:// alone.")
        self.server = server.rstrip("/")
        self.missed = None  # Why the last request had no good answer.
        try:
            trust = ssl.create_default_context(cafile=str(certificate))
        except OSError as why:
            raise ValueError(f"The certificate {certificate} cannot be used: {why.strerror}.") from why
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust), AsItIs()
        )

    def carry(self, asked):
        headers = {"Content-Type": "application/cbor"}
        if asked.bearer is not None:
            headers["Authorization"] = f"Bearer {asked.bearer}"
        request = urllib.request.Request(self.server + asked.path, data=asked.body, headers=headers, method="POST")
        try:
            with self.opener.open(request, timeout=30) as answer:
                carried = Carried.ANSWER(status=answer.status, body=answer.read())
                is_good = answer.status == 200 and answer.headers.get_content_type() == "application/octet-stream"
        except (OSError, http.client.HTTPException) as why:
            self.missed = f"The server {self.server} was not reached ({getattr(why, 'reason', why)})."
            return Carried.FAILED()
        self.missed = None if is_good else f"What answered takes nothing from this device (status {carried.status})."
        return carried


class NotEnrolled(Exception):
    """The device did not become one; the text says what to do."""


WHY_NOT = {
    404: "The server does not know this code, or it was used, or is too old: make a new one with warmhand enrol-code.",
    429: "Too many wrong codes came from here: wait some minutes and use the right one.",
}

# How sending stands, and what a record needs, in the words of `sync_status`.
STATES = {
    "all_sent": "Everything that was recorded here is on the server.",
    "to_send": "Records with something that is still to be sent: {count}.",
    "comparing": "The server was put back from a backup: until all is compared nothing counts as sent. Run this again.",
    "needs_help": "Records with something that is not on the server: {count}. These need a person:",
    "signed_off": "The server does not take this device any more. What it holds is kept; --rescue writes it out.",
    "needs_update": "The server does not know this app's version: update whichever is older. Everything is kept here.",
    "unconfirmed": "The server was put back from a backup without this device: somebody there has to confirm it.",
    "locked": "Locked: the server has not answered for too long. What is recorded is kept; any answer unlocks.",
    "withdrawn": "This device was taken out of service, and what it holds is on its way to the server. Run this again.",
    "wiping": "This device was taken out of service and holds nothing now. Run this again, and the server hears it.",
    "wiped": "This device was taken out of service. What was unsent was handed over closed; nothing is on it any more.",
}
HELP = {
    "quarantined": "the server keeps it, and a supervisor there decides",
    "rejected": "the server cannot keep it; it is kept here",
    "damaged": "it does not read any more; tell the practice what was recorded, and --rescue writes what still reads",
}


class Device:
    """The library with a carrier and a clock (milliseconds since 1970)."""

    def __init__(self, app, carrier, clock=lambda: time.time_ns() // 1_000_000):
        self.app, self.carrier, self.clock, self.asked = app, carrier, clock, None

    def is_enrolled(self):
        try:
            return bool(self.app.id())
        except Refusal.NotEnrolled:
            return False

    def enrol(self, code):
        """Becomes a device of the server. Raises NotEnrolled with what to do if it does not."""
        if self.is_enrolled():
            raise NotEnrolled("This file is or was a device: the code was not used. Leave it out or name another file.")
        asked = self.app.enrol(code, self.clock())
        carried = self.carrier.carry(asked)
        with contextlib.suppress(Refusal.NotEnrolled):
            self.app.sync_answered(asked.number, carried, self.clock())
        if not self.is_enrolled():
            why = WHY_NOT.get(getattr(carried, "status", None), self.carrier.missed)
            raise NotEnrolled(why or "The answer does not read.")

    def sync(self):
        """Carries until there is nothing to say, or the server does not answer. Tells whether all is sent."""
        self.app.sync_wanted()
        while isinstance(step := self.app.sync_next(self.clock()), SyncStep.SEND):
            (self.asked,) = step
            self.app.sync_answered(self.asked.number, self.carrier.carry(self.asked), self.clock())
        return self.carrier.missed is None and drawn(self.app.sync_status(self.clock())).state == "all_sent"

    def stands(self):
        """How sending stands, in sentences."""
        status, missed = drawn(self.app.sync_status(self.clock())), self.carrier.missed
        state = status.state
        # Emptied is one thing; that the server was told another.
        if state == "wiped" and (missed or self.asked.path != "/v1/wiped"):
            state = "wiping"
        here = "Nothing is unsent." if missed and state == "all_sent" else STATES[state].format(count=status.count)
        helped = [f"Record {row.record}: {HELP[row.help]}." for row in status.unsent if row.help]
        return [*filter(None, [missed]), here, *helped]

    def do(self, name, **fields):
        """A command, by its name and fields. Tells what it made."""
        return self.app.dispatch(json.dumps({name: fields}), self.clock())


def key_of(path):
    """The key of a database. A phone keeps it in its keychain; here it is a file beside, for its owner's eyes alone."""
    beside = Path(f"{path}.key")
    if not beside.exists():
        if Path(path).exists():
            raise ValueError(f"The key file {beside} is missing, and without it {path} does not open: put it back.")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    return beside.read_bytes()


def rescue(path, to):
    """Writes what a device holds into a new file, whatever state its own is in."""
    if os.path.lexists(to):
        raise ValueError(f"{to} is there already, and nothing is written over: give --rescue another name.")
    os.umask(0o077)
    of = App.open_to_rescue(path, key_of(path)).rescue(to, None)
    print(f"Written to {to}: {of.changes} changes, {of.unsent} of them never acknowledged by the server.")
    print(f"{of.damaged} places of {path} do not read any more. Keep it until the server has taken {to}.")


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
            return f"a file cannot serve ({refusal.trouble.name.lower().replace('_', ' ')})"
        case _:
            return f"{refusal!r}; look whether it was kept"


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
    asked.add_argument("--server", help="https://HOST:PORT")
    asked.add_argument("--certificate", help="the server's certificate, PEM: the only one believed")
    asked.add_argument("--file", required=True, help="the device's database; its key is kept beside it")
    asked.add_argument("--code", help="the one-time code, the first time")
    asked.add_argument("--site", help="a site of the organisation's sheet, by its code")
    asked.add_argument("--name", help="how a patient wants to be called; left out, nothing is recorded")
    asked.add_argument("--rescue", metavar="FILE", help="only write what the device holds into this new file")
    told = asked.parse_args()
    site, name = (told.site or "").strip(), (told.name or "").strip()
    if bool(site) != bool(name):
        asked.error("a handoff is recorded with both --site and --name")
    if told.rescue and (told.code or name):
        asked.error("--rescue goes without --code, --site and --name")
    if not told.rescue and not (told.server and told.certificate):
        asked.error("give --server and --certificate")
    try:
        if not Path(told.file).exists() and not told.code:
            raise ValueError(f"There is no file {told.file}: only with --code is a device made.")
        if told.rescue:
            return rescue(told.file, told.rescue)
        carrier = Carrier(told.server, told.certificate)  # First: nothing is made if it cannot be.
        device = Device(App.open(told.file, key_of(told.file)), carrier)
        if told.code:
            device.enrol(told.code)
            who = drawn(device.app.sign_in_screen())
            print(f"Enrolled as {who.device}, for {', '.join(person.name for person in who.people)}.")
        # What was decided about this device and its people comes first.
        is_sent = device.sync()
        people = device.app.people()
        if people and name:
            device.do("SignIn", user=people[0])
            record = record_a_handoff(device, site, name)
            print(f"Record {record} is on this device.")
            with contextlib.suppress(Refusal.Locked):
                here = drawn(device.app.handoff(record, device.clock())).summary
                print(f"{here.stage}, grade {here.grade}, leave-check {here.encounters[0].leave_check}")
            is_sent = device.sync()
        stands = device.stands()
        if not people:
            stands.append("Nobody works on this device" + (", so nothing was recorded." if name else "."))
        print(*stands, sep="\n")
        return 0 if is_sent and people else 1
    except Refusal.NotEnrolled:
        sys.exit("This is no device of the server yet: give it a code with --code.")
    except Refusal as refusal:
        sys.exit(f"Refused: {said(refusal)}.")
    except (NotEnrolled, OSError, ValueError) as why:
        sys.exit(str(why))


if __name__ == "__main__":
    sys.exit(main())
