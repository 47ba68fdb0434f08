//! A panic stopped at the border: nothing unwinds into a phone's own code, and nothing that a panic says leaves this
//! library, since it may quote what was being worked on. Only the place in the source does.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::thread;
use warmhand_core::sync::WORKER;

thread_local! {
    /// While work of ours runs on this thread: where it panicked.
    static WATCHED: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs work that is given away whole: what a panic leaves of it is dropped and never seen again.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            let is_worker = thread::current().name() == Some(WORKER);
            let is_ours = is_worker
                || WATCHED.with_borrow_mut(|watched| {
                    let is_ours = watched.is_some();
                    *watched = watched.take().map(|_| place.unwrap_or_default());
                    is_ours
                });
            if !is_ours {
                others(info);
            }
        }));
    });
    let before = WATCHED.replace(Some(String::new()));
    let done = catch_unwind(AssertUnwindSafe(work));
    let place = WATCHED.replace(before);
    done.map_err(|_| place.unwrap_or_default())
}
