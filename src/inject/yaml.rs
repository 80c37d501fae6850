//! YAML as Kubernetes reads it, to JSON and back.
//!
//! Kubernetes' library reads YAML 1.1: `0644` is a number in octal, `yes` is true. A reader of YAML 1.2 would make
//! another pod of the same file, so what plain words mean is decided here. Comments and anchors are lost on the way.

mod read;
mod scalar;
mod write;

pub(super) use read::{documents, read};
pub(super) use write::write;

#[cfg(test)]
mod tests;
