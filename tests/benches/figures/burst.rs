//! Fifty and five hundred devices come back at once to twenty sites: each says ten things and takes what its site's
//! others have said by then, in one request. The server is in this process, like the devices.

use super::table::{Goal, Pairs, Table};
use serde_json::json;
use std::path::Path;
use warmhand_tests::load::burst::at_once;
use warmhand_tests::load::county::{AT_ONCE, County, NURSES};
use warmhand_tests::load::device::Device;
use warmhand_tests::load::floor::{self, FloorDevice};
use warmhand_tests::load::pattern::words;
use warmhand_tests::load::server::{Listening, morning};

/// What each device recorded.
const RECORDED: usize = 10;
/// A burst is had so many times: the floor of one that is over soon moves by half.
const fn times(devices: usize) -> usize {
    if devices > 100 { 3 } else { 15 }
}

/// In so many records of a site something is recorded in one burst, in each by several devices; in the next in others, so
/// that every record is as long as the first.
const fn span(devices: usize) -> usize {
    devices.div_ceil(NURSES) + RECORDED
}

/// Where a record of a site lies among those of the county.
const fn place(site: usize, record: usize) -> usize {
    (record / AT_ONCE * NURSES + site) * AT_ONCE + record % AT_ONCE
}

/// Measures with so many devices.
pub fn measure(table: &mut Table, files: &Path, devices: usize) {
    let name = format!("burst_{devices}_ms");
    if !table.wants(&name) {
        return;
    }
    let files = files.join(&name);
    std::fs::create_dir_all(&files).expect("a folder");
    let mut county = County::of_sites(&files.join("server"), NURSES);
    let per_site = times(devices) * span(devices);
    county.grow(NURSES * per_site.next_multiple_of(AT_ONCE), |_| ());
    let listening = county.listen();
    let mut product: Vec<Device> = (0..devices)
        .map(|n| {
            let path = files.join(format!("device-{n}.db"));
            let mut device = county.device(&path, &listening.url, &format!("n{}", n % NURSES + 1));
            device.sync(morning());
            device
        })
        .collect();
    let (_floor, mut least) = floors(&files, devices);
    let mut pairs = Pairs::default();
    for burst in 0..times(devices) {
        let bodies = record(&mut county, &mut product, burst);
        for (n, device) in least.iter_mut().enumerate() {
            let own = bodies.iter().skip(n % bodies.len()).cycle().take(RECORDED);
            device.record(&own.cloned().collect::<Vec<_>>());
        }
        let product_burst = at_once(&mut product, |d| d.exchange(morning()), || ());
        let least_burst = at_once(&mut least, FloorDevice::sync, || ());
        pairs.push(product_burst.all, least_burst.all);
        // Whatever is left to fetch, before they come again.
        for device in &mut product {
            device.sync(morning());
            assert!(device.is_green(), "everything is on the server");
        }
        for device in &mut least {
            device.sync();
        }
    }
    let goal = match devices {
        50 => Goal::Times(3.0, "<= 3 x"),
        _ => Goal::None,
    };
    table.pairs(&name, "ms", &pairs, goal);
}

/// The floor's devices, of as many sites: one server for all, as the product's.
fn floors(files: &Path, devices: usize) -> (Listening, Vec<FloorDevice>) {
    let floor = floor::serve(&files.join("floor-server.db"));
    let number = |n: usize| i64::try_from(n).expect("a small number");
    let device = |n: usize| {
        let path = files.join(format!("floor-{n}.db"));
        let mut device = FloorDevice::open_at(&path, &floor.url, number(n % NURSES), number(n));
        // Like the product's it comes back on a kept connection.
        device.sync();
        device
    };
    let least = (0..devices).map(device).collect();
    (floor, least)
}

/// Ten notes on each device, in records of its site. As plain bytes: what one device's are like.
fn record(county: &mut County, devices: &mut [Device], burst: usize) -> Vec<Vec<u8>> {
    let first = burst * span(devices.len());
    for (n, device) in devices.iter_mut().enumerate() {
        for at in 0..RECORDED {
            let place = place(n % NURSES, first + n / NURSES + at);
            let record = county.records.get(place).expect("a record").doc;
            let text = words(80, &mut county.rng);
            let note = json!({"AddNote": {"record": record, "text": text}});
            device.does(note, morning());
        }
        device.finds_no_signal(morning());
    }
    let like = words(400, &mut county.rng).into_bytes();
    vec![like; RECORDED]
}
