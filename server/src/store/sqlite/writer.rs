//! The one writer. Work that waits for it is done together: each piece under a savepoint of its own, so that one that
//! fails takes nothing of its neighbours with it, and one commit for all of them. Nobody is told anything before that
//! commit is on the disk. Knows nothing of what the work is.

use super::wal::WriteAhead;
use super::{Fault, StoreError, step};
use crate::journal::Journal;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot::{self, Receiver};

/// So many pieces are committed together at most. The first of them waits for the last, and while the next are done it is
/// told what came of it: with all in one, most of a burst would wait for one thread and then be taken by all devices at once.
const AT_ONCE: usize = 8;

/// Tells whoever waits how the commit went.
type Tell = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;
/// Does one piece, if there is a transaction for it, and says whether it stands.
type Work =
    Box<dyn FnOnce(Result<&Connection, StoreError>) -> (Result<(), StoreError>, Tell) + Send>;

/// The connection that writes, and who waits for it.
pub(super) struct Writer {
    db: Arc<Mutex<Connection>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    waiting: Mutex<VecDeque<Work>>,
    /// In memory there is none.
    ahead: Option<WriteAhead>,
}

impl Writer {
    /// A writer in memory.
    pub fn in_memory(db: Connection) -> Self {
        Self {
            db: Arc::new(Mutex::new(db)),
            turn: Arc::default(),
            waiting: Mutex::default(),
            ahead: None,
        }
    }

    /// A writer in a file.
    pub fn in_file(mut db: Connection, path: &Path) -> Result<Self, StoreError> {
        let ahead = WriteAhead::watched(&mut db, path)?;
        Ok(Self {
            db: Arc::new(Mutex::new(db)),
            turn: Arc::default(),
            waiting: Mutex::default(),
            ahead: Some(ahead),
        })
    }

    /// The connection, for whoever reads in memory.
    pub fn connection(&self) -> Arc<Mutex<Connection>> {
        Arc::clone(&self.db)
    }

    /// Puts a piece of work with what waits. It is done by whoever calls [`Self::work`] next; one that nobody waits for any
    /// more is not begun.
    pub fn submit<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Receiver<Result<T, StoreError>> {
        let (sender, receiver) = oneshot::channel();
        let work = move |db: Result<&Connection, StoreError>| {
            if sender.is_closed() {
                let tell: Tell = Box::new(|_| ());
                return (Err(StoreError::Busy), tell);
            }
            let done = db.and_then(run);
            let outcome = done.as_ref().map(|_| ()).map_err(Clone::clone);
            let tell: Tell = Box::new(move |committed| {
                // Whoever has gone away meanwhile is told by the state of things when she comes back.
                let _ = sender.send(done.and_then(|value| committed.clone().map(|()| value)));
            });
            (outcome, tell)
        };
        self.queue().push_back(Box::new(work));
        receiver
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Work>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of a piece. Whoever waits takes her turn at the work of all, until her own is done: by herself, or by
    /// another for her. When this returns nobody holds the connection for her any more.
    pub async fn done<T>(
        self: &Arc<Self>,
        mut piece: Receiver<Result<T, StoreError>>,
        journal: Option<&Arc<Journal>>,
        fault: Option<&Arc<dyn Fault>>,
    ) -> Result<T, StoreError> {
        loop {
            tokio::select! {
                biased;
                done = &mut piece => return done.unwrap_or(Err(StoreError::Unavailable)),
                turn = Arc::clone(&self.turn).lock_owned() => {
                    let (writer, journal, fault) = (Arc::clone(self), journal.cloned(), fault.cloned());
                    let working = tokio::task::spawn_blocking(move || {
                        let _turn = turn;
                        writer.work(journal.as_deref(), fault.as_deref());
                    });
                    // So many may have been before hers that it is not among them: then it is her turn again.
                    let _ = working.await;
                }
            }
        }
    }

    /// Does what waits, as much of it as is done at once.
    pub fn work(&self, journal: Option<&Journal>, fault: Option<&dyn Fault>) {
        // A panic inside rolled its transaction back: the connection is as good as before.
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let mut some: VecDeque<Work> = {
            let mut queue = self.queue();
            let many = queue.len().min(AT_ONCE);
            queue.drain(..many).collect()
        };
        while !some.is_empty() {
            together(&mut db, &mut some, journal, fault);
        }
        // Everybody has been told: the log is given room before the next one comes.
        if let Some(ahead) = &self.ahead {
            ahead.make_room();
        }
    }

    /// Empties the write-ahead log: for a thread of its own.
    pub fn emptying(&self) -> Option<impl FnOnce() + Send + 'static> {
        self.ahead.as_ref().map(WriteAhead::emptying)
    }

    /// Shortens the write-ahead log, if it has become long: for a thread of its own, on which nobody waits.
    pub fn shortening(&self) -> Option<impl FnOnce() + Send + 'static> {
        self.ahead.as_ref().and_then(WriteAhead::shortening)
    }
}

/// Does these in one transaction, as far as it carries them, and tells those that it did.
fn together(
    db: &mut Connection,
    some: &mut VecDeque<Work>,
    journal: Option<&Journal>,
    fault: Option<&dyn Fault>,
) {
    let mut tells: Vec<Tell> = Vec::new();
    let committed = in_one(db, some, &mut tells, fault);
    match (&committed, journal) {
        // One that has ended takes nothing back: the next start says again what its journal knows.
        (Ok(()) | Err(StoreError::Killed), Some(journal)) => journal.stands(),
        (_, None) => {}
        // Whoever waits is told that it was not done: then no later start may do it.
        (Err(_), Some(journal)) => journal.take_back(),
    }
    if let (Err(error), true) = (&committed, tells.is_empty()) {
        // Not even the first of them got a transaction: neither will the rest.
        for work in some.drain(..) {
            tells.push(work(Err(error.clone())).1);
        }
    }
    for tell in tells {
        tell(&committed);
    }
}

fn in_one(
    db: &mut Connection,
    some: &mut VecDeque<Work>,
    tells: &mut Vec<Tell>,
    fault: Option<&dyn Fault>,
) -> Result<(), StoreError> {
    let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if some.len() == 1
        && let Some(work) = some.pop_front()
    {
        // Nobody is with it: to go back, the transaction itself is enough.
        let Ok((outcome, tell)) = catch_unwind(AssertUnwindSafe(|| work(Ok(&transaction)))) else {
            return Ok(());
        };
        tells.push(tell);
        outcome?;
    }
    while !some.is_empty() {
        let savepoint = transaction.savepoint()?;
        let Some(work) = some.pop_front() else { break };
        // It is told by what it leaves behind: nothing.
        let Ok((outcome, tell)) = catch_unwind(AssertUnwindSafe(|| work(Ok(&savepoint)))) else {
            drop(savepoint);
            if transaction.is_autocommit() {
                return Err(StoreError::Unavailable);
            }
            continue;
        };
        tells.push(tell);
        match outcome {
            Ok(()) => savepoint.commit()?,
            // A process that has ended leaves nothing of any of them.
            Err(StoreError::Killed) => return Err(StoreError::Killed),
            Err(error) => {
                drop(savepoint);
                // Some failures end the whole transaction: what was done in it is gone.
                if transaction.is_autocommit() {
                    return Err(error);
                }
            }
        }
    }
    step(fault, "commit")?;
    transaction.commit()?;
    // Durable from here on, though nobody has been told.
    step(fault, "committed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::Builder;

    #[test]
    fn a_piece_is_done_also_behind_many_that_nobody_waits_for_any_more() {
        let writer = Arc::new(Writer::in_memory(Connection::open_in_memory().unwrap()));
        for _ in 0..3 * AT_ONCE {
            drop(writer.submit(|_| -> Result<(), StoreError> { panic!("it is not begun") }));
        }
        let piece = writer.submit(|_| Ok(7));
        let runtime = Builder::new_current_thread().build().unwrap();
        let done = runtime.block_on(writer.done(piece, None, None));
        assert_eq!(done, Ok(7));
    }
    #[test]
    fn one_that_fails_or_panics_takes_nothing_of_its_neighbours_with_it() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("create table said (n integer)").unwrap();
        let writer = Writer::in_memory(db);
        let says = |n: i64| {
            move |db: &Connection| -> Result<i64, StoreError> {
                db.execute("insert into said values (?1)", [n])?;
                Ok(n)
            }
        };
        let mut first = writer.submit(says(1));
        let mut fails = writer.submit(move |db| {
            says(2)(db)?;
            Err::<i64, _>(StoreError::Unreadable)
        });
        let mut panics: Receiver<Result<i64, _>> = writer.submit(move |db| {
            says(3)(db)?;
            panic!("inside")
        });
        let mut last = writer.submit(says(4));
        writer.work(None, None);
        assert_eq!(first.try_recv(), Ok(Ok(1)));
        assert_eq!(fails.try_recv(), Ok(Err(StoreError::Unreadable)));
        assert!(panics.try_recv().is_err(), "nobody says that it was done");
        assert_eq!(last.try_recv(), Ok(Ok(4)));
        let db = writer.connection();
        let db = db.lock().unwrap();
        let mut said = db.prepare("select n from said order by n").unwrap();
        let said: Vec<i64> = said
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(said, [1, 4]);
    }
}
