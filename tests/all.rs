//! Every test that needs more than one package, in one binary.

#[path = "all/convergence.rs"]
mod convergence;
