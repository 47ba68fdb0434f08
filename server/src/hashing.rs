//! Passwords are hashed with argon2id: tens of milliseconds and 19 MB each on purpose, and therefore few at a time, so that
//! a crowd at the door takes neither the memory nor the processors of everybody else's work. Knows no account.

use crate::store::StoreError;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// So many are hashed at once.
const AT_ONCE: usize = 2;
/// So many more may wait for their turn: the last of them for about a second.
const WAITING: usize = 32;

/// The hash of a password, with a fresh salt.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String, StoreError> {
    let salt = SaltString::encode_b64(salt).map_err(|_| StoreError::Unavailable)?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_| StoreError::Unavailable)?;
    Ok(hash.to_string())
}

/// Is it the password of this hash?
pub fn fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// Where passwords take their turns.
pub struct Hashing {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Hashing {
    /// Does this in its turn, on a thread of its own; [`StoreError::Busy`] at once where too many wait already.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| StoreError::Busy)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Unavailable)?;
        let working = tokio::task::spawn_blocking(move || {
            // Whoever goes away while it is her turn frees nothing before the work is done.
            let _held = (place, turn);
            work()
        });
        working.await.map_err(|_| StoreError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::sync::{Mutex, PoisonError};

    #[tokio::test]
    async fn few_are_hashed_at_once_few_wait_and_the_rest_is_told_so() {
        let hashing = Hashing::default();
        let (let_go, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = || {
            let (held, now, most) = (Arc::clone(&held), Arc::clone(&now), Arc::clone(&most));
            hashing.run(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Until the test lets go of all of them.
                let _ = held.lock().unwrap_or_else(PoisonError::into_inner).recv();
                now.fetch_sub(1, Ordering::SeqCst);
            })
        };
        let mut let_in: Vec<_> = (0..AT_ONCE + WAITING).map(|_| Box::pin(work())).collect();
        for waits in &mut let_in {
            assert_eq!(waits.now_or_never(), None);
        }
        for _ in 0..300 {
            assert_eq!(work().await, Err(StoreError::Busy));
        }
        drop(let_go);
        assert!(
            join_all(let_in)
                .await
                .into_iter()
                .all(|done| done == Ok(()))
        );
        assert!(most.load(Ordering::SeqCst) <= AT_ONCE);
        assert_eq!(work().await, Ok(()), "there is room again");
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_her_turn_only_once_it_is_over() {
        let hashing = Hashing::default();
        let (let_go, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        for _ in 0..AT_ONCE {
            let held = Arc::clone(&held);
            let mut left = Box::pin(hashing.run(move || {
                let _ = held.lock().unwrap_or_else(PoisonError::into_inner).recv();
            }));
            assert_eq!((&mut left).now_or_never(), None);
        }
        let mut next = Box::pin(hashing.run(|| ()));
        assert_eq!((&mut next).now_or_never(), None);
        assert_eq!(hashing.turns.available_permits(), 0);
        drop(let_go);
        assert_eq!(next.await, Ok(()));
    }
}
