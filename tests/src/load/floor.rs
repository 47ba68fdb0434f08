//! The floor: the least that could carry the same words. One endpoint of axum over `SQLite`, one POST on a kept
//! connection with the plain bytes, one commit with `synchronous=FULL` at each end. It checks nothing, signs nothing,
//! folds nothing and shows nothing to anybody.

use super::server::Listening;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior, params};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use ureq::Agent;

const MOST: usize = 256 * 1024 * 1024;

/// A database as the floor has it: durable, and one table.
pub fn database(path: &Path) -> Connection {
    let db = Connection::open(path).expect("a database");
    db.query_row("pragma journal_mode = wal", [], |_| Ok(()))
        .expect("a log");
    db.pragma_update(None, "synchronous", "full")
        .expect("durable");
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .expect("planned once");
    db.execute_batch(
        "create table if not exists item (place integer primary key, site integer, owner integer, sent integer, body blob);
         create index if not exists item_unsent on item (place) where sent = 0;",
    )
    .expect("a table");
    db
}

/// Bodies one after the other, each behind its length; first of all a number.
fn packed<'a>(number: i64, bodies: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    for body in bodies {
        let len = u32::try_from(body.len()).expect("a short body");
        bytes.extend(len.to_be_bytes());
        bytes.extend(body);
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> (i64, Vec<&[u8]>) {
    let (number, mut rest) = bytes.split_at(8);
    let mut bodies = Vec::new();
    while let Some((len, more)) = rest.split_first_chunk::<4>() {
        let (body, after) = more.split_at(u32::from_be_bytes(*len) as usize);
        bodies.push(body);
        rest = after;
    }
    (
        i64::from_be_bytes(number.try_into().expect("eight bytes")),
        bodies,
    )
}

type Shared = Arc<Mutex<Connection>>;

/// Takes what a device sends and gives back what others of its site sent since the place that it names.
fn exchange(db: &Shared, site: i64, owner: i64, body: &[u8]) -> Vec<u8> {
    let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
    let (since, bodies) = unpacked(body);
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .expect("a transaction");
    for body in bodies {
        transaction
            .prepare_cached("insert into item (site, owner, sent, body) values (?1, ?2, 1, ?3)")
            .expect("a statement")
            .execute(params![site, owner, body])
            .expect("inserted");
    }
    let head: i64 = transaction
        .query_row("select coalesce(max(place), 0) from item", [], |row| {
            row.get(0)
        })
        .expect("a head");
    let others: Vec<Vec<u8>> = transaction
        .prepare_cached(
            "select body from item where place > ?1 and site = ?2 and owner != ?3 order by place",
        )
        .expect("a statement")
        .query_map([since, site, owner], |row| row.get(0))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("bodies");
    transaction.commit().expect("durable");
    packed(head, others.iter().map(Vec::as_slice))
}

/// The floor's server on a socket, with its database in a file.
pub fn serve(path: &Path) -> Listening {
    let db: Shared = Arc::new(Mutex::new(database(path)));
    let app = axum::Router::new()
        .route(
            "/{site}/{owner}",
            post(
                |State(db): State<Shared>,
                 axum::extract::Path((site, owner)): axum::extract::Path<(i64, i64)>,
                 body: Bytes| async move {
                    tokio::task::spawn_blocking(move || exchange(&db, site, owner, &body))
                        .await
                        .unwrap_or_default()
                },
            ),
        )
        .layer(DefaultBodyLimit::max(MOST))
        .with_state(db);
    Listening::to(app)
}

/// The floor's device.
pub struct FloorDevice {
    db: Connection,
    agent: Agent,
    url: String,
    since: i64,
}

/// What one exchange carried, in bytes of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// To the server.
    pub up: usize,
    /// From it.
    pub down: usize,
    /// In so many requests.
    pub requests: usize,
}

impl FloorDevice {
    /// A device with its database in a file, where everybody is at one site.
    pub fn open(path: &Path, server: &str, owner: i64) -> Self {
        Self::open_at(path, server, 0, owner)
    }

    /// A device of a site: it is given nothing of another's.
    pub fn open_at(path: &Path, server: &str, site: i64, owner: i64) -> Self {
        Self {
            db: database(path),
            agent: super::device::agent(),
            url: format!("{server}/{site}/{owner}"),
            since: 0,
        }
    }

    /// Records something, to be sent.
    pub fn record(&mut self, bodies: &[Vec<u8>]) {
        let transaction = self.db.transaction().expect("a transaction");
        for body in bodies {
            transaction
                .prepare_cached("insert into item (owner, sent, body) values (0, 0, ?1)")
                .expect("a statement")
                .execute([body])
                .expect("inserted");
        }
        transaction.commit().expect("durable");
    }

    /// Sends these and keeps nothing: what a server takes is all that is asked.
    pub fn push(&mut self, bodies: &[Vec<u8>]) {
        let asked = packed(i64::MAX, bodies.iter().map(Vec::as_slice));
        let mut answer = self
            .agent
            .post(&self.url)
            .send(asked.as_slice())
            .expect("an answer");
        answer.body_mut().read_to_vec().expect("a body");
    }

    /// Sends what waits, fetches what is new, keeps it.
    pub fn sync(&mut self) -> Carried {
        let waiting: Vec<(i64, Vec<u8>)> = self
            .db
            .prepare_cached("select place, body from item where sent = 0 order by place")
            .expect("a statement")
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("rows")
            .collect::<Result<_, _>>()
            .expect("bodies");
        let asked = packed(self.since, waiting.iter().map(|(_, body)| body.as_slice()));
        let mut answer = self
            .agent
            .post(&self.url)
            .send(asked.as_slice())
            .expect("an answer");
        let answer = answer
            .body_mut()
            .with_config()
            .limit(MOST as u64)
            .read_to_vec()
            .expect("a body");
        let (head, others) = unpacked(&answer);
        let transaction = self.db.transaction().expect("a transaction");
        for body in others {
            transaction
                .prepare_cached("insert into item (owner, sent, body) values (1, 1, ?1)")
                .expect("a statement")
                .execute([body])
                .expect("inserted");
        }
        for (place, _) in &waiting {
            transaction
                .prepare_cached("update item set sent = 1 where place = ?1")
                .expect("a statement")
                .execute([place])
                .expect("marked");
        }
        transaction.commit().expect("durable");
        self.since = head;
        Carried {
            up: asked.len(),
            down: answer.len(),
            requests: 1,
        }
    }
}
