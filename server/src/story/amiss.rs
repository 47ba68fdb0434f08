//! What is amiss in a story, and where.

/// What is amiss, and where.
pub(super) type Amiss = (String, String);

/// What serde says, without a line that is not the file's.
pub(super) fn reason(error: &serde_json::Error) -> String {
    without_line(&error.to_string())
}

/// A sentence of serde's, without its end.
pub(super) fn without_line(said: &str) -> String {
    match said.rfind(" at line ") {
        Some(at) => said.get(..at).unwrap_or(said).to_owned(),
        None => said.to_owned(),
    }
}
