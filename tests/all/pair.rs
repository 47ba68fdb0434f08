//! A certificate and its key: which pair is taken, and when.

use jiff::Timestamp;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use warmhand_server::tls::{Refreshed, Tls};
use warmhand_tests::certificate::{certificate, files};

fn now() -> Timestamp {
    "2026-03-02T13:00:00Z".parse().unwrap()
}

#[test]
fn a_key_of_a_certificate_that_everybody_may_read_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    certificate(2020, 2120).put(folder.path());
    let files = files(folder.path());
    let with = |mode| {
        fs::set_permissions(&files.key, fs::Permissions::from_mode(mode)).unwrap();
        Tls::load(files.clone(), now()).map(drop)
    };
    let sentence = with(0o644).unwrap_err();
    assert!(sentence.contains("close it with chmod 640 "), "{sentence}");
    assert_eq!(with(0o640), Ok(()));
}

#[test]
fn a_pair_that_was_not_taken_is_taken_once_its_mode_or_the_clock_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    certificate(2020, 2120).put(folder.path());
    let tls = Tls::load(files(folder.path()), now()).unwrap();
    let key = files(folder.path()).key;
    let close = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();

    certificate(2020, 2121).put(folder.path());
    close(0o644);
    let Refreshed::Kept(sentence) = tls.refresh(now()) else {
        panic!("everybody may read its key")
    };
    assert!(sentence.contains("close it with chmod 640 "), "{sentence}");
    assert_eq!(tls.refresh(now()), Refreshed::Same, "said once");
    close(0o600);
    let until = "2121-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(tls.refresh(now()), Refreshed::Replaced(until));
    assert_eq!(tls.refresh(now()), Refreshed::Same);

    certificate(2030, 2122).put(folder.path());
    let Refreshed::Kept(sentence) = tls.refresh(now()) else {
        panic!("it is not valid yet")
    };
    assert!(sentence.contains("is not valid before"), "{sentence}");
    // What is said of the same files is said anew when it is something else.
    close(0o644);
    assert_eq!(tls.refresh(now()), Refreshed::Same, "still not valid");
    let later = "2030-06-01T00:00:00Z".parse().unwrap();
    assert!(matches!(tls.refresh(later), Refreshed::Kept(_)));
    close(0o600);
    let until = "2122-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(tls.refresh(later), Refreshed::Replaced(until));
}
