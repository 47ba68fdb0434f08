//! What wiped devices handed over in closed boxes, opened into a file: by order, and nothing about alcohol and drugs unless
//! that is said.

use super::handed_out::{Order, begins, hand_out};
use super::named::named;
use super::setup::said;
use crate::Server;
use crate::store::BoxRow;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use warmhand_core::document::{entries_of, export};
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::wire::PushedDocument;

/// Opens what a wiped device handed over.
pub(super) async fn boxes(
    device: &str,
    file: &Path,
    alcohol_and_drugs: bool,
    order: Order,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let (server, row) = named(device, data).await?;
    order.stands(&server).await?;
    let boxes = server.store.boxes(row.id).await;
    let boxes = boxes.map_err(|error| error.to_string())?;
    let apart = apart(&server, &boxes).await;
    let (mut lines, mut closed, mut left_out) = (Vec::new(), 0, 0);
    for BoxRow { since, within, .. } in boxes {
        let Some(document) = within else {
            closed += 1;
            continue;
        };
        if !alcohol_and_drugs && apart.get(&document.doc) != Some(&false) {
            left_out += document.changes.len();
            continue;
        }
        for pushed in document.changes {
            let entries: Vec<&str> = pushed.change.puts.iter().map(|p| p.text.as_str()).collect();
            let line = json!({
                "came_at": since,
                "document": document.doc,
                "by": pushed.change.user,
                "entries": entries,
            });
            lines.push(format!("{line}\n"));
        }
    }
    let order = Order {
        why: format!("{} \"{}\": {}", row.id, row.name, order.why),
        ..order
    };
    let audited = order.audited(&server, "opened a device's boxes", None);
    hand_out(file, lines.concat().as_bytes(), audited).await?;
    writeln!(
        out,
        "Written to {}: {} changes. {closed} boxes are of another key and stay closed.\n\
         It holds what patients said, in the clear: delete it once it is read.",
        file.display(),
        lines.len()
    )
    .map_err(said)?;
    if left_out > 0 {
        writeln!(
            out,
            "{left_out} changes are about alcohol and drugs, or nobody can say that they are not, and were left out: where the \
             patient has consented to it, or the law allows it (42 CFR Part 2), --alcohol-and-drugs writes them too."
        )
        .map_err(said)?;
    }
    Ok(())
}

/// Of each document in these boxes: is it one about alcohol and drugs?
async fn apart(server: &Server, boxes: &[BoxRow]) -> BTreeMap<DocumentId, bool> {
    let mut kinds: BTreeMap<DocumentId, Vec<DocumentKind>> = BTreeMap::new();
    for document in boxes.iter().filter_map(|one| one.within.as_ref()) {
        kinds
            .entry(document.doc)
            .or_default()
            .extend(begun(document));
    }
    let mut apart = BTreeMap::new();
    for (doc, mut kinds) in kinds {
        kinds.extend(begun_here(server, doc).await);
        // Where no beginning reads, nobody can say that it is not.
        let is_apart = kinds.is_empty() || kinds.contains(&DocumentKind::Sud);
        apart.insert(doc, is_apart);
    }
    apart
}

/// The kind with which it begins, by what lies in a box.
fn begun(document: &PushedDocument) -> impl Iterator<Item = DocumentKind> {
    let puts = document
        .changes
        .iter()
        .flat_map(|pushed| &pushed.change.puts);
    puts.filter_map(|put| begins(&put.text))
}

/// The same, by what the server has of it; nothing if nothing there reads.
async fn begun_here(server: &Server, doc: DocumentId) -> Vec<DocumentKind> {
    let Ok(changes) = server.store.record_bytes(doc).await else {
        return Vec::new();
    };
    let entries = export(&changes)
        .ok()
        .and_then(|saved| entries_of(&saved).ok());
    let entries = entries.unwrap_or_default();
    entries.values().filter_map(|text| begins(text)).collect()
}
