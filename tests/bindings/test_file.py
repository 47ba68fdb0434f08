"""The device's file: encrypted, opened by its key alone, and every way in which it cannot be opened told by name."""

import unittest
from pathlib import Path

import sqlcipher3
from device import drawn
from house import House, Town
from warmhand import App, Refusal, StorageTrouble

PAGE = 4_096
SALT = 16


class Key(House):
    def open(self, key, path=None):
        return App.open(str(path or self.folder / "device.db"), key)

    def test_an_empty_a_short_a_long_and_a_blank_key_are_refused_and_no_file_is_made(self):
        for key, problem in [(b"", "empty"), (bytes(32), "empty"), (b"k" * 31, "key_length"), (b"k" * 33, "key_length")]:
            with self.subTest(key=key):
                refusal = self.refused(Refusal.Invalid, lambda: self.open(key), field="key", problem=problem)
                self.assertNotIn("6b6b", str(refusal))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_folder_and_no_path_at_all_are_refused(self):
        trouble = {"trouble": StorageTrouble.UNAVAILABLE}
        self.refused(Refusal.Storage, lambda: self.open(self.key(), self.folder), **trouble)
        self.refused(Refusal.Storage, lambda: self.open(self.key(), self.folder / "no" / "device.db"), **trouble)
        self.refused(Refusal.Storage, lambda: self.open(self.key(), ":memory:"), **trouble)
        self.refused(Refusal.Invalid, lambda: App.open("", self.key()), field="path", problem="empty")
        self.assertEqual(list(self.folder.iterdir()), [])


class File(House):
    """A file with something in it, closed."""

    def setUp(self):
        super().setUp()
        self.path, self.secret = self.folder / "device.db", self.key()
        App.open(str(self.path), self.secret)
        self.bytes = self.path.read_bytes()
        self.assertGreater(len(self.bytes), 4 * PAGE)
        self.assertEqual([file.name for file in self.folder.iterdir()], ["device.db"])

    def trouble(self, trouble, key=None):
        self.refused(Refusal.Storage, lambda: App.open(str(self.path), key or self.secret), trouble=trouble)

    def with_bytes(self, at, new):
        self.path.write_bytes(self.bytes[:at] + new + self.bytes[at + len(new) :])

    def other_tool(self):
        """The same file in the hands of somebody else's SQLCipher."""
        db = sqlcipher3.connect(str(self.path))
        db.execute(f"pragma key = \"x'{self.secret.hex()}'\"")
        return db

    def test_a_wrong_key_is_told_and_the_file_left_as_it_was(self):
        self.trouble(StorageTrouble.WRONG_KEY, self.key())
        self.assertEqual(self.path.read_bytes(), self.bytes)
        App.open(str(self.path), self.secret)

    def test_a_damaged_file_is_told_from_a_wrong_key(self):
        damage = b"\xff" * 64
        for name, at in [("the first page", SALT + 100), ("a later page", 2 * PAGE + 50), ("the last", len(self.bytes) - 64)]:
            with self.subTest(name):
                self.with_bytes(at, damage)
                self.trouble(StorageTrouble.DAMAGED)
        for name, bytes_ in [
            ("cut off", self.bytes[:-100]),
            ("half gone", self.bytes[: 2 * PAGE]),
            ("a letter", b"this is a letter and no database " * 99),
            ("too small", b"a letter"),
        ]:
            with self.subTest(name):
                self.path.write_bytes(bytes_)
                self.trouble(StorageTrouble.DAMAGED)
                self.assertEqual(self.path.read_bytes(), bytes_, "left as it was")

    def test_a_file_that_goes_bad_under_the_running_app_is_found_by_whoever_reads_all_of_it(self):
        here = App.open(str(self.path), self.secret)
        here.check()
        self.with_bytes(len(self.bytes) - 64, b"\xff" * 64)
        self.refused(Refusal.Storage, here.check, trouble=StorageTrouble.DAMAGED)

    def test_a_file_of_which_no_page_is_left_looks_like_one_of_another_key(self):
        # Documented so: without a page that its key made, nothing tells the two apart.
        self.with_bytes(0, b"\xff" * SALT)
        self.trouble(StorageTrouble.WRONG_KEY)

    def test_a_plain_database_is_no_database_of_ours(self):
        import sqlite3

        self.path.unlink()
        plain = sqlite3.connect(self.path)
        plain.execute("create table letter (text text)")
        plain.close()
        before = self.path.read_bytes()
        self.trouble(StorageTrouble.DAMAGED)
        self.assertEqual(self.path.read_bytes(), before)

    def test_a_newer_schema_and_somebody_elses_encrypted_file_are_told(self):
        db = self.other_tool()
        db.execute("pragma user_version = 99")
        db.commit()
        db.close()
        self.trouble(StorageTrouble.NEWER)

        self.path.unlink()
        db = self.other_tool()
        db.execute("create table letter (text text)")
        db.commit()
        db.close()
        self.trouble(StorageTrouble.DAMAGED)

    def test_a_standard_sqlcipher_reads_the_file_with_the_key_and_finds_it_whole(self):
        db = self.other_tool()
        self.assertEqual(db.execute("pragma cipher_integrity_check").fetchall(), [])
        tables = {name for (name,) in db.execute("select name from sqlite_schema where type = 'table'")}
        self.assertLessEqual({"device", "change", "document"}, tables)
        db.close()


class Contents(Town):
    NAMES = ("Lucía Ferrándiz", "555-0177-LUCIA", "her sister Perpetua drives")

    def setUp(self):
        super().setUp()
        self.secret = self.key()
        self.phone = self.device("phone", self.secret)
        self.record = self.phone.do("OpenRecord", site="home", preferred_name=self.NAMES[0]).record
        self.phone.do("DescribePatient", record=self.record, callback=self.NAMES[1])
        self.phone.do("AddNote", record=self.record, text=self.NAMES[2])

    def found(self, files):
        """Which of the names are in these files as bytes, in whatever encoding a database writes."""
        texts = [(name, name.encode(code)) for name in self.NAMES for code in ("utf-8", "utf-16-le", "utf-16-be")]
        all_bytes = b"\n".join(file.read_bytes() for file in files)
        return {name for name, text in texts if text in all_bytes}

    def files(self):
        return sorted(self.folder.glob("phone.db*"))

    def test_no_name_is_in_the_file_nor_beside_it_open_or_closed(self):
        self.assertEqual([f.name for f in self.files()], ["phone.db", "phone.db-shm", "phone.db-wal"])
        self.assertGreater((self.folder / "phone.db-wal").stat().st_size, PAGE)
        self.assertEqual(self.found(self.files()), set())
        self.assertTrue(self.phone.sync())
        self.assertEqual(self.found(self.files()), set())
        # The server's own files are plain: the search finds there what it did not find here.
        self.assertEqual(self.found(Path(self.server.data).iterdir()), set(self.NAMES))

        self.phone = None
        self.assertEqual([f.name for f in self.files()], ["phone.db"])
        self.assertEqual(self.found(self.files()), set())
        self.assertFalse((self.folder / "phone.db").read_bytes().startswith(b"SQLite"))
        again = App.open(str(self.folder / "phone.db"), self.secret)
        self.assertEqual(drawn(again.handoff(self.record, self.now)).summary.name, self.NAMES[0])

    def test_a_wrong_key_does_no_harm_to_what_lies_in_the_log_beside_the_file(self):
        # As a process that was killed leaves it: the newest entries are in the log alone.
        left = self.folder / "left"
        left.mkdir()
        for file in self.files():
            if not file.name.endswith("-shm"):
                (left / file.name).write_bytes(file.read_bytes())
        path = str(left / "phone.db")
        self.refused(Refusal.Storage, lambda: App.open(path, self.key()), trouble=StorageTrouble.WRONG_KEY)
        kept = App.open(path, self.secret).handoff(self.record, self.now)
        here = self.phone.app.handoff(self.record, self.now)
        self.assertEqual(drawn(kept), drawn(here))


class Rescue(Town):
    def test_a_device_that_cannot_sync_writes_what_it_holds_and_the_server_takes_it_from_the_file(self):
        ana = self.device("ana")
        ana.do("OpenRecord", site=self.story["organisation"]["sites"][0]["id"], preferred_name="Rosa")
        file = self.folder / "rescue"
        rescued = ana.app.rescue(str(file), None)
        self.assertEqual((rescued.documents, rescued.changes, rescued.unsent), (1, 1, 1))
        said = self.server.run("rescue", "import", str(file), "--data", self.server.data)
        self.assertIn("        1  wait in quarantine", said)
        whole = file.read_bytes()
        self.assertNotIn(b"Rosa", whole)
        self.refused(Refusal.Storage, lambda: ana.app.rescue(str(file), None), trouble=StorageTrouble.UNAVAILABLE)
        self.assertEqual(file.read_bytes(), whole)

    def test_of_a_file_with_a_damaged_page_all_else_is_written(self):
        key = self.key()
        ana = self.device("ana", key)
        site = self.story["organisation"]["sites"][0]["id"]
        records = 12
        for n in range(records):
            made = ana.do("OpenRecord", site=site, preferred_name=f"Rosa {n}")
            ana.do("AddNote", record=made.record, text="she called back " * 90)
        path, ana.app = self.folder / "ana.db", None
        whole, page_bytes = path.read_bytes(), 4096
        outcomes = []
        for page in range(1, len(whole) // page_bytes):
            at = page * page_bytes + 100
            path.write_bytes(whole[:at] + bytes(16) + whole[at + 16 :])
            self.refused(Refusal.Storage, lambda: App.open(str(path), key), trouble=StorageTrouble.DAMAGED)
            file = self.folder / f"rescue-{page}"
            try:
                outcomes.append(App.open_to_rescue(str(path), key).rescue(str(file), None))
            except Refusal.Storage:
                # Who the device is lies in one of them.
                self.assertFalse(file.exists())
        self.assertGreaterEqual(len(outcomes), len(whole) // page_bytes - 4)
        for outcome in outcomes:
            self.assertGreaterEqual(outcome.changes + outcome.damaged, 2 * records, outcome)
        # Of a page with entries only these are lost.
        some = [outcome for outcome in outcomes if 0 < outcome.damaged <= 4]
        self.assertGreater(len(some), records)
        self.assertTrue(all(outcome.changes >= 2 * records - 4 for outcome in some), some)


if __name__ == "__main__":
    unittest.main()
