//! Warmhand's core: what a device is. A line may use only what stands before it: room, packing and domain,
//! document, wire, refusal, store, sync, usecase, view, app.

pub mod app;
pub mod document;
pub mod domain;
pub mod packing;
pub mod refusal;
pub mod room;
pub mod store;
pub mod sync;
pub mod usecase;
pub mod view;
pub mod wire;
