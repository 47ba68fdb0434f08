"""Calls into the library: what is refused and how, whom it tells of changes, and many threads at once."""

import json
import threading
import unittest
from functools import partial

from device import drawn
from house import Town
from warmhand import Carried, Listener, Refusal, SyncStep, Topic

NOBODY = "0198d0a4-5b2e-7000-8000-000000000000"


class Bad(Town):
    def setUp(self):
        super().setUp()
        self.phone = self.device("phone")
        self.here = self.phone.app

    def test_what_does_not_read_is_refused_by_the_name_of_its_field_and_not_repeated(self):
        unreadable = [
            ("command", lambda: self.here.dispatch("Lucía", self.now)),
            ("command", lambda: self.here.dispatch('{"Lucía":{}}', self.now)),
            ("command", lambda: self.here.dispatch('{"OpenRecord":{"site":"home","Lucía":1}}', self.now)),
            ("command", lambda: self.here.dispatch("[" * 100_000, self.now)),
            ("record", lambda: self.here.handoff("Lucía", self.now)),
            ("now", lambda: self.here.today(2**63 - 1)),
            ("now", lambda: self.here.enrol("Lucía", -(2**63))),
        ]
        for field, work in unreadable:
            refusal = self.refused(Refusal.Invalid, work, field=field, problem="unreadable")
            self.assertNotIn("Luc", str(refusal) + repr(refusal))
        self.assertEqual(drawn(self.here.patients(self.now)).rows, [])

    def test_each_refusal_has_its_kind(self):
        fresh = self.app("fresh.db")
        self.refused(Refusal.NotEnrolled, lambda: fresh.today(self.now))
        self.refused(Refusal.NotEnrolled, lambda: fresh.dispatch('{"SignIn":{"user":"n1"}}', self.now))
        self.refused(Refusal.SignedOut, lambda: self.phone.do("SignIn", user="n2"))
        # Eight days after the server last answered nothing is shown; what is recorded is taken.
        later = self.now + 8 * 24 * 60 * 60 * 1000
        self.refused(Refusal.Locked, lambda: self.here.patients(later))
        self.assertEqual(drawn(self.here.sync_status(later)).state, "locked")
        self.assertIsNotNone(self.here.dispatch('{"OpenRecord":{"site":"home"}}', later).record)
        self.refused(Refusal.NotHere, lambda: self.here.handoff(NOBODY, self.now), what="the record")
        self.refused(Refusal.Invalid, lambda: self.phone.do("OpenRecord", site="moon"), field="site", problem="unknown")
        record = self.phone.do("OpenRecord", site="home").record
        need = {"record": record, "basis": "judgement"}
        self.phone.do("IdentifyNeed", **need)
        self.refused(Refusal.NotAllowed, lambda: self.phone.do("IdentifyNeed", **need), rule="already_identified")
        book = {"record": record, "partner": "har", "start_local": "2026-03-08T02:30", "zone": "America/New_York"}
        self.refused(
            Refusal.Invalid, lambda: self.phone.do("BookAppointment", **book), field="start_local", problem="in_gap"
        )

    def test_who_takes_the_device_in_hand_is_shown_by_name_and_nobody_before_it_is_enrolled(self):
        self.refused(Refusal.NotEnrolled, self.app("fresh.db").sign_in_screen)
        screen = drawn(self.here.sign_in_screen())
        self.assertEqual((screen.device, screen.is_shared, screen.signed_in), ("phone", False, "n1"))
        self.assertEqual([(row.user, row.name) for row in screen.people], [("n1", "Ana Duarte")])
        self.assertEqual([row.name for row in screen.sites], ["East clinic", "Home visiting"])

    def test_a_form_is_filled_in_by_its_scores_and_a_blank_is_no_zero(self):
        record = self.phone.do("OpenRecord", site="home", preferred_name="Ada").record

        def form(items, mode="interview"):
            draft = {"instrument": "epds", "mode": mode, "items": items}
            return json.loads(self.here.screen_form(record, json.dumps(draft), self.now))

        scores = [1, 0, 2, 1, 0, 1, 2, 1, 0]
        blank = form([*scores, None])
        self.assertEqual((blank["blank"], blank["total"], blank["so_far"]), ([10], None, 8))
        self.assertEqual((blank["result"], blank["self_harm"]), ("incomplete", "unanswered"))
        self.assertFalse(blank["opens_safety_panel"])
        whole = form([*scores, 1])
        self.assertEqual((whole["total"], whole["self_harm"], whole["can_save"]), (9, "yes", True))
        self.assertTrue(whole["opens_safety_panel"], "whatever the total is")
        hers = form([*scores, 1], mode="self")
        self.assertTrue(hers["opens_safety_panel"], "whoever holds the device")
        for told in ("so_far", "total", "cutoff", "result", "self_harm"):
            self.assertIsNone(hers[told], "the device is turned to her")
        self.here.dispatch(json.dumps(whole["save"]), self.now)
        shown = drawn(self.here.handoff(record, self.now))
        self.assertEqual(len([row for row in shown.timeline if row.kind == "ScreenRecorded"]), 1)
        self.refused(
            Refusal.Invalid, lambda: self.here.screen_form(record, '{"Ada":1}', self.now), field="draft", problem="unreadable"
        )

    def test_the_edges_of_time_are_answered_and_not_fallen_over(self):
        for now in (-62_135_510_400_000, 0, 253_402_207_199_000):
            opened = self.here.dispatch, '{"OpenRecord":{"site":"home"}}'
            for work in (self.here.today, self.here.patients, self.here.sync_next, self.here.directory, partial(*opened)):
                try:
                    work(now)
                except Refusal.Internal as refusal:
                    self.fail(f"{now}: {refusal}")
                except Refusal:
                    pass

    def test_an_answer_that_is_none_changes_nothing(self):
        self.phone.do("OpenRecord", site="home", preferred_name="Ada")
        for carried in (Carried.FAILED(), Carried.ANSWER(status=200, body=b"no cbor"), Carried.ANSWER(500, b"")):
            self.here.sync_wanted()
            step = self.here.sync_next(self.now)
            self.assertIsInstance(step, SyncStep.SEND)
            self.here.sync_answered(step[0].number, carried, self.now)
            self.assertFalse(self.here.sync_goes_on())
        self.here.sync_answered(1, Carried.ANSWER(status=200, body=b""), self.now)
        self.assertEqual(drawn(self.here.sync_status(self.now)).state, "to_send")
        self.assertTrue(self.phone.sync())


class Told(Town):
    """The listener."""

    def test_it_may_call_the_app_that_calls_it(self):
        phone, heard, now = self.device("phone"), [], self.now

        class Reader(Listener):
            def changed(self, topics):
                # Both would wait for ever if any lock were held here.
                heard.append((topics, len(drawn(phone.app.patients(now)).rows)))
                if len(heard) == 1:
                    phone.do("OpenRecord", site="home", preferred_name="Bea")
                    phone.app.set_listener(self)

        phone.app.set_listener(Reader())
        phone.do("OpenRecord", site="home", preferred_name="Ada")
        both = [Topic.RECORDS, Topic.SYNC]
        self.assertEqual(heard, [(both, 1), (both, 2)])

    def test_it_is_told_what_came_from_others_and_nothing_of_what_was_refused(self):
        phone, other, heard = self.device("phone"), self.device("other", people=("c1",)), []

        class Ear(Listener):
            def changed(self, topics):
                heard.extend(topics)

        other.app.set_listener(Ear())
        self.refused(Refusal.Invalid, lambda: other.do("OpenRecord", site="moon"))
        self.assertEqual(heard, [])
        phone.do("OpenRecord", site="home", preferred_name="Ada")
        self.assertTrue(phone.sync())
        self.assertTrue(other.sync())
        self.assertIn(Topic.RECORDS, heard)
        self.assertEqual([row.name for row in drawn(other.app.patients(self.now)).rows], ["Ada"])

    def test_an_error_in_it_is_its_own_and_the_change_is_made(self):
        phone = self.device("phone")

        class Broken(Listener):
            def changed(self, topics):
                raise ValueError("the screen is gone")

        phone.app.set_listener(Broken())
        record = phone.do("OpenRecord", site="home", preferred_name="Ada").record
        self.assertEqual(drawn(phone.app.handoff(record, self.now)).summary.name, "Ada")
        self.assertTrue(phone.sync())


class Together(Town):
    """Eight threads on one app, and one thread on another, with the same work."""

    THREADS, TURNS = 8, 12

    def turn(self, device, name):
        """A visit as one person records it, reading between, and syncing at its end."""
        record = device.do("OpenRecord", site="home", preferred_name=name).record
        device.do("StartEncounter", record=record, setting="home")
        device.app.today(self.now)
        device.do("IdentifyNeed", record=record, basis="judgement")
        device.do("OfferHandoff", record=record, mode="phone")
        device.do("RecordDecision", record=record, value="agreed")
        call = {"with": "partner", "partner": "har", "outcome": "spoke_directly", "patient_on_line": True}
        device.do("RecordContact", record=record, **call)
        device.do("BookAppointment", record=record, partner="har", start_local="2026-03-09T09:30")
        device.do("EndEncounter", record=record)
        self.assertEqual(drawn(device.app.handoff(record, self.now)).summary.grade, "W3")
        device.app.patients(self.now)
        device.app.sync_status(self.now)
        step = device.app.sync_next(self.now)
        if isinstance(step, SyncStep.SEND):
            device.app.sync_answered(step[0].number, device.carrier.carry(step[0]), self.now)

    def outcome(self, device, author):
        """What one person's work came to, as a device reads it; without ids and without her name."""
        told = []
        for row in drawn(device.app.patients(self.now)).rows:
            (record,) = row.records
            screen = drawn(device.app.handoff(record, self.now))
            if {entry.by for entry in screen.timeline} != {author}:
                continue
            kinds = [(entry.kind, entry.role, entry.state) for entry in screen.timeline]
            slots = [(a.local, a.status, a.partner) for a in screen.summary.appointments]
            told.append((row.name, row.stage, screen.summary.grade, screen.summary.encounters[0].leave_check, slots, kinds))
        self.assertEqual(len(told), self.THREADS * self.TURNS)
        return told

    def test_eight_threads_agree_with_one(self):
        names = [[f"T{thread}-{turn:02}" for turn in range(self.TURNS)] for thread in range(self.THREADS)]
        many, failed, begin = self.device("many"), [], threading.Barrier(self.THREADS)

        def work(mine):
            try:
                begin.wait()
                for name in mine:
                    self.turn(many, name)
            except BaseException as error:  # A thread's failure is the test's.
                failed.append(error)

        threads = [threading.Thread(target=work, args=(mine,)) for mine in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])

        one = self.device("one", people=("n2",))
        for name in (name for mine in names for name in mine):
            self.turn(one, name)
        # Both devices read the whole of both from the server.
        for device in (many, one, many):
            self.assertTrue(device.sync())
        by_many, by_one = "Ana Duarte", "Ngozi Okafor"
        self.assertEqual(self.outcome(many, by_many), self.outcome(one, by_one))
        self.assertEqual(self.outcome(one, by_many), self.outcome(many, by_one))
        self.assertEqual(self.outcome(many, by_many), self.outcome(one, by_many))


if __name__ == "__main__":
    unittest.main()
