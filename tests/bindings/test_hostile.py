"""Bodies that no honest device sends, to a real server process over TLS: each gets a typed answer or a plain one, changes
nothing, holds up nobody else's work in the same request, and costs little memory."""

import threading
import unittest
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import cbor2
import zstandard
from house import Town
from warmhand import Carried, SyncStep

PATHS = ["/v1/sync", "/v1/enrol", "/v1/reconcile", "/v1/heartbeat"]
# How an answer says what became of a change, and why.
ACCEPTED, QUARANTINED, MISSING, REJECTED = 0, 2, 3, 4
WRONG_HASH = 1
RECOVERED = 6


def read(body):
    """What a message says: its fields in order."""
    packed = body[1:]
    return cbor2.loads(zstandard.ZstdDecompressor().decompressobj().decompress(packed) if body[0] else packed)


def packed(megabytes, window):
    """Zeros, packed."""
    of = zstandard.ZstdCompressionParameters.from_level(3, window_log=window)
    worker = zstandard.ZstdCompressor(compression_params=of).compressobj()
    block = bytes(1024 * 1024)
    return b"\1" + b"".join(worker.compress(block) for _ in range(megabytes)) + worker.flush()


class Hostile(Town):
    def setUp(self):
        super().setUp()
        self.ana, self.ngozi = self.device("ana"), self.device("ngozi", people=("n2",))
        self.record = self.ana.do("OpenRecord", site="home", preferred_name="Lucía").record
        self.assertTrue(self.ana.sync())
        self.bearer = None

    def tearDown(self):
        """Whatever came, the log, the records and their projections agree, and honest work still lands."""
        carla = self.device("carla", people=("c1",))
        self.assertTrue(carla.sync())
        carla.do("AddNote", record=self.record, text="and honest again")
        self.assertTrue(carla.sync())
        self.assertIn("and honest again", self.told())
        self.server.stop()
        self.server.run("verify", "--data", self.server.data)

    def asked(self, device, *texts):
        """The request with which a device would send what it has, and these notes, one change each. It is not sent."""
        for text in texts:
            device.do("AddNote", record=self.record, text=text)
        device.app.sync_wanted()
        step = device.app.sync_next(self.now)
        self.assertIsInstance(step, SyncStep.SEND)
        (asked,) = step
        device.app.sync_answered(asked.number, Carried.FAILED(), self.now)
        return asked

    def post(self, body, bearer, path="/v1/sync"):
        answer = self.carrier().carry(SimpleNamespace(path=path, body=body, bearer=bearer))
        return answer.status, answer.body

    def answers(self, asked, changes, doc=None):
        """What became of these changes, in order: its state and its reason."""
        request = read(asked.body)
        request[2] = [[doc or request[2][0][0], changes]]
        status, body = self.post(b"\0" + cbor2.dumps(request), asked.bearer)
        self.assertEqual(status, 200)
        acks = {ack[0]: ack[1] for ack in read(body)[3]}
        return [(state, (why or [None])[0]) for state, why in (acks[change[1]] for change in changes)]

    def told(self):
        """The record as a third device, enrolled now, gets it from the server."""
        reader = self.device(f"reader{len(list(self.folder.glob('reader*.db')))}", people=("c1",))
        self.assertTrue(reader.sync())
        return reader.app.history(self.record, self.now)

    def test_the_same_body_again_and_again_is_answered_alike_and_written_once(self):
        asked = self.asked(self.ana, "said once")
        first, again = (self.post(asked.body, asked.bearer) for _ in range(2))
        self.assertEqual((first[0], again[0]), (200, 200))
        self.assertEqual(read(first[1])[3], read(again[1])[3])
        self.assertEqual(read(again[1])[3][0][1][0], ACCEPTED)
        self.assertEqual(self.told().count("said once"), 1)

    def test_a_later_change_before_the_earlier_one_waits_for_it(self):
        asked = self.asked(self.ana, "the earlier", "the later")
        earlier, later = read(asked.body)[2][0][1]
        self.assertEqual(self.answers(asked, [later]), [(MISSING, [earlier[1]])])
        self.assertNotIn("the later", self.told())
        self.assertEqual([state for state, _ in self.answers(asked, [later, earlier])], [MISSING, ACCEPTED])
        self.assertEqual(self.answers(asked, [later])[0][0], ACCEPTED)

    def test_a_wrong_hash_and_a_changed_word_are_rejected_beside_work_that_lands(self):
        asked = self.asked(self.ana, "the true word")
        (change,) = read(asked.body)[2][0][1]
        self.assertEqual(self.answers(asked, [[change[0], bytes(32), None, False]]), [(REJECTED, WRONG_HASH)])
        other = cbor2.loads(cbor2.dumps(change).replace(b"the true word", b"a false word."))
        self.assertEqual(self.answers(asked, [other]), [(REJECTED, WRONG_HASH)])

        # In one request with a neighbour's document of the same device.
        request = read(asked.body)
        fresh = self.ana.do("OpenRecord", site="home", preferred_name="Imani").record
        both = read(self.asked(self.ana).body)[2]
        honest = next(pushed for pushed in both if UUID(bytes=bytes(pushed[0])) == UUID(fresh))
        request[2] = [[request[2][0][0], [other]], honest]
        status, body = self.post(b"\0" + cbor2.dumps(request), asked.bearer)
        self.assertEqual(status, 200)
        states = [ack[1][0] for ack in read(body)[3]]
        self.assertEqual(states, [REJECTED] + [ACCEPTED] * len(honest[1]))
        self.assertNotIn("a false word", self.told())

    def test_nobody_writes_as_another_device(self):
        ((doc, hers),) = read(self.asked(self.ana, "hers alone").body)[2]
        self.assertTrue(self.ngozi.sync())
        theirs = self.asked(self.ngozi, "the other's own")
        # Brought by another device, without a receipt: kept, and not applied.
        self.assertEqual(self.answers(theirs, hers, doc), [(QUARANTINED, RECOVERED)])
        self.assertNotIn("hers alone", self.told())

    def test_what_is_no_message_is_answered_plainly_on_every_path(self):
        honest = self.asked(self.ana, "a word")
        for path in PATHS:
            for body, expected in [
                (b"", 400),
                (bytes(5_000), 400),
                (b"\7" + honest.body, 400),
                (honest.body[: len(honest.body) // 2], 400),
                (bytes(1024 * 1024 + 1), 413),
            ]:
                self.assertEqual(self.post(body, honest.bearer, path)[0], expected, (path, body[:8], len(body)))
        for bearer in (None, "no such credential"):
            self.assertEqual(self.post(honest.body, bearer)[0], 401)

    def test_bombs_cost_less_than_64_megabytes(self):
        honest = self.asked(self.ana, "a word")
        self.assertEqual(self.post(honest.body, honest.bearer)[0], 200)
        before = self.memory("VmRSS")
        deep = b"\0\xa1\x18\x63" + b"\x81" * 900_000
        endless = b"\0\xa1\0\x9b" + b"\xff" * 8
        for body, expected in [(packed(900, 21), 413), (packed(900, 27), 400), (deep, 400), (endless, 400)]:
            for path in PATHS:
                told = []
                threads = [
                    threading.Thread(target=lambda: told.append(self.post(body, honest.bearer, path)[0]))
                    for _ in range(8)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self.assertEqual(told, [expected] * 8, path)
        self.assertLess(self.memory("VmHWM") - before, 64 * 1024)

    def memory(self, field):
        """A field of the server process's status, in kB."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text(encoding="utf-8")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith(field)))


if __name__ == "__main__":
    unittest.main()
