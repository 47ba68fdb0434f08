//! A start that is refused: one sentence that says what is wrong and where, a status that is not 0, and nothing changed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use tempfile::TempDir;
use warmhand_server::data_folder;
use warmhand_tests::certificate::certificate;
use warmhand_tests::cli::{held, organisation, refused, run_in};

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_config_that_is_far_too_long_is_refused_before_it_is_read() {
    let folder = organisation();
    let config = folder.path().join("warmhand.toml");
    fs::write(&config, format!("a={}", "[".repeat(400_000))).unwrap();
    let sentence = refused(&["config", "check", "--config", config.to_str().unwrap()]);
    assert!(
        sentence.contains("is longer than 65536 bytes"),
        "{sentence}"
    );
}

#[test]
fn a_config_with_an_unknown_key_is_refused() {
    let folder = organisation();
    let (config, data) = (path(&folder, "warmhand.toml"), path(&folder, "data"));
    fs::write(
        &config,
        format!("data = \"{data}\"\nlisen = \"127.0.0.1:0\"\n"),
    )
    .unwrap();
    let before = held(Path::new(&data));
    let sentence = refused(&["serve", "--config", &config]);
    let beginning = format!(
        "the config file {config} has an unknown key \"lisen\"; the keys are data, listen,"
    );
    assert!(sentence.starts_with(&beginning), "{sentence}");
    assert_eq!(held(Path::new(&data)), before);
}

#[test]
fn a_config_that_does_not_read_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = path(&folder, "warmhand.toml");
    fs::write(&config, "log = \"text\"\nlisten = 127.0.0.1\n").unwrap();
    let sentence = refused(&["config", "check", "--config", &config]);
    let beginning = format!("line 2 of the config file {config} does not read: ");
    assert!(sentence.starts_with(&beginning), "{sentence}");
    fs::write(&config, "max_connections = 1.5\n").unwrap();
    assert_eq!(
        refused(&["config", "check", "--config", &config]),
        format!("max_connections in the config file {config} has to be a number from 1 to 100000")
    );
    let none = path(&folder, "none.toml");
    let sentence = refused(&["serve", "--config", &none]);
    assert!(
        sentence.starts_with(&format!("the config file {none} cannot be read: ")),
        "{sentence}"
    );
}

#[test]
fn a_value_that_makes_no_sense_is_refused_with_the_place_it_came_from() {
    let run = run_in(&[("WARMHAND_SESSION_IDLE", "soon")], &["serve"]);
    assert!(!run.went_well);
    assert_eq!(
        run.err,
        "warmhand: session_idle (environment WARMHAND_SESSION_IDLE) is \"soon\", but has to be a span of at least one \
         minute, such as 15min\n"
    );
    assert_eq!(
        refused(&["serve", "--session-idle", "13h"]),
        "session_idle is longer than session_longest"
    );
}

#[test]
fn two_listeners_at_one_port_are_refused_before_one_of_them_is_opened() {
    let check = |listen: &str, metrics: &str| {
        let (listen, metrics) = (
            format!("--listen={listen}"),
            format!("--metrics-listen={metrics}"),
        );
        run_in(&[], &["config", "check", &listen, &metrics])
    };
    let sentence =
        "warmhand: metrics_listen and listen are both at port 9464; give one of them another\n";
    for metrics in ["127.0.0.1:9464", "0.0.0.0:9464"] {
        let run = check("127.0.0.1:9464", metrics);
        assert_eq!((run.went_well, run.err.as_str()), (false, sentence));
    }
    // Any free port is another; the older internet and the newer one have ports of their own.
    for (port, metrics) in [("0", "127.0.0.1:0"), ("9464", "[::]:9464")] {
        let run = check(&format!("127.0.0.1:{port}"), metrics);
        assert!(!run.err.contains("metrics_listen"), "{}", run.err);
    }
}

#[test]
fn a_password_in_the_public_url_is_refused_and_never_repeated() {
    let sentence = refused(&["serve", "--public-url", "https://maya:secret@example.org"]);
    assert!(!sentence.contains("secret"), "{sentence}");
}

#[test]
fn tokens_never_cross_a_network_in_the_clear() {
    let sentence = refused(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(
        sentence.contains("would cross the network in the clear"),
        "{sentence}"
    );
    let sentence = refused(&["serve", "--public-url", "http://warmhand.example.org"]);
    assert!(sentence.contains("must come over https"), "{sentence}");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = organisation();
    let (config, data) = (path(&folder, "warmhand.toml"), path(&folder, "data"));
    let file = format!(
        "data = \"{data}\"\nlisten = \"127.0.0.1:1\"\nsession_idle = \"5min\"\ntrusted_proxies = [\"10.0.0.5\", \"10.1.0.0/16\"]\n"
    );
    fs::write(&config, file).unwrap();
    let environment = [
        ("WARMHAND_CONFIG", config.as_str()),
        ("WARMHAND_LISTEN", "127.0.0.1:2"),
        ("WARMHAND_SESSION_IDLE", "6min"),
        ("WARMHAND_LISTN", "127.0.0.1:9"),
    ];
    let run = run_in(
        &environment,
        &["config", "check", "--listen", "127.0.0.1:3"],
    );
    assert!(run.went_well, "{}", run.err);
    let line = |name: &str| {
        let line = run.out.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("listen"), "listen 127.0.0.1:3 flag --listen");
    assert_eq!(
        line("session_idle"),
        "session_idle 6min environment WARMHAND_SESSION_IDLE"
    );
    assert_eq!(
        line("trusted_proxies"),
        format!("trusted_proxies 10.0.0.5,10.1.0.0/16 file {config}")
    );
    assert_eq!(line("session_longest"), "session_longest 12h default");
    assert_eq!(line("tls_key"), "tls_key - default");
    assert!(
        run.out
            .contains("\nWARMHAND_LISTN is in the environment and is no key\n"),
        "{}",
        run.out
    );
}

/// What `serve` says to the certificate and the key that lie in the folder.
fn refused_with_tls(folder: &TempDir) -> String {
    let (crt, key) = (path(folder, "tls.crt"), path(folder, "tls.key"));
    let data = path(folder, "data");
    let before = held(Path::new(&data));
    let sentence = refused(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        &data,
        "--tls-certificate",
        &crt,
        "--tls-key",
        &key,
    ]);
    assert_eq!(held(Path::new(&data)), before);
    sentence
}

#[test]
fn a_certificate_that_does_not_fit_its_key_is_refused() {
    let folder = organisation();
    let (crt, key) = (path(&folder, "tls.crt"), path(&folder, "tls.key"));
    certificate(2020, 2120).put(folder.path());
    fs::write(&key, certificate(2020, 2120).key).unwrap();
    assert_eq!(
        refused_with_tls(&folder),
        format!("the certificate {crt} does not fit the key {key}")
    );
    let only = refused(&["serve", "--tls-key", &key]);
    assert_eq!(
        only,
        "tls_key is set, but tls_certificate is not; set both or neither"
    );
}

#[test]
fn an_expired_certificate_is_refused_and_one_of_the_future() {
    let folder = organisation();
    let crt = path(&folder, "tls.crt");
    certificate(2020, 2021).put(folder.path());
    assert_eq!(
        refused_with_tls(&folder),
        format!("the certificate {crt} expired at 2021-01-01T00:00:00Z; renew it")
    );
    certificate(2120, 2121).put(folder.path());
    assert_eq!(
        refused_with_tls(&folder),
        format!(
            "the certificate {crt} is not valid before 2120-01-01T00:00:00Z; look at the machine's clock"
        )
    );
}

#[test]
fn a_certificate_for_another_name_than_devices_come_to_is_refused() {
    let folder = organisation();
    let (crt, key) = (path(&folder, "tls.crt"), path(&folder, "tls.key"));
    let data = path(&folder, "data");
    certificate(2020, 2120).put(folder.path());
    let check = |url: &str, more: &[&str]| {
        let words = ["config", "check", "--data", &data, "--public-url", url];
        let tls = ["--tls-certificate", &crt, "--tls-key", &key];
        run_in(&[], &[&words[..], &tls[..], more].concat())
    };
    let other = check("https://warmhand.example.org", &[]);
    assert!(!other.went_well);
    assert_eq!(
        other.err.trim_end(),
        format!(
            "warmhand: the certificate {crt} is not for warmhand.example.org, under which public_url has devices come: none \
             would trust it"
        )
    );
    assert!(check("https://localhost:8443", &[]).went_well);
    // Devices come to the proxy, which has a certificate of its own.
    let behind = check(
        "https://warmhand.example.org",
        &["--trusted-proxies", "10.0.0.5"],
    );
    assert!(behind.went_well, "{}", behind.err);
}

#[test]
fn files_that_hold_no_certificate_or_no_key_are_refused() {
    let folder = organisation();
    let (crt, key) = (path(&folder, "tls.crt"), path(&folder, "tls.key"));
    let put = |name: &str, text: &str| fs::write(path(&folder, name), text).unwrap();
    certificate(2020, 2120).put(folder.path());
    put("tls.key", "nothing");
    assert_eq!(
        refused_with_tls(&folder),
        format!("there is no private key in PEM in {key}")
    );
    put("tls.crt", "");
    assert_eq!(
        refused_with_tls(&folder),
        format!("there is no certificate in {crt}")
    );
    put(
        "tls.crt",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    assert_eq!(
        refused_with_tls(&folder),
        format!("the certificate {crt} does not read as X.509")
    );
    fs::remove_file(&crt).unwrap();
    let sentence = refused_with_tls(&folder);
    assert!(
        sentence.starts_with(&format!("the certificate {crt} cannot be read: ")),
        "{sentence}"
    );
}

#[test]
fn a_port_in_use_is_refused() {
    let folder = organisation();
    let data = path(&folder, "data");
    let before = held(Path::new(&data));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let sentence = refused(&["serve", "--listen", &address, "--data", &data]);
    let (beginning, end) = (
        format!("{address} cannot be used ("),
        "choose another address with --listen",
    );
    assert!(
        sentence.starts_with(&beginning) && sentence.ends_with(end),
        "{sentence}"
    );
    assert_eq!(held(Path::new(&data)), before);
}

#[test]
fn a_data_folder_of_a_newer_version_is_refused() {
    let folder = organisation();
    let data = path(&folder, "data");
    let db = rusqlite::Connection::open(Path::new(&data).join("warmhand.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = held(Path::new(&data));
    assert_eq!(
        refused(&["serve", "--listen", "127.0.0.1:0", "--data", &data]),
        format!(
            "{data}: the database was written by a newer version of warmhand; run that version"
        )
    );
    assert_eq!(held(Path::new(&data)), before);
}

#[test]
fn a_folder_without_an_organisation_is_refused_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = path(&folder, "none");
    let sentence = refused(&["serve", "--data", &data]);
    assert!(
        sentence.contains("there is no organisation here yet"),
        "{sentence}"
    );
    assert!(!Path::new(&data).exists());
}

#[test]
fn two_servers_never_serve_one_folder() {
    let folder = organisation();
    let data = path(&folder, "data");
    let before = held(Path::new(&data));
    let first = data_folder::hold(Path::new(&data)).unwrap();
    assert_eq!(
        refused(&["serve", "--listen", "127.0.0.1:0", "--data", &data]),
        format!("the data folder {data} is being served by another warmhand; stop that one first")
    );
    assert_eq!(held(Path::new(&data)), before);
    drop(first);
}

#[test]
fn a_certificate_for_trying_out_serves_and_never_replaces_another() {
    let folder = organisation();
    let (tls, data) = (path(&folder, "tls"), path(&folder, "data"));
    let made = run_in(&[], &["certificate", &tls]);
    assert!(made.went_well, "{}", made.err);
    let before = held(Path::new(&tls));
    let (crt, key) = (format!("{tls}/tls.crt"), format!("{tls}/tls.key"));
    let flags = [
        "--tls-certificate",
        &crt,
        "--tls-key",
        &key,
        "--data",
        &data,
    ];
    let checked = run_in(&[], &[&["config", "check"], flags.as_slice()].concat());
    assert!(checked.went_well, "{}", checked.err);
    let sentence = refused(&["certificate", &tls]);
    assert_eq!(
        sentence,
        format!("{crt} is there already; choose another folder")
    );
    assert_eq!(held(Path::new(&tls)), before);
}
