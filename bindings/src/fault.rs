//! For tests alone, behind the feature `fault`: the library panics inside a transaction, at a place of the test's choice.

use crate::app::App;
use crate::refusal::Refusal;
use warmhand_core::store::{Fault, StoreError};

struct PanicAt(String);

impl Fault for PanicAt {
    fn at(&mut self, place: &str) -> Result<(), StoreError> {
        assert!(
            !place.contains(&self.0),
            "while working on the record of Lucía"
        );
        Ok(())
    }
}

#[uniffi::export]
impl App {
    /// Panics at the next statement that contains this, once; `commit` and `committed` are places too.
    pub fn panic_at(&self, place: String) -> Result<(), Refusal> {
        self.with(|core| {
            core.set_fault(Box::new(PanicAt(place)));
            Ok(())
        })
    }
}
