//! Fifty clients push at once: how many changes a second the server accepts, each durable before it is acknowledged.

use super::table::{Goal, Table};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use ureq::Agent;
use warmhand_core::app::SyncStep;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{AckState, PushedDocument, SyncAnswer, pack, unpack};
use warmhand_tests::load::county::{County, NURSES};
use warmhand_tests::load::device::agent;
use warmhand_tests::load::floor::{self, FloorDevice};
use warmhand_tests::load::pattern::plain;
use warmhand_tests::load::server::morning;
use warmhand_tests::load::stopwatch::Stopwatch;

const CLIENTS: usize = 50;
const REQUESTS: usize = 10;

/// A device that only pushes: its requests are ready.
struct Client {
    bearer: String,
    requests: Vec<Vec<u8>>,
    bodies: Vec<Vec<Vec<u8>>>,
}

fn client(county: &mut County, n: usize, url: &str, files: &Path) -> Client {
    let user = format!("n{}", n % NURSES + 1);
    let mut device = county.device(&files.join(format!("client-{n}.db")), url, &user);
    let id: DeviceId = device.app.id().expect("enrolled");
    device.app.sync_wanted();
    let Ok(SyncStep::Send(asked)) = device.app.sync_next(morning()) else {
        panic!("an enrolled device has something to ask");
    };
    let mut client = Client {
        bearer: asked.bearer.expect("a credential"),
        requests: Vec::new(),
        bodies: Vec::new(),
    };
    for _ in 0..REQUESTS {
        let (made, changes) = county.copy_on(n % NURSES, id);
        client.bodies.push(changes.iter().map(plain).collect());
        let push = vec![PushedDocument {
            doc: made.doc,
            changes,
        }];
        client.requests.push(pack(&county.request(id, push)));
    }
    client
}

fn send(agent: &Agent, url: &str, bearer: &str, body: &[u8]) -> usize {
    let mut answer = agent
        .post(format!("{url}/v1/sync"))
        .header("authorization", format!("Bearer {bearer}"))
        .send(body)
        .expect("an answer");
    let body = answer.body_mut().read_to_vec().expect("a body");
    let answer: SyncAnswer = unpack(&body).expect("it reads");
    let accepted = |ack: &&warmhand_core::wire::Ack| matches!(ack.state, AckState::Accepted(_));
    answer.acks.iter().filter(accepted).count()
}

/// Measures.
pub fn measure(table: &mut Table, county: &mut County, files: &Path) {
    if !table.wants("accepted_50_per_s") {
        return;
    }
    let files = files.join("clients");
    std::fs::create_dir_all(&files).expect("a folder");
    let listening = county.listen();
    let clients: Vec<Client> = (0..CLIENTS)
        .map(|n| client(county, n, &listening.url, &files))
        .collect();
    let start = Barrier::new(CLIENTS + 1);
    let (accepted, product) = thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter()
            .map(|client| {
                let (start, url) = (&start, &listening.url);
                scope.spawn(move || {
                    let agent = agent();
                    start.wait();
                    client
                        .requests
                        .iter()
                        .map(|body| send(&agent, url, &client.bearer, body))
                        .sum::<usize>()
                })
            })
            .collect();
        start.wait();
        let watch = Stopwatch::start();
        let accepted: usize = running
            .into_iter()
            .map(|r| r.join().expect("a client"))
            .sum();
        (accepted, watch.lap())
    });
    let sent: usize = clients.iter().flat_map(|c| &c.bodies).map(Vec::len).sum();
    assert_eq!(accepted, sent, "everything is accepted");

    let floor = floor::serve(&files.join("floor.db"));
    let least = thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter()
            .enumerate()
            .map(|(n, client)| {
                let (start, url, path) = (&start, &floor.url, files.join(format!("floor-{n}.db")));
                scope.spawn(move || {
                    let mut device =
                        FloorDevice::open(&path, url, i64::try_from(n).expect("a small number"));
                    start.wait();
                    for bodies in &client.bodies {
                        device.push(bodies);
                    }
                })
            })
            .collect();
        start.wait();
        let watch = Stopwatch::start();
        for client in running {
            client.join().expect("a client");
        }
        watch.lap()
    });
    let rate = |wall: std::time::Duration| accepted as f64 / wall.as_secs_f64();
    table.counted(
        "accepted_50_per_s",
        "1/s",
        rate(product.wall),
        Some(rate(least.wall)),
        Goal::AtLeast(2_000.0, ">= 2000/s"),
    );
}
