//! Over a slow link, which is computed: a new phone fetches five hundred handoffs, and a phone brings a week's work.

use super::table::{Goal, Table};
use serde_json::json;
use std::path::Path;
use warmhand_tests::load::county::County;
use warmhand_tests::load::device::Device;
use warmhand_tests::load::floor::{self, FloorDevice};
use warmhand_tests::load::link::Link;
use warmhand_tests::load::pattern::{plain, words};
use warmhand_tests::load::server::morning;
use warmhand_tests::load::stopwatch::timed;

/// Handoffs on a new device.
const HANDOFFS: usize = 500;
/// A week without a signal: what forty visits leave behind.
const BACKLOG: usize = 320;

/// Syncs over the link until there is nothing to say; seconds, the work at both ends with it.
fn over_the_link(device: &mut Device) -> f64 {
    let mut link = Link::new(1);
    device.app.sync_wanted();
    let mut worked = 0.0;
    loop {
        let (carried, lap) = timed(|| device.request(morning()));
        worked += lap.wall.as_secs_f64();
        let Some(carried) = carried else { break };
        link.carries(carried.up);
        link.carries(carried.down);
    }
    link.took.as_secs_f64() + worked
}

fn floor_over_the_link(device: &mut FloorDevice) -> f64 {
    let mut link = Link::new(1);
    let (carried, lap) = timed(|| device.sync());
    link.carries(carried.up);
    link.carries(carried.down);
    link.took.as_secs_f64() + lap.wall.as_secs_f64()
}

/// Measures.
pub fn measure(table: &mut Table, files: &Path) {
    let names = ["first_sync_500_slow_link_s", "backlog_slow_link_s"];
    if !names.iter().any(|name| table.wants(name)) {
        return;
    }
    let files = files.join("slow");
    std::fs::create_dir_all(&files).expect("a folder");
    let mut county = County::new(&files.join("server"));
    county.grow(HANDOFFS, |_| ());
    let listening = county.listen();
    let floor = floor::serve(&files.join("floor-server.db"));
    let mut feeder = FloorDevice::open(&files.join("feeder.db"), &floor.url, 1);
    feeder.record(&super::reconnect::everything(&county));
    feeder.sync();

    let mut phone = county.device(&files.join("phone.db"), &listening.url, "n1");
    let mut plain_phone = FloorDevice::open(&files.join("floor-phone.db"), &floor.url, 2);
    let (new, new_floor) = (
        over_the_link(&mut phone),
        floor_over_the_link(&mut plain_phone),
    );
    let [first, backlog] = names;
    let within = Goal::AtMost(10.0, "<= 10 s");
    table.counted(first, "s", new, Some(new_floor), within);

    let like = county.others_write(0..1).first().map(plain);
    let like = like.expect("a change");
    for at in 0..BACKLOG {
        let record = county.records.get(at).expect("a record").doc;
        let text = words(80, &mut county.rng);
        phone.does(
            json!({"AddNote": {"record": record, "text": text}}),
            morning(),
        );
    }
    phone.finds_no_signal(morning());
    plain_phone.record(&vec![like; BACKLOG]);
    let (week, week_floor) = (
        over_the_link(&mut phone),
        floor_over_the_link(&mut plain_phone),
    );
    assert!(phone.is_green(), "everything is on the server");
    table.counted(backlog, "s", week, Some(week_floor), Goal::None);
}
