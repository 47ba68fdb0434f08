//! Who may sign in on pages: supervisors with a password (argon2id). A visit ends after so long in any case, and sooner
//! without a touch. Refuses to say whether a name exists.

use crate::Server;
use crate::store::{SessionRow, StoreError};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::organisation::Organisation;

/// Why somebody was not let in.
#[derive(Debug, PartialEq, Eq)]
pub enum Shut {
    /// Name and password do not belong together.
    Wrong,
    /// Too many tries: wait so long.
    Wait(SignedDuration),
    /// The store cannot serve.
    Store(StoreError),
}

impl From<StoreError> for Shut {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The supervisor of this name or code.
pub fn supervisor(sheet: &Organisation, name: &str) -> Option<UserId> {
    let name = name.trim();
    let fits = |person: &&warmhand_core::domain::organisation::Person| {
        person.id.as_str() == name || person.name.eq_ignore_ascii_case(name)
    };
    sheet
        .people
        .iter()
        .filter(|p| p.has_role(Role::Supervisor))
        .find(fits)
        .map(|p| p.id.clone())
}

/// The hash of a password, with a fresh salt. Takes tens of milliseconds on purpose.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String, StoreError> {
    let salt = SaltString::encode_b64(salt).map_err(|_| StoreError::Unavailable)?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_| StoreError::Unavailable)?;
    Ok(hash.to_string())
}

fn fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// What the database knows of a token.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Server {
    /// Gives a supervisor a password.
    pub async fn set_password(&self, user: UserId, password: String) -> Result<(), StoreError> {
        let salt = self.random.bytes();
        let hash = tokio::task::spawn_blocking(move || hash_password(&password, &salt))
            .await
            .map_err(|_| StoreError::Unavailable)??;
        self.store.save_account(user, hash).await
    }

    /// Opens a visit: the token for the cookie. The same time passes whether or not the name exists.
    pub async fn sign_in(&self, name: &str, password: String, from: &str) -> Result<String, Shut> {
        let now = self.now();
        let key = format!("sign-in|{}|{from}", name.trim().to_lowercase());
        if let Some(wait) = self.throttle.wait(&key, now) {
            return Err(Shut::Wait(wait));
        }
        let user = supervisor(&self.store.sheet().await?, name);
        let known = match &user {
            Some(user) => self.store.account(user.clone()).await?,
            None => None,
        };
        let salt = self.random.bytes();
        let right = tokio::task::spawn_blocking(move || match known {
            Some(hash) => fits(&password, &hash),
            None => hash_password(&password, &salt).is_err(),
        })
        .await
        .map_err(|_| StoreError::Unavailable)?;
        let Some(user) = user.filter(|_| right) else {
            self.throttle.failed(&key, now);
            return Err(Shut::Wrong);
        };
        self.throttle.succeeded(&key);
        let token = hex::encode(self.random.bytes::<32>());
        let session = SessionRow {
            user: user.clone(),
            csrf: hex::encode(self.random.bytes::<16>()),
            began_at: now,
            used_at: now,
            reasons: BTreeMap::new(),
        };
        self.store.save_session(token_hash(&token), session).await?;
        self.store
            .audit(now, user, "signed in", None, String::new())
            .await?;
        Ok(token)
    }

    /// The visit of a cookie, if it still lasts. `touched`: a person did something, not a page that refreshes itself.
    pub async fn visit(
        &self,
        token: &str,
        touched: bool,
    ) -> Result<Option<SessionRow>, StoreError> {
        let now = self.now();
        let hash = token_hash(token);
        let Some(mut session) = self.store.session(hash).await? else {
            return Ok(None);
        };
        let over = |since: Timestamp, longest: SignedDuration| now.duration_since(since) > longest;
        let (idle, longest) = (self.settings.session_idle, self.settings.session_longest);
        if over(session.began_at, longest) || over(session.used_at, idle) {
            self.store.end_session(hash).await?;
            return Ok(None);
        }
        // Once a minute is often enough to know that somebody is there.
        if touched && over(session.used_at, SignedDuration::from_mins(1)) {
            session.used_at = now;
            self.store.save_session(hash, session.clone()).await?;
        }
        Ok(Some(session))
    }
}
