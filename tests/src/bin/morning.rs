//! A load that looks like a morning: fifty devices come back from the night at once, each with work to send and something
//! to fetch, to a server that is a process of its own. Then the floor does the same.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use warmhand_tests::load::burst;
use warmhand_tests::load::county::{County, NURSES};
use warmhand_tests::load::device::Device;
use warmhand_tests::load::floor::{Carried, FloorDevice};
use warmhand_tests::load::pattern::{plain, words};
use warmhand_tests::load::process::{peak_mb, resident_mb, worked};
use warmhand_tests::load::server::{Process, morning, serves};
use warmhand_tests::load::stopwatch::{Lap, percentile};

const DEVICES: usize = 50;
/// What each device recorded during the night.
const RECORDED: usize = 10;
/// What others recorded meanwhile.
const OTHERS: usize = 100;
/// What the server holds already.
const RECORDS: usize = 1_000;

/// What one side's morning was like.
struct Told {
    to_green: Duration,
    syncs: Vec<Lap>,
    carried: Carried,
    cpu: Duration,
    resident_mb: f64,
    peak_mb: f64,
}

fn bar(length: usize, doing: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:36} {bar:40} {pos}/{len}").expect("a template");
    ProgressBar::new(length as u64)
        .with_style(style)
        .with_message(doing)
}

/// Everybody at once: each syncs until it has nothing to say.
fn at_once<D: Send>(
    devices: &mut [D],
    process: &Process,
    bar: &ProgressBar,
    sync: impl Fn(&mut D) -> Carried + Sync,
) -> Told {
    let worked_before = worked(process.id());
    let burst = burst::at_once(devices, sync, || bar.inc(1));
    Told {
        to_green: burst.all.wall,
        carried: burst.carried(),
        syncs: burst.each.into_iter().map(|(_, lap)| lap).collect(),
        cpu: worked(process.id()).saturating_sub(worked_before),
        resident_mb: resident_mb(process.id()),
        peak_mb: peak_mb(process.id()),
    }
}

/// The evening before: devices that have everything, and a server that is then stopped.
struct Evening {
    files: tempfile::TempDir,
    /// What others send during the night, and what each device records: as plain bytes.
    others: Vec<Vec<u8>>,
    own: Vec<Vec<u8>>,
}

impl Evening {
    fn device_file(&self, n: usize) -> PathBuf {
        self.files.path().join(format!("device-{n}.db"))
    }

    fn spend() -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let mut county = County::new(&files.path().join("server"));
        let writing = bar(RECORDS, "writing records");
        county.grow(RECORDS, |made| writing.set_position(made as u64));
        writing.finish_and_clear();
        let mut evening = Self {
            files,
            others: Vec::new(),
            own: Vec::new(),
        };
        let listening = county.listen();
        let evening_sync = bar(DEVICES, "devices fetch everything");
        let mut devices = Vec::new();
        for n in 0..DEVICES {
            let user = format!("n{}", n % NURSES + 1);
            let mut device = county.device(&evening.device_file(n), &listening.url, &user);
            device.sync(morning());
            devices.push(device);
            evening_sync.inc(1);
        }
        evening_sync.finish_and_clear();
        evening.night(&mut county, &mut devices);
        evening
    }

    fn night(&mut self, county: &mut County, devices: &mut [Device]) {
        let others = county.others_write(RECORDS - OTHERS..RECORDS);
        self.others = others.iter().map(plain).collect();
        for (n, device) in devices.iter_mut().enumerate() {
            for at in 0..RECORDED {
                let place = n * RECORDED + at;
                let record = county.records.get(place).expect("a record").doc;
                let text = words(80, &mut county.rng);
                device.does(
                    json!({"AddNote": {"record": record, "text": text}}),
                    morning(),
                );
            }
            device.finds_no_signal(morning());
            let like = self.others.get(n % self.others.len()).expect("a body");
            self.own.extend(vec![like.clone(); RECORDED]);
        }
    }
}

fn product(evening: &Evening, bars: &MultiProgress) -> Told {
    let process = Process::start("product", &evening.files.path().join("server"));
    let bar = bars.add(bar(DEVICES, "product: devices that are green"));
    let mut devices: Vec<_> = (0..DEVICES)
        .map(|n| Device::open(&evening.device_file(n), &process.url, 1_000 + n as u64))
        .collect();
    let told = at_once(&mut devices, &process, &bar, |device| {
        device.sync(morning())
    });
    assert!(devices.iter().all(Device::is_green), "everybody is green");
    told
}

fn floor(evening: &Evening, bars: &MultiProgress) -> Told {
    let file = |name: &str| evening.files.path().join(name);
    let process = Process::start("floor", &file("floor.db"));
    let bar = bars.add(bar(DEVICES, "floor: devices that are done"));
    let mut feeder = FloorDevice::open(&file("feeder.db"), &process.url, 1_000);
    let mut devices: Vec<_> = (0..DEVICES)
        .map(|n| {
            let owner = i64::try_from(n).expect("a small number");
            FloorDevice::open(&file(&format!("floor-{n}.db")), &process.url, owner)
        })
        .collect();
    feeder.record(&evening.others);
    feeder.sync();
    for (device, own) in devices.iter_mut().zip(evening.own.chunks(RECORDED)) {
        device.record(own);
    }
    at_once(&mut devices, &process, &bar, FloorDevice::sync)
}

fn report(product: &Told, floor: &Told) {
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    let of =
        |told: &Told, share| percentile(&told.syncs.iter().map(Lap::ms).collect::<Vec<_>>(), share);
    let rows = [
        (
            "time to all green, ms",
            ms(product.to_green),
            ms(floor.to_green),
        ),
        ("a device's sync, p50, ms", of(product, 0.5), of(floor, 0.5)),
        (
            "a device's sync, p99, ms",
            of(product, 0.99),
            of(floor, 0.99),
        ),
        (
            "requests",
            product.carried.requests as f64,
            floor.carried.requests as f64,
        ),
        (
            "bytes up",
            product.carried.up as f64,
            floor.carried.up as f64,
        ),
        (
            "bytes down",
            product.carried.down as f64,
            floor.carried.down as f64,
        ),
        ("server CPU, ms", ms(product.cpu), ms(floor.cpu)),
        (
            "server memory after, MB",
            product.resident_mb,
            floor.resident_mb,
        ),
        ("server memory at most, MB", product.peak_mb, floor.peak_mb),
        (
            "changes accepted a second",
            (DEVICES * RECORDED) as f64 / product.to_green.as_secs_f64(),
            (DEVICES * RECORDED) as f64 / floor.to_green.as_secs_f64(),
        ),
    ];
    println!(
        "{DEVICES} devices with {RECORDED} changes each to send and {OTHERS} of others to fetch, {RECORDS} records\n"
    );
    println!("| | product | floor | ratio |\n|---|--:|--:|--:|");
    for (name, product, floor) in rows {
        println!(
            "| {name} | {product:.1} | {floor:.1} | {:.2} |",
            product / floor
        );
    }
}

fn main() {
    if serves() {
        return;
    }
    let evening = Evening::spend();
    let bars = MultiProgress::new();
    let product = product(&evening, &bars);
    let floor = floor(&evening, &bars);
    drop(bars);
    report(&product, &floor);
}
