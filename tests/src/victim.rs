//! A process that is killed while it works: the product's server, or a device that writes. It says on its standard
//! output what it has acknowledged; whoever kills it chooses the moment by what it said and by what lies on the disk,
//! never by time. Its disk can be watched, and be full.

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use warmhand_core::document::{Change, ChangeHash, kept};
use warmhand_core::domain::id::DocumentId;
use warmhand_core::store::{StoredChange, whole_changes};

/// The disk of a process: watched, and full when it is told to be.
pub struct Disk {
    library: PathBuf,
    full: PathBuf,
}

impl Disk {
    /// Builds the library that stands between a process and its disk.
    pub fn watched(folder: &Path) -> Self {
        let library = folder.join("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/victim/disk.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .status();
        assert!(built.expect("a C compiler").success(), "it does not build");
        let full = folder.join("disk-full");
        Self { library, full }
    }

    /// From now on no log is written, and no database grows, beyond so many bytes.
    pub fn fill(&self, bytes: u64) {
        let beside = self.full.with_extension("next");
        fs::write(&beside, bytes.to_string()).expect("written");
        fs::rename(beside, &self.full).expect("in force");
    }

    /// There is room again.
    pub fn free(&self) {
        fs::remove_file(&self.full).expect("it was full");
    }
}

/// A running process and what it has said.
pub struct Victim {
    child: Child,
    words: PathBuf,
}

impl Victim {
    /// Starts this program with these words; what it says goes into a file.
    pub fn start(program: &Path, words: &[&str], said: &Path, disk: Option<&Disk>) -> Self {
        let mut command = Command::new(program);
        command.args(words);
        if let Some(disk) = disk {
            command.env("LD_PRELOAD", &disk.library);
            command.env("VICTIM_DISK_FULL", &disk.full);
        }
        Self::of(command, said)
    }

    /// The same; its log goes into another file.
    pub fn logging(program: &Path, words: &[&str], said: &Path, log: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(words);
        command.stderr(File::create(log).expect("a file for its log"));
        Self::of(command, said)
    }

    fn of(mut command: Command, said: &Path) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(said).expect("a file for its words"))
            .spawn()
            .expect("a process");
        Self {
            child,
            words: said.to_owned(),
        }
    }

    /// Tells it this.
    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().cast_signed();
        let pid = Pid::from_raw(pid).expect("a process");
        kill_process(pid, signal).expect("it is there");
    }

    /// How it ended, once it has.
    pub fn ends(&mut self) -> ExitStatus {
        self.child.wait().expect("a process")
    }

    /// What it has said until now. What is cut off in the middle of a line was not said.
    pub fn said(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.words).expect("its words");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// Waits until this holds of what it has said.
    ///
    /// # Panics
    /// If it ends before.
    pub fn until(&mut self, holds: impl Fn(&[String]) -> bool) {
        while !holds(&self.said()) {
            if let Some(ended) = self.child.try_wait().expect("a process") {
                panic!("it ended by itself: {ended}, having said {:?}", self.said());
            }
            std::thread::yield_now();
        }
    }

    /// Waits until the write-ahead log beside this database is written so many bytes further, or this holds of what was
    /// said: mostly a moment in the middle of a commit.
    pub fn until_it_writes(&mut self, database: &Path, bytes: u64, or: impl Fn(&[String]) -> bool) {
        let log = beside(database, "-wal");
        let from = written(&log);
        self.until(|said| written(&log) >= from + bytes || or(said));
    }

    /// Kills it, as the system does when it is out of memory, and tells everything that it had said.
    pub fn kill(mut self) -> Vec<String> {
        self.end();
        self.said()
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.end();
    }
}

/// The file of this name beside a database.
pub fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// What a log begins with.
pub const HEADER: u64 = 32;
/// What a page takes in a log.
pub const FRAME: u64 = 24 + 4_096;

/// How far a log is written, to the frame that was begun last: the room behind it is empty.
pub fn written(log: &Path) -> u64 {
    let Ok(file) = File::open(log) else {
        return 0;
    };
    let length = file.metadata().map_or(0, |file| file.len());
    let begins = |n: u64| HEADER + n * FRAME;
    let is_written = |n: u64| {
        let mut page = [0; 4];
        file.read_at(&mut page, begins(n)).is_ok() && page != [0; 4]
    };
    let (mut some, mut none) = (0, length.saturating_sub(HEADER).div_ceil(FRAME));
    while some < none {
        let middle = (some + none) / 2;
        if is_written(middle) {
            some = middle + 1;
        } else {
            none = middle;
        }
    }
    length.min(begins(some))
}

/// A log that has been used from its beginning again is as long as it ever was: once it is long, it is put into the
/// database, so that the next one can be seen to grow. Nobody may have the database open.
pub fn begin_log_anew(database: &Path) {
    const LONG: u64 = 4_000_000;
    if written(&beside(database, "-wal")) > LONG {
        let db = Connection::open(database).expect("it opens");
        db.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
            .expect("a checkpoint");
    }
}

/// Puts into a folder what a power loss leaves of a database: the file, and so much of its write-ahead log.
pub fn left(database: &[u8], log: &[u8], to: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(to, end));
    }
    fs::write(to, database).expect("written");
    fs::write(beside(to, "-wal"), log).expect("written");
}

/// Does SQLite find nothing wrong with it?
pub fn is_whole(db: &Connection) -> bool {
    let said: String = db
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .expect("it can be read");
    said == "ok"
}

/// The changes of a device's or a server's database, read from their fields.
pub fn changes(db: &Connection) -> BTreeMap<ChangeHash, Change> {
    let mut all = db
        .prepare("select hash, fields, bytes from change")
        .expect("rows");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = all
        .query_map([], read)
        .and_then(Iterator::collect)
        .expect("rows");
    let single = rows.into_iter().map(|(hash, fields, bytes)| {
        let hash = ChangeHash::from_bytes(&hash).expect("a hash");
        (hash, kept(&fields, &bytes).expect("a change"))
    });
    // A device's documents that came whole, if this is one.
    let is_device = db.table_exists(None, "whole").expect("tables");
    let whole = is_device.then(|| whole(db)).into_iter().flatten();
    let whole = whole.flat_map(|(_, changes)| changes);
    single
        .chain(whole.map(|stored| (stored.hash, stored.change)))
        .collect()
}

/// The documents that lie whole in a device's database, with their changes.
pub fn whole(db: &Connection) -> Vec<(DocumentId, Vec<StoredChange>)> {
    let mut all = db
        .prepare_cached("select doc, pack, size, confirmed from whole join document on id = doc")
        .expect("rows");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let rows: Vec<(Vec<u8>, Vec<u8>, u32, bool)> = all
        .query_map([], read)
        .and_then(Iterator::collect)
        .expect("rows");
    rows.into_iter()
        .map(|(doc, pack, size, confirmed)| {
            let doc = DocumentId::from_bytes(&doc).expect("a document");
            let changes = whole_changes(doc, &pack, size, confirmed);
            (doc, changes.expect("changes"))
        })
        .collect()
}
