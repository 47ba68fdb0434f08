//! The figures: how fast the product is, each beside the floor that was measured in the same run. `cargo bench` prints
//! them as a table, `cargo bench -- --json FILE` writes them too, `--only WORD` takes those that have it in their name.

#[path = "figures/burst.rs"]
mod burst;
#[path = "figures/memory.rs"]
mod memory;
#[path = "figures/opening.rs"]
mod opening;
#[path = "figures/reading.rs"]
mod reading;
#[path = "figures/reconnect.rs"]
mod reconnect;
#[path = "figures/recording.rs"]
mod recording;
#[path = "figures/slow.rs"]
mod slow;
#[path = "figures/table.rs"]
mod table;
#[path = "figures/traffic.rs"]
mod traffic;

use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use table::Table;
use warmhand_tests::load::county::County;
use warmhand_tests::load::server;

/// What this run was asked for.
struct Asked {
    json: Option<PathBuf>,
    only: String,
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked {
        json: None,
        only: String::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            // Cargo says so to every benchmark.
            "--bench" => {}
            "--json" => {
                let file = words.next().ok_or("--json needs a FILE")?;
                // Cargo runs benchmarks in their package; a person names files from where the workspace is.
                let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
                asked.json = Some(workspace.join(file));
            }
            "--only" => asked.only = words.next().ok_or("--only needs a WORD")?,
            other => {
                return Err(format!(
                    "\"{other}\" means nothing here; there are --json FILE and --only WORD"
                ));
            }
        }
    }
    Ok(asked)
}

fn grow(county: &mut County, to: usize) {
    let bar = ProgressBar::new(to as u64).with_style(
        ProgressStyle::with_template("writing records {bar:40} {pos}/{len}").expect("a template"),
    );
    county.grow(to, |made| bar.set_position(made as u64));
    bar.finish_and_clear();
}

/// Figures for which one device and one server hold ten thousand records.
const AMONG_MANY: [&str; 7] = [
    "edit_p50_us",
    "edit_p99_us",
    "cold_open_10000_ms",
    "today_10000_ms",
    "accepted_per_s",
    "server_cpu_s_per_1000",
    "server_rss_10000_mb",
];

fn measure(table: &mut Table) {
    let files = tempfile::tempdir().expect("a folder");
    reading::fold(table);
    if !table.wants_records() {
        return;
    }
    let mut county = County::new(&files.path().join("server"));
    let visitor = reconnect::Visitor::enrolled(&county, files.path());
    for records in [100, 1_000, 10_000] {
        if reconnect::is_wanted(table, records) {
            grow(&mut county, records);
            reconnect::measure(table, &mut county, &visitor, records);
        }
    }
    for devices in [50, 500] {
        burst::measure(table, files.path(), devices);
    }
    slow::measure(table, files.path());
    if !AMONG_MANY.iter().any(|name| table.wants(name)) {
        return;
    }
    grow(&mut county, 10_000);
    let path = visitor.synced(&county, "ten-thousand");
    recording::measure(table, &county, &path);
    opening::measure(table, &path, files.path());
    reading::today(table, &path);
    let clients = traffic::clients(table, &mut county, files.path());
    let image = files.path().join("image");
    let folder = county.folder().to_owned();
    drop(county);
    server::copy(&folder, &image);
    traffic::measure(table, &clients, &folder, files.path());
    memory::measure(table, &image, files.path());
}

fn main() {
    if server::serves() {
        return;
    }
    let asked = match asked() {
        Ok(asked) => asked,
        Err(sentence) => {
            eprintln!("{sentence}");
            std::process::exit(2);
        }
    };
    let mut table = Table::new(asked.only);
    measure(&mut table);
    print!("{table}");
    if let Some(file) = asked.json {
        std::fs::write(&file, table.json()).expect("the file is written");
    }
}
