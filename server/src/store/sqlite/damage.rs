//! A record that does not read is in the way of nobody else: what a device sends and what it is told goes on without it.
//! Mends nothing. Whatever was passed over comes with the resync after a backup was put back.

use super::{Sqlite, StoreError, Verb};
use crate::store::Doing;

impl Sqlite {
    /// The same database, for work that failed on a damaged record: it passes over what does not read.
    pub(super) fn passing_over(&self) -> Self {
        tracing::error!(
            "something that does not read is passed over; see what `warmhand verify` says, and restore a backup"
        );
        Self {
            passes_over: true,
            ..self.clone()
        }
    }

    /// Writes; if it meets a damaged record, once more without that.
    pub(super) fn write_passing_over<T: Send + 'static>(
        &self,
        run: impl Fn(&Verb<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Doing<'_, T> {
        self.once_more(move |store| store.write(run.clone()))
    }

    /// Reads; if it meets a damaged record, once more without that.
    pub(super) fn read_passing_over<T: Send + 'static>(
        &self,
        run: impl Fn(&Verb<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Doing<'_, T> {
        self.once_more(move |store| store.read(run.clone()))
    }

    /// The same on the connection of those who are told what follows their push.
    pub(super) fn tell_passing_over<T: Send + 'static>(
        &self,
        run: impl Fn(&Verb<'_>) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Doing<'_, T> {
        self.once_more(move |store| store.read_by(&store.teller, run.clone()))
    }

    fn once_more<T: Send + 'static>(
        &self,
        does: impl Fn(&Self) -> Doing<'_, T> + Send + 'static,
    ) -> Doing<'_, T> {
        let done = does(self);
        Box::pin(async move {
            match done.await {
                Err(StoreError::Unreadable) => {
                    let over = self.passing_over();
                    let done = does(&over);
                    done.await
                }
                done => done,
            }
        })
    }
}

/// What was read; none of what is damaged, where that is in nobody's way whoever meets it.
pub(super) fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Unreadable) => Ok(None),
        read => read.map(Some),
    }
}

impl Verb<'_> {
    /// What was read; none of what is damaged and passed over.
    pub(super) fn readable<T>(&self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        if self.passes_over {
            readable(read)
        } else {
            read.map(Some)
        }
    }

    /// Does a part of the work. If it meets something damaged that is passed over, nothing of this part is done.
    pub(super) fn part<T>(
        &self,
        run: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if !self.passes_over {
            return run().map(Some);
        }
        let (head, noted) = (self.head.clone(), self.noted.borrow().len());
        self.db.execute_batch("savepoint part")?;
        let done = self.readable(run())?;
        if done.is_none() {
            self.db.execute_batch("rollback to part")?;
            self.head.put_back(&head);
            self.noted.borrow_mut().truncate(noted);
        }
        self.db.execute_batch("release part")?;
        Ok(done)
    }
}
