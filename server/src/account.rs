//! Who may sign in on pages: supervisors with a password (argon2id). A visit ends after so long in any case, and sooner
//! without a touch. Refuses to say whether a name exists.

use crate::Server;
use crate::hashing::{fits, hash_password};
use crate::store::{SessionRow, StoreError};
use crate::throttle::Key;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::organisation::Organisation;

/// Nobody is called by more characters; a code of the sheet is shorter in any case.
const LONGEST_NAME: usize = 100;
/// Where too many wait at the door already.
const CROWDED: SignedDuration = SignedDuration::from_secs(30);

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

/// What the database knows of a token.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Server {
    /// Gives a supervisor a password.
    pub async fn set_password(&self, user: UserId, password: String) -> Result<(), StoreError> {
        let salt = self.random.bytes();
        let hash = self
            .hashing
            .run(move || hash_password(&password, &salt))
            .await??;
        self.store.save_account(user, hash).await
    }

    /// Opens a visit: the token for the cookie. The same time passes whether or not the name exists.
    pub async fn sign_in(&self, name: &str, password: String, from: &str) -> Result<String, Shut> {
        if name.chars().nth(LONGEST_NAME).is_some() {
            return Err(Shut::Wrong);
        }
        let now = self.now();
        let user = supervisor(&self.store.sheet().await?, name);
        // However she is called, it is her whose password is guessed.
        let key = match &user {
            Some(user) => Key::of(&["sign-in", "person", user.as_str(), from]),
            None => Key::of(&["sign-in", "nobody", &name.trim().to_lowercase(), from]),
        };
        let address = Key::of(&["sign-in", from]);
        self.throttle.tries(key, now).map_err(Shut::Wait)?;
        if let Err(wait) = self.by_address.tries(address, now) {
            self.throttle.takes_back(key, 1);
            return Err(Shut::Wait(wait));
        }
        let proved = match self.proved(user, password).await {
            Ok(proved) => proved,
            // Nothing was tried.
            Err(shut) => {
                self.throttle.takes_back(key, 1);
                self.by_address.takes_back(address, 1);
                return Err(shut);
            }
        };
        let (user, proved_by) = proved.ok_or(Shut::Wrong)?;
        let token = hex::encode(self.random.bytes::<32>());
        let session = SessionRow {
            user: user.clone(),
            csrf: hex::encode(self.random.bytes::<16>()),
            began_at: now,
            used_at: now,
            reasons: BTreeMap::new(),
        };
        let token_hash = token_hash(&token);
        if !self
            .store
            .begin_session(token_hash, session, proved_by)
            .await?
        {
            return Err(Shut::Wrong);
        }
        // Her own mistakes before were no guesses either.
        let tried = self.throttle.succeeded(key);
        self.by_address.takes_back(address, tried);
        self.store
            .audit(now, user, "signed in", None, String::new())
            .await?;
        Ok(token)
    }

    /// Whoever has this password, and its hash; without a person of the name as much work is done for nothing.
    async fn proved(
        &self,
        user: Option<UserId>,
        password: String,
    ) -> Result<Option<(UserId, String)>, Shut> {
        let known = match &user {
            Some(user) => self.store.account(user.clone()).await?,
            None => None,
        };
        let salt = self.random.bytes();
        let right = self.hashing.run(move || {
            if let Some(hash) = known {
                return fits(&password, &hash).then_some(hash);
            }
            let _ = hash_password(&password, &salt);
            None
        });
        match right.await {
            Ok(right) => Ok(user.zip(right)),
            Err(StoreError::Busy) => Err(Shut::Wait(CROWDED)),
            Err(error) => Err(Shut::Store(error)),
        }
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
        // Once a minute is often enough to know that somebody is there, where a visit lasts longer than a few.
        let often = SignedDuration::from_mins(1).min(idle / 4);
        if touched && over(session.used_at, often) {
            if !self.store.touch_session(hash, now).await? {
                return Ok(None);
            }
            session.used_at = now;
        }
        Ok(Some(session))
    }
}
