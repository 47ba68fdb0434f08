//! Writes, for some records of a data folder, what the server holds: a file `<record>.tsv` with one line an entry, id
//! and text, sorted. Against it another program's reading of the exported document is compared.
//! Usage: exported DATA FOLDER

use std::path::Path;
use warmhand_core::document::{entries_of, export};
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::Store;
use warmhand_server::store::sqlite::Sqlite;

/// Records to write.
const SOME: usize = 12;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [data, folder] = args.as_slice() else {
        panic!("usage: exported DATA FOLDER")
    };
    let key = KeyFile::load(Path::new(data)).expect("the key");
    let store = Sqlite::open(Path::new(data), key).expect("the database");
    std::fs::create_dir_all(folder).expect("the folder");
    let mut written = 0;
    for patient in store.patients().await.expect("patients") {
        let patient = store.folder(patient, None).await.expect("a folder").patient;
        for record in patient.records.iter().filter(|r| r.need.is_some()).take(1) {
            let bytes = store.record_bytes(record.id).await.expect("changes");
            let held = entries_of(&export(&bytes).expect("a document")).expect("entries");
            // The document is compared with the entries as the fold had them, not with itself.
            let folded: Vec<String> = record.entries().iter().map(|e| e.id.to_string()).collect();
            assert!(folded.iter().all(|id| held.contains_key(id)) && folded.len() == held.len());
            let lines: String = held
                .iter()
                .map(|(id, text)| format!("{id}\t{text}\n"))
                .collect();
            std::fs::write(Path::new(folder).join(format!("{}.tsv", record.id)), lines)
                .expect("written");
            written += 1;
        }
        if written >= SOME {
            return;
        }
    }
}
