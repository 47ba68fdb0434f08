//! Everything that reads what a network or a file brings, by the name under which its seeds lie.

use minicbor::{Decode, Encode};
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::LazyLock;
use uuid::Uuid;
use warmhand_core::document::{Change, kept, seal};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{
    Delivered, DeliveredDocument, DocsAnswer, DocsRequest, DocumentDigest, EnrolAnswer,
    EnrolRequest, Heartbeat, HeartbeatAnswer, Holding, MAX_FRAME, MAX_MESSAGE, Packed,
    PushedChange, PushedDocument, ReconcileAnswer, ReconcileRequest, RescueParts, SyncAnswer,
    SyncRequest, WipedAnswer, WipedReport, unpack,
};
use warmhand_server::caller::Proxies;
use warmhand_server::config::{Config, Flags, Values};
use warmhand_server::key_file::KeyFile;
use warmhand_server::tls::{Tls, TlsFiles};
use warmhand_server::{journal, sealing, story};

pub type Decoder = fn(&[u8]);

/// Every decoder. What is not here has no seeds, and what has seeds is here.
pub const DECODERS: [(&str, Decoder); 27] = [
    ("certificate", certificate),
    ("change", change),
    ("config", config),
    ("credential", credential),
    ("docs_answer", docs_answer),
    ("docs_request", said_again::<DocsRequest>),
    ("enrol_answer", enrol_answer),
    ("enrol_request", said_again::<EnrolRequest>),
    ("entry", entry),
    ("forwarded", forwarded),
    ("heartbeat", said_again::<Heartbeat>),
    ("heartbeat_answer", said_again::<HeartbeatAnswer>),
    ("journal", journal_lines),
    ("kept", kept_change),
    ("key_file", |bytes| {
        drop(KeyFile::read(on_disk(bytes).path()))
    }),
    ("organisation", |bytes| {
        drop(Organisation::parse(&text(bytes)))
    }),
    ("packed", packed),
    ("page", page),
    ("reconcile_answer", said_again::<ReconcileAnswer>),
    ("reconcile_frame", reconcile_frame),
    ("reconcile_request", said_again::<ReconcileRequest>),
    ("rescue", rescue),
    ("story", |bytes| drop(story::read("a story", &text(bytes)))),
    ("sync_answer", sync_answer),
    ("sync_request", sync_request),
    ("wiped_answer", said_again::<WipedAnswer>),
    ("wiped_report", wiped_report),
];

/// The decoder of this name.
pub fn decoder(name: &str) -> Decoder {
    let found = DECODERS.iter().find(|(of, _)| *of == name);
    found.unwrap_or_else(|| panic!("{name} is no decoder")).1
}

/// A message that reads is one that can be said again.
fn message<T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let read: T = unpack(bytes).ok()?;
    let again = minicbor::to_vec(&read).unwrap();
    assert_eq!(minicbor::decode::<T>(&again).unwrap(), read);
    Some(read)
}

fn said_again<T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug>(bytes: &[u8]) {
    let _ = message::<T>(bytes);
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file of these bytes: what reads it reads files alone.
fn on_disk(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn pushed(pushed: &PushedChange) {
    sealed(&pushed.change);
}

fn sealed(change: &Change) {
    if seal(change.clone()).is_ok() {
        for put in &change.puts {
            let _ = Entry::parse(&put.text);
        }
    }
}

fn change(bytes: &[u8]) {
    if let Ok(change) = minicbor::decode::<Change>(bytes) {
        sealed(&change);
    }
}

/// Of a database: how long the fields are, these, and the bytes of the change.
fn kept_change(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    if let Some((fields, bytes)) = rest.split_at_checked(length)
        && let Some(change) = kept(fields, bytes)
    {
        sealed(&change);
    }
}

fn entry(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(entry) = Entry::parse(&text) {
        let again = entry.to_text().unwrap();
        assert!(Entry::parse(&again).is_ok() || again.len() > text.len());
    }
}

fn sync_request(bytes: &[u8]) {
    if let Some(request) = message::<SyncRequest>(bytes) {
        let changes = request.push.iter().flat_map(|p| &p.changes);
        changes.for_each(pushed);
    }
}

fn sync_answer(bytes: &[u8]) {
    if let Some(answer) = message::<SyncAnswer>(bytes) {
        let docs = answer.docs.open().unwrap_or_default();
        docs.iter().for_each(delivered);
    }
}

fn page(bytes: &[u8]) {
    let docs = message::<Vec<DeliveredDocument>>(bytes).unwrap_or_default();
    docs.iter().for_each(delivered);
}

fn docs_answer(bytes: &[u8]) {
    if let Some(answer) = message::<DocsAnswer>(bytes) {
        answer.docs.iter().for_each(delivered);
    }
}

fn enrol_answer(bytes: &[u8]) {
    if let Some(answer) = message::<EnrolAnswer>(bytes) {
        let _ = Organisation::parse(&answer.sheet.text);
    }
}

/// A hundred documents, and one that a frame of the seeds may well speak of.
static HOLDING: LazyLock<Holding> = LazyLock::new(|| {
    let mut holding = Holding::default();
    for n in 0..100_u8 {
        let at = Uuid::from_u128(0x019c_b0ff_0000_7000_8000_0000_0000_0000 + (u128::from(n) << 82));
        holding.add(DocumentId(at), DocumentDigest([n; 32]));
    }
    holding
});

fn reconcile_frame(bytes: &[u8]) {
    let answer = HOLDING.answer(bytes);
    assert!(answer.len() <= 2 * usize::try_from(MAX_FRAME).unwrap());
}

fn packed(bytes: &[u8]) {
    if let Ok(packed) = minicbor::decode::<Packed>(bytes) {
        built(&packed);
    }
}

/// What is built is what is packed again; no hostile columns build more than they say.
fn built(packed: &Packed) {
    let Ok(changes) = packed.rebuild(DocumentId(Uuid::nil())) else {
        return;
    };
    let text = changes.iter().map(|(sealed, _)| sealed.change.text_bytes());
    let words = packed.texts.read().expect("texts that were just read");
    assert_eq!(
        text.sum::<usize>(),
        words.iter().map(String::len).sum::<usize>()
    );
    assert!(words.concat().len() <= MAX_MESSAGE);
}

fn delivered(delivered: &DeliveredDocument) {
    if let Delivered::Whole(columns) = &delivered.content
        && let Ok(packed) = columns.read()
    {
        built(&packed);
    }
}

fn rescue(bytes: &[u8]) {
    // What no key opens is refused there: so that what lies within is read too, nothing is closed here.
    let Ok(parts) = RescueParts::of(bytes, |_, closed| Some(closed.0.clone())) else {
        return;
    };
    for part in parts.map_while(Result::ok) {
        part.docs.iter().flat_map(|p| &p.changes).for_each(pushed);
    }
}

fn keys() -> KeyFile {
    KeyFile::new([7; 16], [9; 32], jiff::Timestamp::UNIX_EPOCH)
}

fn wiped_report(bytes: &[u8]) {
    let Some(report) = message::<WipedReport>(bytes) else {
        return;
    };
    let keys = keys();
    for closed in report.brings.iter().take(4) {
        if let Some(within) = sealing::open(&keys, DeviceId(Uuid::nil()), closed) {
            said_again::<PushedDocument>(&within);
        }
    }
}

fn credential(bytes: &[u8]) {
    let _ = keys().device_of(&text(bytes));
}

fn forwarded(bytes: &[u8]) {
    let proxies = Proxies::parse("10.0.0.5, 192.0.2.0/24, 2001:db8::/32").unwrap();
    let Ok(value) = axum::http::HeaderValue::from_bytes(bytes) else {
        return;
    };
    let headers = [("x-forwarded-for".parse().unwrap(), value)];
    let peer: IpAddr = [10, 0, 0, 5].into();
    let _ = proxies.caller(peer, &headers.into_iter().collect());
}

fn certificate(bytes: &[u8]) {
    let file = on_disk(bytes);
    let files = TlsFiles {
        certificate: file.path().to_owned(),
        key: file.path().to_owned(),
        name: Some("localhost".to_owned()),
    };
    if let Err(sentence) = Tls::load(files, jiff::Timestamp::UNIX_EPOCH) {
        assert!(!sentence.is_empty());
    }
}

fn config(bytes: &[u8]) {
    let file = on_disk(bytes);
    let flags = Flags {
        file: Some(file.path().to_owned()),
        ..Flags::default()
    };
    let read = Values::gather(&flags, &[]).and_then(|values| Config::read(&values));
    if let Err(sentence) = read {
        assert!(!sentence.is_empty());
    }
}

fn journal_lines(bytes: &[u8]) {
    if let Ok(lines) = journal::read(on_disk(bytes).path()) {
        let _ = journal::revoked(&lines);
        let _ = journal::people(&lines);
    }
}
