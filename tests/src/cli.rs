//! The program's command line, typed in this process: what it says, and whether it went well.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use tempfile::TempDir;
use warmhand_server::cli;

/// What the program said and whether it went well.
pub struct Run {
    /// Its status is 0.
    pub went_well: bool,
    /// What it said.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

/// Types a line, in an environment.
pub fn run_in(environment: &[(&str, &str)], line: &[&str]) -> Run {
    let line = std::iter::once("warmhand").chain(line.iter().copied());
    let environment = environment.iter().map(|(n, v)| ((*n).into(), (*v).into()));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let code = runtime.block_on(cli::run(
        line.map(OsString::from),
        environment.collect(),
        &mut out,
        &mut err,
    ));
    let text = |said| String::from_utf8(said).expect("text");
    Run {
        went_well: format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS),
        out: text(out),
        err: text(err),
    }
}

/// Types a line; whether it went well, and what was said then.
pub fn said(line: &[&str]) -> (bool, String) {
    let run = run_in(&[], line);
    let text = if run.went_well { run.out } else { run.err };
    (run.went_well, text)
}

/// Types what has to be refused: the one sentence.
pub fn refused(line: &[&str]) -> String {
    let run = run_in(&[], line);
    assert!(!run.went_well);
    assert!(run.out.is_empty(), "{}", run.out);
    let sentence = run
        .err
        .strip_prefix("warmhand: ")
        .expect("its name")
        .trim_end();
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    sentence.to_owned()
}

/// Every file of a folder with its bytes.
pub fn held(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).expect("a folder");
    let read = |file: fs::DirEntry| {
        let name = file.file_name().into_string().expect("a name");
        (name, fs::read(file.path()).expect("a file"))
    };
    files.map(|file| read(file.expect("a file"))).collect()
}

/// A folder with an organisation in its `data`, as `init` makes it.
pub fn organisation() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let sheet = folder.path().join("sheet.json");
    fs::write(&sheet, crate::organisation::SHEET).expect("written");
    let data = folder.path().join("data");
    let (sheet, data) = (
        sheet.to_str().expect("a path"),
        data.to_str().expect("a path"),
    );
    let who = ["--supervisor", "Maya Lindqvist", "--data", data];
    let line = [&["init", "--organisation", sheet], &who[..]].concat();
    let (went_well, said) = said(&line);
    assert!(went_well, "{said}");
    folder
}
