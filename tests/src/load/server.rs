//! The server of the figures: the product's own, on real files, behind a real socket, in this process or as a process of
//! its own. Its clock stands where the records were made.

use axum::Router;
use jiff::Timestamp;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use warmhand_core::domain::id::DeviceId;
use warmhand_server::clock::{Clock, Random, SetClock};
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::sqlite::{self, Sqlite};
use warmhand_server::{Server, Settings};

/// When the figures are taken, by the clock of server and devices: a Tuesday morning.
pub fn morning() -> Timestamp {
    "2026-03-10T13:00:00Z".parse().expect("a time")
}

/// Something that listens on a socket of this machine until it is dropped.
pub struct Listening {
    /// Where.
    pub url: String,
    _runtime: Runtime,
}

impl Listening {
    /// Serves this.
    pub fn to(app: Router) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a socket");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move {
            let service = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await
        });
        Self {
            url: format!("http://{address}"),
            _runtime: runtime,
        }
    }
}

/// The key of every server here.
pub fn key() -> KeyFile {
    KeyFile::new([7; 16], [9; 32], jiff::Timestamp::UNIX_EPOCH)
}

/// A folder with a new database for this sheet, of a week before the morning.
pub fn init(folder: &Path, sheet: &str) {
    std::fs::create_dir_all(folder).expect("a folder");
    let settings = sqlite::Settings {
        sheet,
        epoch: [7; 16],
        keys: key(),
        web: DeviceId(uuid::Uuid::from_u128(1)),
    };
    let place = sqlite::Place::Folder(folder.to_owned());
    drop(sqlite::init(&place, &settings).expect("a database"));
}

/// The server of a folder, its clock standing at this time.
pub fn open(folder: &Path, now: Timestamp, seed: u64) -> (Arc<Server>, Arc<SetClock>) {
    let clock = Arc::new(SetClock::at(now));
    let shared: Arc<dyn Clock> = clock.clone();
    let store = Sqlite::open(folder, key()).expect("the database opens");
    let random = Arc::new(Random::seeded(seed));
    let server = Server::new(Arc::new(store), shared, random, Settings::default());
    (server, clock)
}

/// Copies the files of a folder into another: what a stopped process leaves.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        if file.file_type().expect("a kind").is_file() {
            std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
        }
    }
}

/// What makes this program be a server: `SERVE product FOLDER` or `SERVE floor FILE`.
const SERVE: &str = "serve-for-figures";

/// A server in a process of its own; it ends when this is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Process {
    /// Starts this very program again as the product's server of a folder, or as the floor's of a file.
    pub fn start(kind: &str, path: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args([SERVE, kind])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut url = String::new();
        let out = child.stdout.take().expect("its words");
        BufReader::new(out).read_line(&mut url).expect("an address");
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://"), "the server does not start");
        Self { child, url }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is this program asked to be a server? Then it is one until its parent closes its input.
pub fn serves() -> bool {
    let args: Vec<String> = std::env::args().collect();
    let Some([_, kind, path]) = args
        .get(1..4)
        .filter(|a| a.first().is_some_and(|w| w == SERVE))
    else {
        return false;
    };
    let path = PathBuf::from(path);
    let listening = if kind == "floor" {
        super::floor::serve(&path)
    } else {
        Listening::to(open(&path, morning(), 1).0.router())
    };
    println!("{}", listening.url);
    let _ = std::io::stdin().read_line(&mut String::new());
    true
}
