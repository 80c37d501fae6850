//! What is fuzzed: everything that reads bytes which somebody else wrote, and everything that writes what was read.
//!
//! The canonical model and the dialects are taken in by their paths instead of as the crate `outrider`. They do no I/O
//! and need nothing else of it but the body of a request, so that this builds in half a minute rather than with Pingora
//! in ten. Each module below is one kind of target; a file in `fuzz_targets` names the kind and the dialect.

#[path = "../../src/canonical/mod.rs"]
pub mod canonical;
#[path = "../../src/dialect/mod.rs"]
pub mod dialect;
/// The one thing of the transport that a dialect knows.
#[path = "../../src/upstream"]
pub mod upstream {
    mod body;
    pub use body::Body;
}

pub mod bounds;
pub mod errors;
pub mod events;
pub mod framings;
pub mod heads;
pub mod paths;
pub mod replies;
pub mod requests;
pub mod streams;
pub mod vectors;
pub mod written;

/// The target of one kind, for one dialect where the kind has one for each.
#[macro_export]
macro_rules! target {
    ($kind:ident :: $check:ident $(, $dialect:ident)?) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let check = || $crate::$kind::$check(data $(, $crate::canonical::Dialect::$dialect)?);
            $crate::bounds::within(data.len(), check);
        });
    };
}

/// Chance that is the same each time for the same input.
pub fn chance(data: &[u8]) -> fastrand::Rng {
    fastrand::Rng::with_seed(canonical::fnv(data))
}
