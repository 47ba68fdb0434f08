//! Plays histories of the simulator: any range of seeds, or a kept one again. Ends with 1 and the shortest history if
//! something does not hold.

use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use warmhand_tests::simulator::{Failure, History, Kept, Oracle, Run, Simulator, run};

const USAGE: &str = "simulate --seeds N [--from S] [--keep FILE] | --replay FILE | --oracles";

enum Wanted {
    Seeds {
        from: u64,
        count: u64,
        keep: Option<PathBuf>,
    },
    Replay(PathBuf),
    Oracles,
}

fn wanted() -> Option<Wanted> {
    let (mut from, mut count, mut keep, mut replay) = (0, None, None, None);
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        match flag.as_str() {
            "--oracles" => return Some(Wanted::Oracles),
            "--seeds" => count = Some(given.next()?.parse().ok()?),
            "--from" => from = given.next()?.parse().ok()?,
            "--keep" => keep = Some(PathBuf::from(given.next()?)),
            "--replay" => replay = Some(PathBuf::from(given.next()?)),
            _ => return None,
        }
    }
    match (replay, count) {
        (Some(file), _) => Some(Wanted::Replay(file)),
        (None, Some(count)) => Some(Wanted::Seeds { from, count, keep }),
        (None, None) => None,
    }
}

fn tell(run: &Run) {
    let tally = &run.tally;
    println!(
        "{} operations, {} requests, {} entries written",
        tally.operations, tally.requests, tally.entries
    );
    for (fault, count) in &tally.faults {
        println!("  {:24} {count}", format!("{fault:?}"));
    }
    println!(
        "ended at {} different storage calls of the server and {} of a device",
        tally.server_places.len(),
        tally.device_places.len()
    );
}

fn fail(seed: u64, failure: &Failure, keep: Option<PathBuf>) {
    let simulator = Simulator::default();
    println!(
        "seed {seed} fails: {failure}\n  {}",
        failure.oracle.promise()
    );
    let history = simulator.shortest(&History::of(seed), failure.oracle);
    let played = simulator.play(&history, true);
    let kept = Kept {
        says: played
            .failure
            .map_or_else(String::new, |failure| failure.to_string()),
        waits_for: None,
        history,
    };
    println!(
        "shortest history, {} operations:",
        kept.history.operations.len()
    );
    for line in &played.trace {
        println!("  {line}");
    }
    let file = keep.unwrap_or_else(|| PathBuf::from(format!("simulator-{seed}.json")));
    match std::fs::write(&file, kept.to_text()) {
        Ok(()) => println!("kept; again: simulate --replay {}", file.display()),
        Err(error) => println!(
            "not kept in {}: {error}\n{}",
            file.display(),
            kept.to_text()
        ),
    }
}

fn replay(file: &PathBuf) -> Result<bool, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let kept = Kept::parse(&text)?;
    let played = Simulator::default().play(&kept.history, true);
    for line in &played.trace {
        println!("{line}");
    }
    Ok(played.failure.is_none())
}

fn main() -> ExitCode {
    match wanted() {
        Some(Wanted::Oracles) => {
            for oracle in Oracle::ALL {
                println!(
                    "{:2} {:12} {}",
                    oracle.number(),
                    format!("{oracle:?}"),
                    oracle.promise()
                );
            }
            ExitCode::SUCCESS
        }
        Some(Wanted::Replay(file)) => match replay(&file) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(sentence) => {
                eprintln!("{sentence}");
                ExitCode::FAILURE
            }
        },
        Some(Wanted::Seeds { from, count, keep }) => {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} histories, {eta} left");
            let bar = ProgressBar::new(count).with_style(style.expect("a template"));
            let done = run(from..from + count, || bar.inc(1));
            bar.finish_and_clear();
            println!("{} histories from seed {from}", bar.position());
            tell(&done);
            match &done.failure {
                Some((seed, failure)) => {
                    fail(*seed, failure, keep);
                    ExitCode::FAILURE
                }
                None => {
                    println!("every oracle holds");
                    ExitCode::SUCCESS
                }
            }
        }
        None => {
            eprintln!("usage: {USAGE}");
            ExitCode::FAILURE
        }
    }
}
