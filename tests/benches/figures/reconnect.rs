//! A device comes back to its server: for the first time, or with ten changes on each side.

use super::table::{Goal, Pairs, Table};
use std::path::{Path, PathBuf};
use warmhand_tests::load::county::County;
use warmhand_tests::load::device::Device;
use warmhand_tests::load::floor::{self, Carried, FloorDevice};
use warmhand_tests::load::pattern::{plain, words};
use warmhand_tests::load::server::morning;
use warmhand_tests::load::stopwatch::{median, timed};

/// Pairs of product and floor.
const PAIRS: usize = 30;
/// What changed on each side while the device was away.
const CHANGED: usize = 10;
/// A first sync of more records than this is measured once.
const MANY: usize = 1_000;

/// The device that comes back: enrolled, and empty.
pub struct Visitor {
    folder: PathBuf,
}

impl Visitor {
    /// Enrols it.
    pub fn enrolled(county: &County, folder: &Path) -> Self {
        let listening = county.listen();
        let visitor = Self {
            folder: folder.to_owned(),
        };
        drop(county.device(&visitor.file("empty"), &listening.url, "n1"));
        visitor
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("visitor-{name}.db"))
    }

    /// The device as it was when it was enrolled, under another file's name.
    fn anew(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        std::fs::copy(self.file("empty"), &path).expect("copied");
        path
    }

    /// The device with everything that the server has.
    pub fn synced(&self, county: &County, name: &str) -> PathBuf {
        let path = self.anew(name);
        let listening = county.listen();
        Device::open(&path, &listening.url, 3).sync(morning());
        path
    }
}

/// Everything that the product's server has, as the floor has it.
pub fn everything(county: &County) -> Vec<Vec<u8>> {
    let changes = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(county.server().store.changes())
        .expect("changes");
    changes
        .into_iter()
        .map(|delivered| {
            delivered
                .change
                .puts
                .into_iter()
                .flat_map(|put| put.text.into_bytes())
                .collect()
        })
        .collect()
}

/// All of it as the least that it could be: the entries' texts, one after the other, as zstd has them.
fn packed(texts: &[Vec<u8>]) -> usize {
    zstd::bulk::compress(&texts.concat(), 3)
        .expect("packed")
        .len()
}

fn names(records: usize) -> [String; 3] {
    [
        format!("reconnect_{records}_"),
        format!("first_sync_{records}_"),
        format!("in_sync_{records}_"),
    ]
}

/// Is any figure with so many records asked for?
pub fn is_wanted(table: &Table, records: usize) -> bool {
    names(records).iter().any(|name| table.wants(name))
}

/// Measures with so many records.
pub fn measure(table: &mut Table, county: &mut County, visitor: &Visitor, records: usize) {
    let names = names(records);
    let files = tempfile::tempdir().expect("a folder");
    let floor = floor::serve(&files.path().join("server.db"));
    let listening = county.listen();
    let mut feeder = FloorDevice::open(&files.path().join("feeder.db"), &floor.url, 1);
    feeder.record(&everything(county));
    feeder.sync();

    let times = if records > MANY { 1 } else { PAIRS };
    let times = if table.wants(&names[1]) { times } else { 1 };
    let (mut pairs, mut shown) = (Pairs::default(), Pairs::default());
    let (mut device, mut plain_device, mut fetched) = (None, None, 0);
    for n in 0..times {
        let path = visitor.anew(&format!("{records}-{n}"));
        // Each is the same device from the same file: drawn alike, an id would be used for two texts.
        let seed = (records * PAIRS + n) as u64;
        let mut fresh = Device::open(&path, &listening.url, seed);
        let (count, product) = timed(|| fresh.fetch(morning()));
        let ((), look) = timed(|| {
            fresh.goes_on(morning());
            fresh.app.today(morning()).expect("the first screen");
        });
        fetched = count.up + count.down;
        let path = files.path().join(format!("device-{n}.db"));
        let mut fresh_plain = FloorDevice::open(&path, &floor.url, 2);
        let (_, least) = timed(|| fresh_plain.sync());
        pairs.push(product, least);
        shown.push(product.and(look), least);
        device = Some(fresh);
        plain_device = Some(fresh_plain);
    }
    let goal = if records > MANY {
        Goal::None
    } else {
        Goal::Times(2.0, "<= 2 x")
    };
    table.pairs(&format!("{}ms", names[1]), "ms", &pairs, goal);
    table.pairs(&format!("{}shown_ms", names[1]), "ms", &shown, Goal::None);
    table.counted(
        &format!("{}bytes", names[1]),
        "B",
        fetched as f64,
        Some(packed(&everything(county)) as f64),
        if records == MANY {
            Goal::Times(1.1, "<= 1.1 x")
        } else {
            Goal::None
        },
    );
    if records < MANY {
        return;
    }
    let (mut device, mut plain_device) = (device.expect("one"), plain_device.expect("one"));
    if !table.wants(&names[0]) && !table.wants(&names[2]) {
        return;
    }

    let (mut pairs, mut shown) = (Pairs::default(), Pairs::default());
    let mut counts: Vec<(Carried, Carried)> = Vec::new();
    for n in 0..PAIRS {
        let first = n * 2 * CHANGED;
        // The others' ten are the server's, this device's ten lie in its file: nobody has told the other yet.
        let theirs: Vec<Vec<u8>> = county
            .others_write(first..first + CHANGED)
            .iter()
            .map(plain)
            .collect();
        let mut ours = Vec::new();
        for at in first + CHANGED..first + 2 * CHANGED {
            let record = county.records.get(at).expect("a record").doc;
            let text = words(80, &mut county.rng);
            let note = serde_json::json!({"AddNote": {"record": record, "text": text}});
            device.does(note, morning());
            let body = theirs.first().expect("a body");
            ours.push(body.clone());
        }
        device.finds_no_signal(morning());
        feeder.record(&theirs);
        feeder.sync();
        plain_device.record(&ours);
        let (mut product, product_lap) = timed(|| device.exchange(morning()));
        assert!(device.is_green(), "everything is on the server");
        let (rest, look) = timed(|| {
            let rest = device.goes_on(morning());
            device.app.today(morning()).expect("the first screen");
            rest
        });
        product.requests += rest.requests;
        let (least, floor_lap) = timed(|| plain_device.sync());
        pairs.push(product_lap, floor_lap);
        shown.push(product_lap.and(look), floor_lap);
        counts.push((product, least));
    }
    report(table, &names[0], &pairs, &counts);
    in_sync(table, &mut device, records);
    // And with the first screen made of it.
    table.pairs(&format!("{}shown_ms", names[0]), "ms", &shown, Goal::None);
}

/// A device that has everything, and has nothing to say, asks.
fn in_sync(table: &mut Table, device: &mut Device, records: usize) {
    device.sync(morning());
    let count = device.exchange(morning());
    let name = format!("in_sync_{records}");
    let figures = [
        (
            "bytes",
            count.up + count.down,
            Goal::AtMost(900.0, "<= 900"),
        ),
        ("bytes_up", count.up, Goal::AtMost(600.0, "<= 600")),
        ("bytes_down", count.down, Goal::AtMost(300.0, "<= 300")),
        ("requests", count.requests, Goal::AtMost(1.0, "1")),
    ];
    for (what, value, goal) in figures {
        let unit = if what == "requests" { "" } else { "B" };
        table.counted(&format!("{name}_{what}"), unit, value as f64, None, goal);
    }
}

fn report(table: &mut Table, name: &str, pairs: &Pairs, counts: &[(Carried, Carried)]) {
    table.pairs(
        &format!("{name}ms"),
        "ms",
        pairs,
        Goal::Times(2.0, "<= 2 x"),
    );
    let of = |read: &dyn Fn(&(Carried, Carried)) -> usize| {
        let values: Vec<f64> = counts.iter().map(|c| read(c) as f64).collect();
        median(&values)
    };
    let both = |c: &Carried| c.up + c.down;
    table.counted(
        &format!("{name}bytes"),
        "B",
        of(&|c| both(&c.0)),
        Some(of(&|c| both(&c.1))),
        Goal::Times(1.5, "<= 1.5 x"),
    );
    table.counted(
        &format!("{name}bytes_up"),
        "B",
        of(&|c| c.0.up),
        Some(of(&|c| c.1.up)),
        Goal::None,
    );
    table.counted(
        &format!("{name}bytes_down"),
        "B",
        of(&|c| c.0.down),
        Some(of(&|c| c.1.down)),
        Goal::None,
    );
    table.counted(
        &format!("{name}requests"),
        "",
        of(&|c| c.0.requests),
        Some(of(&|c| c.1.requests)),
        Goal::AtMost(1.0, "1"),
    );
}
