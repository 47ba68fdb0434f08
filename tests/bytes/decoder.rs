//! Every decoder by itself: real bytes from `__fuzz__`, what once did harm, and a fixed number of mutants of them. Longer
//! by hand: `BOLERO_RANDOM_ITERATIONS=1000000 cargo test --test bytes`.

use super::swollen::swollen;
use super::{COUNTED, alone, seeds};
use minicbor::{Decode, Encode};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use stats_alloc::Region;
use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Duration;
use uuid::Uuid;
use warmhand_core::document::{Change, seal};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{
    Delivered, DeliveredDocument, DocsAnswer, DocsRequest, DocumentDigest, EnrolAnswer,
    EnrolRequest, Heartbeat, HeartbeatAnswer, Holding, MAX_FRAME, MAX_MESSAGE, Packed,
    PushedChange, PushedDocument, ReconcileAnswer, ReconcileRequest, RescueParts, SyncAnswer,
    SyncRequest, WipedAnswer, WipedReport, unpack,
};
use warmhand_server::config::{Config, Flags, Values};
use warmhand_server::key_file::KeyFile;
use warmhand_server::sealing;
use warmhand_tests::mutant::mutant;

/// Mutants of each decoder in every run.
const MUTANTS: u64 = 4_000;
/// What a decoder may ask of the allocator, all in all: so much for its own, and so much for each byte of a message.
const OWN: usize = 8 * 1024 * 1024;
const PER_BYTE: usize = 96;

type Decoder = fn(&[u8]);

/// Gives a decoder these bytes and counts what it allocates.
fn hold(decoder: Decoder, bytes: &[u8]) {
    let region = Region::new(COUNTED);
    decoder(bytes);
    let spent = region.change();
    let spent = spent.bytes_allocated + spent.bytes_reallocated.max(0).unsigned_abs();
    // Packed, a message may be as long as any.
    let length = if bytes.first() == Some(&1) {
        MAX_MESSAGE
    } else {
        bytes.len()
    };
    assert!(
        spent <= OWN + PER_BYTE * length,
        "{spent} bytes for {length}"
    );
}

fn held(name: &str, decoder: Decoder) {
    alone(|| {
        let seeds = seeds(name);
        bolero::check!(name = name)
            .with_iterations(0)
            .with_test_time(Duration::MAX)
            .for_each(|bytes: &[u8]| {
                hold(decoder, bytes);
                // The engine's bytes say which mutant comes next.
                let mut recipe = [0; 32];
                recipe
                    .iter_mut()
                    .zip(bytes)
                    .for_each(|(to, from)| *to = *from);
                hold(decoder, &mutant(&seeds, &mut ChaCha8Rng::from_seed(recipe)));
            });
        for seed in 0..MUTANTS {
            hold(
                decoder,
                &mutant(&seeds, &mut ChaCha8Rng::seed_from_u64(seed)),
            );
        }
    });
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

#[test]
fn a_sync_request_is_read_or_refused() {
    held("sync_request", |bytes| {
        if let Some(request) = message::<SyncRequest>(bytes) {
            request
                .push
                .iter()
                .flat_map(|p| &p.changes)
                .for_each(pushed);
        }
    });
}

#[test]
fn the_answer_to_a_sync_is_read_or_refused() {
    held("sync_answer", |bytes| {
        if let Some(answer) = message::<SyncAnswer>(bytes) {
            let docs = answer.docs.open().unwrap_or_default();
            docs.iter().for_each(delivered);
        }
    });
}

#[test]
fn a_page_is_read_or_refused() {
    held("page", |bytes| {
        let docs = message::<Vec<DeliveredDocument>>(bytes).unwrap_or_default();
        docs.iter().for_each(delivered);
    });
}

#[test]
fn a_comparison_is_read_or_refused_on_both_sides() {
    held("reconcile_request", said_again::<ReconcileRequest>);
    held("reconcile_answer", said_again::<ReconcileAnswer>);
}

#[test]
fn what_is_offered_and_fetched_is_read_or_refused_on_both_sides() {
    held("docs_request", said_again::<DocsRequest>);
    held("docs_answer", |bytes| {
        if let Some(answer) = message::<DocsAnswer>(bytes) {
            answer.docs.iter().for_each(delivered);
        }
    });
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

#[test]
fn a_round_of_reconciliation_is_answered_within_its_limit() {
    held("reconcile_frame", |bytes| {
        let answer = HOLDING.answer(bytes);
        assert!(answer.len() <= 2 * usize::try_from(MAX_FRAME).unwrap());
    });
}

#[test]
fn a_packed_document_is_built_or_refused() {
    held("packed", |bytes| {
        if let Ok(packed) = minicbor::decode::<Packed>(bytes) {
            built(&packed);
        }
    });
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

#[test]
fn a_heartbeat_is_read_or_refused_on_both_sides() {
    held("heartbeat", said_again::<Heartbeat>);
    held("heartbeat_answer", said_again::<HeartbeatAnswer>);
}

#[test]
fn an_enrolment_is_read_or_refused_on_both_sides() {
    held("enrol_request", said_again::<EnrolRequest>);
    held("enrol_answer", |bytes| {
        if let Some(answer) = message::<EnrolAnswer>(bytes) {
            let _ = Organisation::parse(&answer.sheet.text);
        }
    });
}

#[test]
fn a_changes_fields_are_read_or_refused() {
    held("change", |bytes| {
        if let Ok(change) = minicbor::decode::<Change>(bytes) {
            sealed(&change);
        }
    });
}

#[test]
fn an_entry_is_read_or_refused_and_one_that_reads_can_be_written() {
    held("entry", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(entry) = Entry::parse(&text) {
            let again = entry.to_text().unwrap();
            assert!(Entry::parse(&again).is_ok() || again.len() > text.len());
        }
    });
}

#[test]
fn a_sheet_is_read_or_refused() {
    held("organisation", |bytes| {
        let _ = Organisation::parse(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn a_rescue_file_is_read_or_refused() {
    held("rescue", |bytes| {
        // What no key opens is refused there: so that what lies within is read too, nothing is closed here.
        let Ok(parts) = RescueParts::of(bytes, |_, closed| Some(closed.0.clone())) else {
            return;
        };
        for part in parts.map_while(Result::ok) {
            part.docs.iter().flat_map(|p| &p.changes).for_each(pushed);
        }
    });
}

/// A file of these bytes: what reads it reads files alone.
fn on_disk(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

#[test]
fn a_word_of_a_wiped_device_is_read_or_refused_and_its_boxes_are_opened_or_stay_closed() {
    held("wiped_report", |bytes| {
        let Some(report) = message::<WipedReport>(bytes) else {
            return;
        };
        let keys = KeyFile::new([7; 16], [9; 32], jiff::Timestamp::UNIX_EPOCH);
        for closed in report.brings.iter().take(4) {
            if let Some(within) = sealing::open(&keys, DeviceId(uuid::Uuid::nil()), closed) {
                said_again::<PushedDocument>(&within);
            }
        }
    });
    held("wiped_answer", said_again::<WipedAnswer>);
}

#[test]
fn a_config_is_read_or_refused_in_one_sentence() {
    held("config", |bytes| {
        let file = on_disk(bytes);
        let flags = Flags {
            file: Some(file.path().to_owned()),
            ..Flags::default()
        };
        let read = Values::gather(&flags, &[]).and_then(|values| Config::read(&values));
        if let Err(sentence) = read {
            assert!(!sentence.is_empty());
        }
    });
}

#[test]
fn a_key_file_is_read_or_refused() {
    held("key_file", |bytes| {
        drop(KeyFile::read(on_disk(bytes).path()))
    });
}

#[test]
fn a_story_is_played_or_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    alone(|| {
        let seeds = seeds("story");
        for seed in 0..200 {
            let text = mutant(&seeds, &mut ChaCha8Rng::seed_from_u64(seed));
            let text = String::from_utf8_lossy(&text);
            let played = runtime.block_on(warmhand_server::story::play("a story", &text, None));
            drop(played);
        }
    });
}

#[test]
fn what_swells_is_refused_by_every_decoder() {
    let decoders: [(&str, Decoder); 11] = [
        ("a sync", said_again::<SyncRequest>),
        ("its answer", said_again::<SyncAnswer>),
        ("a comparison", said_again::<ReconcileRequest>),
        ("its answer with documents", said_again::<DocsAnswer>),
        ("a packed document", |bytes| {
            if let Ok(packed) = minicbor::decode::<Packed>(bytes) {
                built(&packed);
            }
        }),
        ("a word of a wiped device", said_again::<WipedReport>),
        ("a change", |bytes| drop(minicbor::decode::<Change>(bytes))),
        ("an entry", |bytes| {
            drop(Entry::parse(&String::from_utf8_lossy(bytes)))
        }),
        ("a sheet", |bytes| {
            drop(Organisation::parse(&String::from_utf8_lossy(bytes)))
        }),
        ("a rescue file", |bytes| {
            let head = [&b"warmhand rescue 1\n"[..], &[7; 16], &[0, 0x10, 0, 0]].concat();
            let file = [&head[..], bytes].concat();
            let parts = RescueParts::of(&file[..], |_, closed| Some(closed.0.clone()));
            parts.into_iter().flatten().for_each(drop);
        }),
        ("a config", |bytes| {
            let file = on_disk(bytes);
            let flags = Flags {
                file: Some(file.path().to_owned()),
                ..Flags::default()
            };
            drop(Values::gather(&flags, &[]));
        }),
    ];
    alone(|| {
        for (shape, bytes) in swollen() {
            for (name, decoder) in decoders {
                println!("{name}: {shape}");
                hold(decoder, &bytes);
            }
        }
    });
}
