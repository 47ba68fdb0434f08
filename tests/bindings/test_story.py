"""SC2 told through the phone's library: a home visit with voice and no data, booked across the clock change, synced in
the evening with a real server over TLS. The story is the file that the story runner plays; the record is asserted."""

import io
import json
import unittest

from contextlib import redirect_stdout
from datetime import datetime
from pathlib import Path
from unittest import mock

from device import drawn, main
from house import Town, instant

ZONE = "America/New_York"
TIMES = {"at", "ended_at", "due_at", "retry_at"}


def millis(text):
    """An instant of a screen as milliseconds since 1970."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def zoned(local):
    """A time of the story as a command wants it."""
    offset = "-05:00" if local < "2026-03-08T02:00" else "-04:00"
    return f"{local}:00{offset}[{ZONE}]"


class Story(Town):
    def setUp(self):
        super().setUp()
        self.made, self.records, self.is_up = {}, {}, True
        self.phone = self.device("n1-phone")

    def command(self, step):
        """The one command of a step, with what its names stand for."""
        ((name, told),) = step["do"].items()
        fields = {"at": step["at"]} | told
        for field, value in fields.items():
            if field in TIMES:
                fields[field] = zoned(value)
            elif isinstance(value, str) and value.startswith("$"):
                fields[field] = (self.records if field == "record" else self.made)[value[1:]]
        return name, fields

    def play(self, until):
        """Plays the steps that are left, up to a time. The server's process begins anew whenever the device syncs:
        days lie between."""
        while self.story["steps"] and self.story["steps"][0]["at"] <= until:
            step = self.story["steps"].pop(0)
            self.now = instant(step["at"])
            if "do" in step:
                name, fields = self.command(step)
                outcome = self.phone.do(name, **fields)
                if "as" in step:
                    self.records[step["as"]] = outcome.record
                    self.made[step["as"]] = outcome.made
            elif "link" in step:
                self.is_up = step["link"] == "up"
            if self.is_up and ("do" in step or "link" in step):
                self.server.stop()
                self.server.at = self.now
                self.phone.carrier.server = self.server.start()
                self.assertTrue(self.phone.sync())

    def screen(self, device=None):
        device = device or self.phone
        return drawn(device.app.handoff(self.records["r1"], self.now))

    def assert_left_well(self, screen):
        """W3 and PASS: computed on the device, and unchanged by whatever comes after."""
        (visit,) = screen.summary.encounters
        self.assertEqual((visit.grade, visit.leave_check, visit.late_entries), ("W3", "PASS", 0))
        self.assertTrue(visit.direct_contact)
        self.assertEqual((screen.summary.mode_intended, screen.summary.mode_achieved), ("phone", "phone"))
        (visit,) = screen.summary.appointments
        self.assertEqual((visit.local, visit.zone), ("2026-03-09T09:30:00", ZONE))
        self.assertEqual(millis(visit.start), instant("2026-03-09T13:30", "UTC"))

    def test_sc2_is_told_through_the_library_against_a_real_server(self):
        self.play("2026-03-03T14:59")
        strip = self.screen().before_leaving
        self.assertEqual((strip.spoke, strip.appointment, strip.grade), (True, True, "W3"))

        self.play("2026-03-03T15:01")
        before = self.screen()
        self.assert_left_well(before)
        self.assertEqual({row.state for row in before.timeline}, {"on_device"})
        status = drawn(self.phone.app.sync_status(self.now))
        self.assertEqual((status.state, [row.name for row in status.unsent]), ("to_send", ["Lucía"]))

        self.play("2026-03-03T17:40")
        after = self.screen()
        self.assert_left_well(after)
        self.assertEqual(after.summary.stage, "booked")
        self.assertEqual({row.state for row in after.timeline}, {"on_server"})
        received = instant("2026-03-03T17:40")
        self.assertTrue(all(received <= millis(row.received_at) < received + 600_000 for row in after.timeline))
        self.assertEqual(drawn(self.phone.app.sync_status(self.now)).state, "all_sent")

        self.play("2026-03-10T12:00")
        self.assertEqual(self.story["steps"], [])
        self.assert_closed(self.screen())

        # Another person's device, enrolled afterwards, reads the same record from the server.
        self.server.stop()
        self.server.at = self.now
        self.address = self.server.start()
        other = self.device("c1-phone", people=("c1",))
        self.assertTrue(other.sync())
        self.assert_closed(self.screen(other))
        # Her name is in none of the phones' files; those of the server, which are plain, have it.
        phones = [file.read_bytes() for file in self.folder.glob("*-phone.db*")]
        self.assertGreaterEqual(len(phones), 4)
        self.assertFalse([1 for file in phones if "Lucía".encode() in file])
        self.assertTrue([1 for file in Path(self.server.data).iterdir() if "Lucía".encode() in file.read_bytes()])
        (row,) = drawn(other.app.patients(self.now)).rows
        self.assertEqual((row.name, row.stage, row.records), ("Lucía", "closed", [self.records["r1"]]))

    def assert_closed(self, screen):
        self.assert_left_well(screen)
        self.assertEqual((screen.summary.name, screen.summary.stage, screen.summary.closed), ("Lucía", "closed", "attended"))
        self.assertEqual((screen.summary.decision, screen.summary.converted), ("agreed", False))
        (visit,) = screen.summary.appointments
        self.assertEqual((visit.status, visit.kept, visit.sequence), ("attended", True, 0))
        self.assertEqual(screen.summary.identify_to_contact_min, 7)
        self.assertEqual((screen.summary.days_to_appt, screen.summary.days_to_attended), (6, 6))
        (point,) = screen.summary.loop_history
        self.assertEqual((point.closed, millis(point.at)), ("attended", instant("2026-03-09T11:00")))
        self.assertEqual((screen.summary.flags, screen.summary.review, screen.summary.unknown), ([], [], 0))

    def test_a_server_with_another_certificate_is_sent_nothing(self):
        record = self.phone.do("OpenRecord", site="home", preferred_name="Ada").record
        self.server.run("certificate", "--names", "localhost", str(self.folder / "other"))
        self.server.certificate = self.folder / "other" / "tls.crt"
        self.phone.carrier = self.carrier()
        self.assertFalse(self.phone.sync())
        states = {row.state for row in drawn(self.phone.app.handoff(record, self.now)).timeline}
        self.assertEqual(states, {"on_device"})

    def test_a_code_is_good_once(self):
        code = self.server.code("second", ["n2"])
        from device import Device, NotEnrolled
        from warmhand import Refusal

        Device(self.app("second.db"), self.carrier(), lambda: self.now).enrol(code)
        late = Device(self.app("third.db"), self.carrier(), lambda: self.now)
        why = self.refused(NotEnrolled, lambda: late.enrol(code))
        self.assertIn("it was used", str(why))
        self.refused(Refusal.NotEnrolled, lambda: late.do("SignIn", user="n2"))


class Terminal(Town):
    """`device.py` as somebody runs it."""

    def run_it(self, *words, file="trial.db"):
        """What it said, and what it ended with: a number, or a sentence for a refusal."""
        told, said = ["--server", self.address, "--certificate", str(self.server.certificate)], io.StringIO()
        with mock.patch("sys.argv", ["device.py", *told, "--file", str(self.folder / file), *words]), redirect_stdout(said):
            try:
                return said, main()
            except SystemExit as ended:
                return said, ended.code

    def test_a_server_that_is_not_reached_is_not_said_to_have_everything(self):
        said, code = self.run_it("--code", self.server.code("trial", ["n1"]))
        self.assertIn("Enrolled as trial, for Ana Duarte.\nEverything", said.getvalue())
        self.assertEqual(code, 0)
        self.server.stop()
        said, code = self.run_it()
        self.assertRegex(said.getvalue(), r"was not reached \(.*\)\.\nNothing is unsent\.\n$")
        self.assertEqual(code, 1)

    def test_a_code_is_not_used_up_by_a_file_that_is_a_device(self):
        self.run_it("--code", self.server.code("trial", ["n1"]))
        code = self.server.code("second", ["n2"])
        self.assertIn("the code was not used", self.run_it("--code", code)[1])
        self.assertEqual(self.run_it("--code", code, file="second.db")[1], 0)

    def test_no_key_is_made_for_a_file_that_lost_its_own(self):
        self.run_it("--code", self.server.code("trial", ["n1"]))
        key = self.folder / "trial.db.key"
        kept = key.rename(self.folder / "kept")
        for words in ((), ("--code", "any"), ("--rescue", str(self.folder / "rescue"))):
            self.assertIn("trial.db.key is missing", self.run_it(*words)[1])
        self.assertFalse(key.exists() or (self.folder / "rescue").exists())
        kept.rename(key)
        self.assertEqual(self.run_it()[1], 0)


if __name__ == "__main__":
    unittest.main()
