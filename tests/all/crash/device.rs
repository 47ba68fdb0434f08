//! A device's process is killed again and again while it writes and syncs.

use super::{Ground, wrote};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use warmhand_tests::load::server::morning;
use warmhand_tests::victim::begin_log_anew;

const KILLS: u64 = 150;

#[test]
fn a_device_that_is_killed_while_it_writes_keeps_all_that_it_acknowledged_and_nothing_twice() {
    let ground = Ground::new();
    let listening = ground.serve();
    drop(ground.device("ana", "n1", &listening.url, 1_000));
    let (file, mut acknowledged, mut sent) = (ground.file("ana"), Vec::new(), 0);
    for seed in 0..KILLS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (lines, bytes) = (rng.random_range(1..12), rng.random_range(0..30) * 4_096);
        let mut victim = ground.device_apart("ana", &listening.url, seed, None);
        victim.until(|said| said.len() >= lines);
        victim.until_it_writes(&file, bytes, |said| said.len() > lines);
        let said = victim.kill();
        acknowledged.extend(wrote(&said));
        ground.look_at_copy(&file).holds(&acknowledged);
        begin_log_anew(&file);
        // What the server had said that it has, it has.
        if let Some(green) = said.iter().rposition(|line| line == "green") {
            sent = acknowledged.len() - wrote(&said[green..]).len();
        }
        if seed % 10 == 9 {
            super::Look::of(&ground.database()).holds(&acknowledged[..sent]);
        }
    }
    println!(
        "{KILLS} kills, {} commands acknowledged",
        acknowledged.len()
    );
    assert!(acknowledged.len() as u64 > 3 * KILLS);

    let mut ana = super::Device::open(&file, &listening.url, 1_001);
    ana.sync(morning());
    assert!(ana.is_green());
    let mut carla = ground.device("carla", "c1", &listening.url, 1_002);
    carla.sync(morning());
    drop((ana, carla, listening));
    let here = super::Look::of(&file);
    here.holds(&acknowledged);
    assert_eq!(super::Look::of(&ground.database()), here);
    assert_eq!(super::Look::of(&ground.file("carla")), here);
    assert_eq!(ground.verify(), super::Verified::SOUND);
}
