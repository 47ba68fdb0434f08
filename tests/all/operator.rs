//! What an operator does by hand: who else may read what it leaves behind, what she is told of her settings, and how
//! somebody gets into the dashboard again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use warmhand_server::account::Shut;
use warmhand_tests::cli::{refused, said};
use warmhand_tests::town::Town;
use warmhand_tests::visit::asks;

const SHEET: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../server/assets/demo/organisation.json"
);

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_lies_in_a_data_folder_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (data, anew) = (folder.path().join("data"), folder.path().join("anew"));
    let copy = folder.path().join("copy.db");
    let made = [
        "init",
        "--organisation",
        SHEET,
        "--supervisor",
        "Maya Lindqvist",
        "--data",
        text(&data),
    ];
    assert!(said(&made).0);
    assert!(said(&["backup", text(&copy), "--data", text(&data)]).0);
    let keys = data.join("warmhand.keys");
    let back = [
        "restore",
        text(&copy),
        "--keys",
        text(&keys),
        "--data",
        text(&anew),
    ];
    assert!(said(&back).0);
    for data in [&data, &anew] {
        assert_eq!(mode(data), 0o700);
        for file in fs::read_dir(data).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    // While it is open as well, and on a device.
    let town = Town::default();
    let ana = town.device("ana", &["n1"]);
    for file in [&town.database(), ana.file()] {
        for end in ["", "-wal", "-shm"] {
            let path = file.with_extension(format!("db{end}"));
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[test]
fn a_forgotten_password_is_replaced_and_whoever_was_signed_in_with_it_is_out() {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let data = text(town.folder());
    let file = town.folder().join("secret");
    let give = |password: &str| {
        fs::write(&file, password).unwrap();
        said(&[
            "password",
            "--of",
            "sup",
            "--password-file",
            text(&file),
            "--data",
            data,
        ])
    };
    let sign_in = |password: &str| town.run(town.server().sign_in("sup", password.into(), "here"));
    assert!(give("the first password").0);
    let token = sign_in("the first password").unwrap();
    assert!(
        town.run(town.server().visit(&token, true))
            .unwrap()
            .is_some()
    );
    assert!(give("the second password").0);
    assert!(
        town.run(town.server().visit(&token, true))
            .unwrap()
            .is_none()
    );
    assert_eq!(sign_in("the first password"), Err(Shut::Wrong));
    assert!(sign_in("the second password").is_ok());

    assert_eq!(
        give("short").1,
        "warmhand: a password has at least 10 characters\n"
    );
    let nobody = refused(&["password", "--of", "n1", "--data", data]);
    assert_eq!(
        nobody,
        "\"n1\" is no supervisor in the sheet in force; there it is Maya Lindqvist (sup)"
    );
    let (_, told) = said(&["password", "--of", "sup", "--data", data]);
    assert!(told.contains("Password, shown this once: "), "{told}");
}

#[test]
fn behind_a_proxy_that_nobody_named_it_is_said_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sheet = ["--organisation", SHEET, "--supervisor", "Maya Lindqvist"];
    let made = [&["init"], &sheet[..], &["--data", text(&data)]].concat();
    assert!(said(&made).0);
    let check = |more: &[&str]| {
        let line = ["config", "check", "--data", text(&data)];
        let (went_well, told) = said(&[&line[..], more].concat());
        assert!(went_well, "{told}");
        told.contains("name the proxy's address in trusted_proxies, such as 127.0.0.1")
    };
    let url = ["--public-url", "https://warmhand.example.org"];
    assert!(check(&url));
    assert!(!check(&[]));
    assert!(!check(&["--public-url", "http://localhost:8080"]));
    let named = [&url[..], &["--trusted-proxies", "127.0.0.1"]].concat();
    assert!(!check(&named));
}

#[test]
fn a_sheet_that_lacks_somebody_says_whom() {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let sheet = warmhand_tests::organisation::SHEET;
    let file = town.folder().join("sheet.json");
    let mut value: serde_json::Value = serde_json::from_str(sheet).unwrap();
    let people = value["people"].as_array_mut().unwrap();
    people.retain(|person| person["id"] != "n1");
    fs::write(&file, value.to_string()).unwrap();
    let line = [
        "organisation",
        "load",
        text(&file),
        "--data",
        text(town.folder()),
    ];
    let (is_done, told) = said(&line);
    assert!(is_done && told.contains("No longer on it: n1."), "{told}");
}

#[test]
fn a_sheet_that_lacks_a_site_says_how_many_records_are_open_there() {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let mut ana = town.device("ana", &["n1"]);
    for name in ["Rosa", "Imani"] {
        ana.handoff(&town, name);
    }
    ana.sync(&town);
    let mut sheet = warmhand_tests::organisation::SHEET.to_owned();
    for (there, then) in [
        (r#"{"id": "home", "name": "Home visiting"}, "#, ""),
        (r#"{"site": "home", "primary": "c1", "backup": "n2"}, "#, ""),
        (r#"["home"]"#, r#"["clinic"]"#),
        (r#""home", "#, ""),
        (r#", "home""#, ""),
    ] {
        assert!(sheet.contains(there));
        sheet = sheet.replace(there, then);
    }
    let load = |sheet: &str| {
        let file = town.folder().join("sheet.json");
        fs::write(&file, sheet).unwrap();
        let data = text(town.folder());
        let (is_done, told) = said(&["organisation", "load", text(&file), "--data", data]);
        assert!(is_done, "{told}");
        told
    };
    let told = load(&sheet);
    let line = "No longer on it: the site home, at which 2 records are open.";
    assert!(told.contains(line), "{told}");
    // One that comes back is missed by nobody.
    let told = load(warmhand_tests::organisation::SHEET);
    assert!(!told.contains("the site"), "{told}");
}

#[test]
fn a_sheet_that_is_no_json_and_a_supervisor_who_is_none_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("sheet.csv"), folder.path().join("data"));
    let line = |name: &'static str| {
        refused(&[
            "init",
            "--organisation",
            text(&file),
            "--supervisor",
            name,
            "--data",
            text(&data),
        ])
    };
    fs::write(&file, "name,zone\n").unwrap();
    let sentence = line("Maya Lindqvist");
    let beginning = format!("{} is no JSON, and a sheet has to be JSON", file.display());
    assert!(sentence.starts_with(&beginning), "{sentence}");
    // One that is JSON is told what it lacks.
    fs::write(&file, "{}").unwrap();
    assert!(line("Maya Lindqvist").contains("missing field"));
    let sheet = warmhand_tests::organisation::SHEET;
    fs::write(&file, sheet).unwrap();
    assert_eq!(
        line("Jo Park"),
        format!(
            "\"Jo Park\" is no supervisor in {}; there it is Maya Lindqvist (sup)",
            file.display()
        )
    );
    fs::write(&file, sheet.replace("supervisor", "coordinator")).unwrap();
    assert!(line("Maya Lindqvist").ends_with("and nobody there is one"));
    assert!(!data.exists());
}

#[test]
fn a_data_folder_of_somebody_elses_says_whose_it_is_also_where_it_may_not_be_listed() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let path = text(folder.path()).to_owned();
    let own = rustix::process::geteuid().as_raw();
    let other = 65_534;
    // One thread alone becomes somebody else, which root may; whoever is not root looks at root's home.
    let asked = std::thread::spawn(move || {
        let uid = rustix::process::Uid::from_raw(other);
        match rustix::thread::set_thread_res_uid(uid, uid, uid) {
            Ok(()) => (
                path.clone(),
                own,
                other,
                refused(&["verify", "--data", &path]),
            ),
            Err(_) => {
                let home = "/root".to_owned();
                let sentence = refused(&["verify", "--data", &home]);
                (home, 0, own, sentence)
            }
        }
    });
    let (at, owner, ourselves, sentence) = asked.join().unwrap();
    assert_eq!(
        sentence,
        format!(
            "the data folder {at} belongs to user {owner}, and this is user {ourselves}; run warmhand as user {owner}"
        )
    );
}

#[test]
fn whoever_would_leave_files_in_a_folder_of_somebody_elses_is_told_whose_it_is() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let open = |path: &str, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let (sheet, made, copy, data) = (at("sheet"), at("made"), at("copy.db"), at("data"));
    fs::write(&sheet, warmhand_tests::organisation::SHEET).unwrap();
    let init = |data: &str| {
        let line = ["init", "--organisation", &sheet, "--supervisor", "sup"];
        let line = line.into_iter().chain(["--data", data]);
        line.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(said(&words(&init(&made))).0);
    assert!(said(&["backup", &copy, "--data", &made]).0);
    let keys = at("keys");
    fs::copy(format!("{made}/warmhand.keys"), &keys).unwrap();
    fs::create_dir(&data).unwrap();
    open(text(place.path()), 0o755);
    open(&data, 0o777);
    for file in [&sheet, &copy, &keys] {
        open(file, 0o644);
    }
    let restore = |data: &str| {
        let line = ["restore", &copy, "--keys", &keys, "--data", data];
        line.map(str::to_owned).to_vec()
    };
    // One thread alone becomes somebody else, which root may; whoever is not root looks at root's home.
    let uid = rustix::process::Uid::from_raw(65_534);
    let is_root = rustix::process::geteuid().is_root();
    let to = if is_root { data.as_str() } else { "/root" };
    let lines = [init(to), restore(to)];
    let asked = std::thread::spawn(move || {
        if is_root {
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
        }
        lines.map(|line| refused(&words(&line)))
    });
    for sentence in asked.join().unwrap() {
        let beginning = format!("the data folder {to} belongs to user 0, and this is user ");
        assert!(sentence.starts_with(&beginning), "{sentence}");
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
}

#[test]
fn whoevers_visit_ends_over_a_form_goes_on_where_it_stood() {
    let town = Town::default();
    let next = |address: &str| {
        let path = format!("/sign-in?next={}", address.replace('/', "%2F"));
        asks(&town, &[], "GET", &path, "").1
    };
    for (form, page) in [
        ("/handoffs/4b0/open", "/handoffs/4b0"),
        ("/handoffs/4b0/settle", "/handoffs/4b0"),
        ("/quarantine/5c1f/release", "/quarantine"),
        ("/quarantine/5c1f/dismiss", "/quarantine"),
        ("/sign-out", "/"),
        ("/devices/east1/revoke", "/devices/east1/revoke"),
        ("/handoffs/open", "/handoffs/open"),
    ] {
        let shown = next(form);
        let field = format!("name=\"next\" value=\"{page}\"");
        assert!(shown.contains(&field), "{form}: {shown}");
    }
}

#[test]
fn a_config_that_can_be_served_is_told_so_at_the_end() {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let check = |more: &[&str]| {
        let line = ["config", "check", "--data", text(town.folder())];
        said(&[&line[..], more].concat())
    };
    let end =
        "All of this can be served, as far as it shows without opening the data and the port.\n";
    let (is_done, told) = check(&[]);
    assert!(is_done && told.ends_with(end), "{told}");
    let (is_done, told) = check(&["--listen", "0.0.0.0:0"]);
    assert!(!is_done && !told.contains("All of this"), "{told}");
}

#[test]
fn a_password_in_an_address_is_printed_nowhere() {
    let url = "https://maya:a-secret@warmhand.example.org";
    let line = ["config", "check", "--public-url", url];
    let run = warmhand_tests::cli::run_in(&[], &line);
    assert!(
        !run.went_well && run.err.contains("leave them out"),
        "{}",
        run.err
    );
    assert!(
        run.out.contains("public_url       (not shown)"),
        "{}",
        run.out
    );
    for said in [&run.out, &run.err] {
        assert!(
            !said.contains("a-secret") && !said.contains("maya"),
            "{said}"
        );
    }
}

#[test]
fn the_sheet_that_shows_the_form_names_911_and_988_before_anybody_on_call() {
    let sheet: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(SHEET).unwrap()).unwrap();
    let steps = sheet["safety"]["steps"].as_array().unwrap();
    let place = |words: &str| {
        steps
            .iter()
            .position(|step| step.as_str().unwrap().contains(words))
    };
    let on_call = place("on call").unwrap();
    assert!(place("911").unwrap() < on_call && place("988").unwrap() < on_call);
}
