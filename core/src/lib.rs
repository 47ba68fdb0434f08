//! Warmhand's core: what a device is. A line may use only what stands above it in this list.

pub mod app;
pub mod document;
pub mod domain;
pub mod refusal;
pub mod store;
pub mod sync;
pub mod usecase;
pub mod view;
pub mod wire;
