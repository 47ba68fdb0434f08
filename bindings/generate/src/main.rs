//! Writes Python, Swift or Kotlin from the built library. A package of its own: it is built once, and what it needs is
//! nothing that a phone carries.

fn main() {
    uniffi::uniffi_bindgen_main();
}
