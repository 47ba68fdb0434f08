//! What the audit log says why something was done: an order in its words, a device by its name and its people. No patient.

use super::StoreError;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::organisation::Organisation;

/// In whose name it is written there what somebody does at the machine itself: no code on a sheet is spelt so.
pub const TERMINAL: &str = "the terminal";

/// A device that people were put on: which, who, and by whom.
pub fn put_on(device: &str, people: &[UserId], by: &UserId) -> String {
    let people: Vec<&str> = people.iter().map(UserId::as_str).collect();
    format!("{device}, for {}; by {by}", people.join(", "))
}

/// What is ordered about a single record is ordered by an administrator or a supervisor, who says why. The audit keeps both.
pub fn ordered(sheet: &Organisation, user: &UserId, why: &str) -> Result<(), StoreError> {
    let may = sheet.person(user).is_some_and(|person| {
        person.has_role(Role::Administrator) || person.has_role(Role::Supervisor)
    });
    if !may {
        let sentence = format!("\"{user}\" is no administrator or supervisor on the sheet");
        return Err(StoreError::Refused(sentence));
    }
    if why.trim().is_empty() {
        let sentence = "say why, in words that name nobody";
        return Err(StoreError::Refused(sentence.to_owned()));
    }
    Ok(())
}
