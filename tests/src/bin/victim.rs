//! What the crash tests kill: `victim server WORDS...` is the product's own command line; `victim device FILE SERVER
//! SEED` is a device that writes without end and says every command that its core has acknowledged, with what the server
//! had of its work: `wrote TEXT`, `asked` (a screen), `refused WHY`, `green`. SERVER is `-` for a device that is out of reach of it.
//! `victim powerless ...` is the same without what root may do beyond others.

use jiff::ToSpan;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use warmhand_core::app::SyncStep;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::usecase::Command;
use warmhand_tests::load::device::Device;
use warmhand_tests::load::server::morning;

/// After so many commands the device syncs.
const COMMANDS: u64 = 3;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "powerless") {
        words.remove(0);
        // Before there is a second thread: each has its own, and begins with those of the one that made it.
        let none = CapabilitySet::empty();
        let none = CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        };
        set_capabilities(None, none).expect("anybody may have less");
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(does(words))
}

async fn does(words: Vec<String>) -> ExitCode {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", ..] => {
            let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
            let words = words.iter().map(Into::into);
            warmhand_server::cli::run(words, Vec::new(), &mut out, &mut err).await
        }
        ["device", file, server, seed] => {
            let seed = seed.parse().expect("a number");
            tokio::task::block_in_place(|| write(Path::new(file), server, seed))
        }
        _ => ExitCode::from(2),
    }
}

/// The n-th thing that somebody does: a new patient, the answers of a screen (which lie in a document of their own), or a
/// note; and by what it is known again: its text, or else the entry that it made.
fn command(n: u64, seed: u64, record: Option<DocumentId>) -> (Value, Option<String>) {
    let name = format!("{seed}-{n}");
    match (n % 6, record) {
        (0, _) | (_, None) => (
            json!({"OpenRecord": {"site": "home", "preferred_name": name}}),
            Some(name),
        ),
        (2, Some(record)) => (
            json!({"RecordScreen": {"record": record, "instrument": "phq2", "mode": "interview", "items": [1, 0]}}),
            None,
        ),
        (_, Some(record)) => (
            json!({"AddNote": {"record": record, "text": name}}),
            Some(name),
        ),
    }
}

fn write(file: &Path, server: &str, seed: u64) -> ExitCode {
    let mut device = Device::open(file, server, seed);
    let (mut now, mut record) = (morning(), None);
    for n in 0.. {
        now += 1.minute();
        let (asked, text) = command(n, seed, record);
        let asked: Command = serde_json::from_value(asked).expect("a command");
        match device.app.dispatch(asked, now) {
            Ok(done) => {
                record = done.record;
                let made = || done.made.expect("an entry").to_string();
                println!("wrote {}", text.unwrap_or_else(made));
            }
            Err(why) => println!("refused {}", serde_json::to_string(&why).expect("a word")),
        }
        if server != "-" && n % COMMANDS == 0 {
            device.app.sync_wanted();
            while let Ok(SyncStep::Send(asked)) = device.app.sync_next(now) {
                let carried = device.carry(&asked);
                let _ = device.app.sync_answered(asked.number, &carried, now);
            }
            if device.is_green() {
                println!("green");
            }
        }
    }
    ExitCode::SUCCESS
}
