//! Starts that are refused, each by a process of its own. Read-only is a folder whose owner may not write in it, so root is
//! tried without root's power; a full disk is a small file system, where the machine lets somebody make one.

use super::program;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use warmhand_tests::certificate::{certificate, files};
use warmhand_tests::cli::{held, organisation};

const ANY_PORT: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The one sentence of a process that ended by itself.
fn sentence(ended: &Output) -> String {
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(ended.stdout.is_empty());
    let sentence = said.strip_prefix("warmhand: ").expect("its name");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    sentence.trim_end().to_owned()
}

/// Starts serving this folder, where that has to be refused: the sentence. In the folder nothing is another than before.
fn refused_by(process: &[&str], data: &Path, words: &[&str]) -> String {
    let before = held(data);
    let ended = Command::new(program())
        .args(process)
        .args(["serve", "--data", data.to_str().unwrap()])
        .args(words)
        .output()
        .unwrap();
    assert_eq!(held(data), before);
    sentence(&ended)
}

fn refused(folder: &TempDir, words: &[&str]) -> String {
    refused_by(&["server"], &folder.path().join("data"), words)
}

#[test]
fn an_unknown_key_in_the_config() {
    let folder = organisation();
    let config = folder.path().join("warmhand.toml");
    fs::write(&config, "lisen = \"127.0.0.1:0\"\n").unwrap();
    let sentence = refused(&folder, &["--config", config.to_str().unwrap()]);
    assert!(
        sentence.contains("has an unknown key \"lisen\""),
        "{sentence}"
    );
}

fn refused_with_tls(folder: &TempDir) -> String {
    let at = files(folder.path());
    let (crt, key) = (at.certificate.to_str().unwrap(), at.key.to_str().unwrap());
    let tls = ["--tls-certificate", crt, "--tls-key", key];
    refused(folder, &[&ANY_PORT[..], &tls].concat())
}

#[test]
fn a_certificate_that_does_not_fit_its_key() {
    let folder = organisation();
    certificate(2020, 2120).put(folder.path());
    fs::write(files(folder.path()).key, certificate(2020, 2120).key).unwrap();
    let sentence = refused_with_tls(&folder);
    assert!(sentence.contains("does not fit the key"), "{sentence}");
}

#[test]
fn a_certificate_that_has_expired() {
    let folder = organisation();
    certificate(2020, 2021).put(folder.path());
    let sentence = refused_with_tls(&folder);
    assert!(
        sentence.ends_with("expired at 2021-01-01T00:00:00Z; renew it"),
        "{sentence}"
    );
}

#[test]
fn a_port_in_use() {
    let folder = organisation();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let sentence = refused(&folder, &["--listen", &address]);
    assert!(
        sentence.starts_with(&format!("{address} cannot be used")),
        "{sentence}"
    );
    // The metrics' port as well, and then nothing is served at the other one either.
    let words = [&ANY_PORT[..], &["--metrics-listen", &address]].concat();
    let sentence = refused(&folder, &words);
    assert!(sentence.ends_with("with --metrics-listen"), "{sentence}");
}

#[test]
fn a_data_folder_of_a_newer_version() {
    let folder = organisation();
    let db = rusqlite::Connection::open(folder.path().join("data/warmhand.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let sentence = refused(&folder, &ANY_PORT);
    assert!(
        sentence.contains("written by a newer version of warmhand"),
        "{sentence}"
    );
}

#[test]
fn a_data_folder_of_another_user() {
    let folder = organisation();
    let data = folder.path().join("data");
    let us = fs::metadata(&data).unwrap().uid();
    if us == 0 {
        chown(&data, Some(65_534), None).unwrap();
        let sentence = refused(&folder, &ANY_PORT);
        let whose = "belongs to user 65534, and this is user 0; run warmhand as user 65534";
        assert!(sentence.ends_with(whose), "{sentence}");
    } else {
        // Nobody but root gives a folder away: one of root's.
        let words = [&["server", "serve", "--data", "/"], &ANY_PORT[..]].concat();
        let ended = Command::new(program()).args(words).output().unwrap();
        let whose = format!("belongs to user 0, and this is user {us}; run warmhand as user 0");
        assert!(sentence(&ended).ends_with(&whose));
    }
}

#[test]
fn a_read_only_data_folder_and_one_in_which_a_file_is() {
    let folder = organisation();
    let data = folder.path().join("data");
    let process = ["powerless", "server"];
    for (place, closed, open) in [
        (data.clone(), 0o555, 0o700),
        (data.join("warmhand.db"), 0o400, 0o600),
    ] {
        fs::set_permissions(&place, Permissions::from_mode(closed)).unwrap();
        let sentence = refused_by(&process, &data, &ANY_PORT);
        assert!(
            sentence.contains("or a file in it cannot be written"),
            "{sentence}"
        );
        fs::set_permissions(&place, Permissions::from_mode(open)).unwrap();
    }
}

/// Starts serving a copy of a new folder in a file system of its own, which was made otherwise before: the sentence, and
/// whether nothing in the copy is another. None where nobody may make a file system.
fn refused_on(size: &str, made: &str) -> Option<(String, bool)> {
    let may = Command::new("unshare").args(["-rm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("this machine lets nobody make a file system: not tried");
        return None;
    }
    let folder = organisation();
    let place = folder.path().join("small");
    fs::create_dir(&place).unwrap();
    let script = format!(
        "set -e; mount -t tmpfs -o size={size} tmpfs \"$1\"; cp -a \"$2\" \"$1/data\"; cd \"$1/data\"; {made}
         sha256sum * > \"$1.before\"
         set +e; \"$3\" server serve --listen 127.0.0.1:0 --data \"$1/data\"; status=$?
         sha256sum * > \"$1.after\"; exit $status"
    );
    let ended = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script, "sh"])
        .args([&place, &folder.path().join("data")])
        .arg(program())
        .output()
        .unwrap();
    let sums = |when| fs::read_to_string(folder.path().join(when)).unwrap();
    let sentence = sentence(&ended);
    Some((sentence, sums("small.before") == sums("small.after")))
}

#[test]
fn a_disk_that_is_full() {
    if let Some((sentence, is_same)) = refused_on("3m", "") {
        assert!(
            sentence.starts_with("there is no room left for the data folder"),
            "{sentence}"
        );
        assert!(is_same);
    }
}

#[test]
fn a_file_system_that_has_become_read_only() {
    if let Some((sentence, is_same)) = refused_on("64m", "mount -o remount,ro \"$1\";") {
        assert!(
            sentence.contains("or a file in it cannot be written"),
            "{sentence}"
        );
        assert!(is_same);
    }
}
