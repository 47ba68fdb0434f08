//! Fifty clients push at once: how many changes a second the server accepts, each durable before it is acknowledged, and
//! how long its processors work for a thousand of them. The server is a process of its own on the same machine.

use super::table::{Goal, Table};
use std::path::Path;
use std::time::Duration;
use ureq::Agent;
use warmhand_core::app::SyncStep;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{AckState, PushedDocument, SyncAnswer, pack, unpack};
use warmhand_tests::load::burst::at_once;
use warmhand_tests::load::county::{County, NURSES};
use warmhand_tests::load::device::agent;
use warmhand_tests::load::floor::FloorDevice;
use warmhand_tests::load::pattern::plain;
use warmhand_tests::load::process::worked;
use warmhand_tests::load::server::{Process, morning};
use warmhand_tests::load::stopwatch::Lap;

const CLIENTS: usize = 50;
const REQUESTS: usize = 10;

const NAMES: [&str; 2] = ["accepted_per_s", "server_cpu_s_per_1000"];

/// A device that only pushes: its requests are ready.
pub struct Client {
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
    county.is_in_step(id);
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
    let status = answer.status();
    let body = answer.body_mut().read_to_vec().expect("a body");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let answer: SyncAnswer = unpack(&body).expect("it reads");
    let accepted = |ack: &&warmhand_core::wire::Ack| matches!(ack.state, AckState::Accepted(_));
    answer.acks.iter().filter(accepted).count()
}

/// Fifty of them, enrolled, with what they will push; none if nobody asks.
pub fn clients(table: &Table, county: &mut County, files: &Path) -> Vec<Client> {
    if !NAMES.iter().any(|name| table.wants(name)) {
        return Vec::new();
    }
    let files = files.join("clients");
    std::fs::create_dir_all(&files).expect("a folder");
    let listening = county.listen();
    (0..CLIENTS)
        .map(|n| client(county, n, &listening.url, &files))
        .collect()
}

/// Measures, with the server of this folder in a process of its own.
pub fn measure(table: &mut Table, clients: &[Client], folder: &Path, files: &Path) {
    if clients.is_empty() {
        return;
    }
    let served = Served::start("product", folder);
    let url = served.process.url.clone();
    let mut product: Vec<_> = clients.iter().map(|client| (client, agent())).collect();
    let push = |(client, agent): &mut (&Client, Agent)| {
        let sent = client.requests.iter();
        sent.map(|body| send(agent, &url, &client.bearer, body))
            .sum::<usize>()
    };
    let burst = at_once(&mut product, push, || ());
    let accepted: usize = burst.each.iter().map(|(accepted, _)| accepted).sum();
    let sent: usize = clients.iter().flat_map(|c| &c.bodies).map(Vec::len).sum();
    assert_eq!(accepted, sent, "everything is accepted");
    let cpu = served.worked();

    let file = |n: usize| files.join("clients").join(format!("floor-{n}.db"));
    let served = Served::start("floor", &files.join("clients").join("floor.db"));
    let mut least: Vec<_> = clients
        .iter()
        .enumerate()
        .map(|(n, client)| {
            let owner = i64::try_from(n).expect("a small number");
            let device = FloorDevice::open(&file(n), &served.process.url, owner);
            (client, device)
        })
        .collect();
    let push = |(client, device): &mut (&Client, FloorDevice)| {
        for bodies in &client.bodies {
            device.push(bodies);
        }
    };
    let least = at_once(&mut least, push, || ());
    let rate = |all: Lap| accepted as f64 / all.wall.as_secs_f64();
    let [per_s, cpu_s] = NAMES;
    let goal = Goal::AtLeast(2_000.0, ">= 2000/s");
    table.counted(per_s, "1/s", rate(burst.all), Some(rate(least.all)), goal);
    let per_thousand = |cpu: Duration| cpu.as_secs_f64() * 1_000.0 / accepted as f64;
    let least_cpu = Some(per_thousand(served.worked()));
    table.counted(cpu_s, "s", per_thousand(cpu), least_cpu, Goal::None);
}

/// A server in a process of its own, and how long it had worked when everybody came.
struct Served {
    process: Process,
    before: Duration,
}

impl Served {
    fn start(kind: &str, path: &Path) -> Self {
        let process = Process::start(kind, path);
        let before = worked(process.id());
        Self { process, before }
    }

    fn worked(&self) -> Duration {
        worked(self.process.id()).saturating_sub(self.before)
    }
}
