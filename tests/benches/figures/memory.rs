//! What a server process holds with ten thousand records, after devices synced and every page was looked at.

use super::table::{Goal, Table};
use std::path::Path;
use ureq::Agent;
use ureq::http::header::SET_COOKIE;
use warmhand_tests::load::county::PASSWORD;
use warmhand_tests::load::device::{Device, agent};
use warmhand_tests::load::process::{peak_mb, resident_mb};
use warmhand_tests::load::server::{Process, morning};

const PAGES: [&str; 6] = ["/", "/handoffs", "/work", "/safety", "/review", "/devices"];

fn get(agent: &Agent, url: &str, cookies: &str) -> (u16, String, Vec<String>) {
    let mut answer = agent
        .get(url)
        .header("cookie", cookies)
        .call()
        .expect("an answer");
    let set = answer
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned))
        .collect();
    let text = answer
        .body_mut()
        .with_config()
        .limit(64 * 1024 * 1024)
        .read_to_string()
        .expect("a page");
    (answer.status().as_u16(), text, set)
}

/// Signs the supervisor in; her cookie.
fn sign_in(agent: &Agent, url: &str) -> String {
    let (_, _, door) = get(agent, &format!("{url}/sign-in"), "");
    let door = door.first().expect("a door").clone();
    let (_, csrf) = door.split_once('=').expect("a cookie");
    let form = [
        ("csrf", csrf),
        ("name", "sup"),
        ("password", PASSWORD),
        ("next", "/"),
    ];
    let answer = agent
        .post(format!("{url}/sign-in"))
        .header("cookie", &door)
        .send_form(form)
        .expect("an answer");
    let cookies: Vec<String> = answer
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned))
        .filter(|cookie| cookie.starts_with("warmhand="))
        .collect();
    cookies.first().expect("she is let in").clone()
}

/// Measures.
pub fn measure(table: &mut Table, folder: &Path, files: &Path) {
    if !table.wants("server_rss_10000_mb") {
        return;
    }
    let server = Process::start("product", folder);
    let floor = Process::start("floor", &files.join("floor.db"));
    let path = files.join("visitor-ten-thousand.db");
    let mut device = Device::open(&path, &server.url, 9);
    for _ in 0..5 {
        device.sync(morning());
    }
    let synced = resident_mb(server.id());
    let agent = agent();
    let cookie = sign_in(&agent, &server.url);
    for _ in 0..2 {
        for page in PAGES {
            let (status, _, _) = get(&agent, &format!("{}{page}", server.url), &cookie);
            assert_eq!(status, 200, "{page}");
        }
    }
    let floor_mb = Some(resident_mb(floor.id()));
    table.counted(
        "server_rss_10000_mb",
        "MB",
        resident_mb(server.id()),
        floor_mb,
        Goal::AtMost(60.0, "<= 60 MB"),
    );
    table.counted("server_rss_10000_mb_synced", "MB", synced, None, Goal::None);
    table.counted(
        "server_rss_10000_mb_peak",
        "MB",
        peak_mb(server.id()),
        None,
        Goal::None,
    );
}
