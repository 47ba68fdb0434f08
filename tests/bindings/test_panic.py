"""A panic inside the library: an error for the caller, nothing of the work kept, everything else as it was. Run with
the library that is built to fail (`--features fault`)."""

import threading
import unittest

from device import drawn
from house import Town
from warmhand import Refusal


class Panic(Town):
    def setUp(self):
        super().setUp()
        self.phone = self.device("phone")
        self.record = self.phone.do("OpenRecord", site="home", preferred_name="Lucía").record

    def note(self):
        return self.phone.do("AddNote", record=self.record, text="Lucía was well")

    def kinds(self):
        return [row.kind for row in drawn(self.phone.app.handoff(self.record, self.now)).timeline]

    def test_a_panic_is_an_error_and_the_next_call_finds_everything_as_it_was(self):
        before = self.kinds()
        for place in ("insert into change", "commit"):
            with self.subTest(place):
                self.phone.app.panic_at(place)
                refusal = self.refused(Refusal.Internal, self.note)
                # Where, and not a word of what was worked on.
                self.assertRegex(refusal.at, r"^bindings/src/fault\.rs:\d+:\d+$")
                self.assertNotIn("Luc", str(refusal) + repr(refusal))
                self.assertEqual(self.kinds(), before)
        self.note()
        self.assertEqual(self.kinds(), [*before, "Noted"])
        self.assertTrue(self.phone.sync())

    def test_a_panic_after_the_commit_loses_nothing(self):
        before = self.kinds()
        self.phone.app.panic_at("committed")
        self.refused(Refusal.Internal, self.note)
        self.assertEqual(self.kinds(), [*before, "Noted"])
        self.assertEqual(drawn(self.phone.app.sync_status(self.now)).state, "to_send")
        self.assertTrue(self.phone.sync())

    def test_a_panic_while_an_answer_is_taken_leaves_the_work_to_be_sent(self):
        self.phone.app.panic_at("commit")
        self.refused(Refusal.Internal, self.phone.sync)
        self.assertEqual(drawn(self.phone.app.sync_status(self.now)).state, "to_send")
        self.assertTrue(self.phone.sync())

    def test_other_threads_go_on(self):
        self.phone.app.panic_at("commit")
        refused, begin = [], threading.Barrier(4)

        def work():
            begin.wait()
            try:
                self.note()
            except Refusal.Internal as refusal:
                refused.append(refusal)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(refused), 1)
        self.assertEqual(self.kinds().count("Noted"), 3)


if __name__ == "__main__":
    unittest.main()
