//! Every decoder by itself: real bytes from `__fuzz__`, what once did harm, and a fixed number of mutants of them. Longer
//! by hand: `BOLERO_RANDOM_ITERATIONS=1000000 cargo test --test bytes`.

use super::every::{DECODERS, Decoder, decoder};
use super::swollen::swollen;
use super::{COUNTED, alone, corpora, seeds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use stats_alloc::Region;
use std::time::Duration;
use warmhand_core::wire::MAX_MESSAGE;
use warmhand_tests::mutant::mutant;

/// Mutants of each decoder in every run.
const MUTANTS: u64 = 4_000;
/// What a decoder may ask of the allocator, all in all: so much for its own, and so much for each byte of a message.
const OWN: usize = 8 * 1024 * 1024;
const PER_BYTE: usize = 96;
/// And so often. Time is no measure in a test, since the machine decides it; how often something is made is the same in
/// every run, and nothing here works long without making anything.
const OWN_TIMES: usize = 20_000;
const TIMES_PER_BYTE: usize = 4;

/// Gives a decoder these bytes and counts what it allocates.
fn hold(decoder: Decoder, bytes: &[u8]) {
    let region = Region::new(COUNTED);
    decoder(bytes);
    let spent = region.change();
    let times = spent.allocations + spent.reallocations;
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
    assert!(
        times <= OWN_TIMES + TIMES_PER_BYTE * length,
        "{times} times for {length}"
    );
}

fn held(names: &[&str]) {
    for name in names {
        let decoder = decoder(name);
        alone(|| hold_all(name, decoder));
    }
}

fn hold_all(name: &str, decoder: Decoder) {
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
        let mutant = mutant(&seeds, &mut ChaCha8Rng::seed_from_u64(seed));
        hold(decoder, &mutant);
    }
}

#[test]
fn a_sync_is_read_or_refused_on_both_sides() {
    held(&["sync_request", "sync_answer", "page"]);
}

#[test]
fn a_comparison_is_read_or_refused_on_both_sides() {
    held(&["reconcile_request", "reconcile_answer", "reconcile_frame"]);
}

#[test]
fn what_is_offered_and_fetched_is_read_or_refused_on_both_sides() {
    held(&["docs_request", "docs_answer"]);
}

#[test]
fn a_packed_document_is_built_or_refused() {
    held(&["packed"]);
}

#[test]
fn a_heartbeat_is_read_or_refused_on_both_sides() {
    held(&["heartbeat", "heartbeat_answer"]);
}

#[test]
fn an_enrolment_is_read_or_refused_on_both_sides() {
    held(&["enrol_request", "enrol_answer"]);
}

#[test]
fn a_changes_fields_are_read_or_refused_as_they_come_and_as_they_lie() {
    held(&["change", "kept"]);
}

#[test]
fn an_entry_is_read_or_refused_and_one_that_reads_can_be_written() {
    held(&["entry"]);
}

#[test]
fn a_word_of_a_wiped_device_is_read_or_refused_and_its_boxes_are_opened_or_stay_closed() {
    held(&["wiped_report", "wiped_answer"]);
}

#[test]
fn who_calls_is_read_or_not_believed() {
    held(&["credential", "forwarded"]);
}

#[test]
fn a_file_of_patients_words_is_read_or_refused() {
    held(&["rescue", "story"]);
}

#[test]
fn a_file_of_an_operator_is_read_or_refused_in_one_sentence() {
    held(&["config", "organisation", "certificate"]);
}

#[test]
fn a_file_of_the_servers_own_is_read_or_refused() {
    held(&["key_file", "journal"]);
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
    // How a rescue file begins, and the length of its first part.
    let rescue = [&b"warmhand rescue 1\n"[..], &[7; 16], &[0, 0x10, 0, 0]].concat();
    alone(|| {
        for (shape, bytes) in swollen() {
            for (name, of) in DECODERS {
                println!("{name}: {shape}");
                hold(of, &bytes);
            }
            hold(decoder("rescue"), &[&rescue[..], &bytes].concat());
        }
    });
}

#[test]
fn every_decoder_has_seeds_and_whatever_has_seeds_is_decoded() {
    let folders = std::fs::read_dir(corpora()).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(names, DECODERS.map(|(name, _)| name));
}
