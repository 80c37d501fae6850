//! What we tell the operator.
//!
//! Every call, whatever happens, ends in exactly one [`CallRecord`]; metrics and the access log are written from it,
//! by [`Telemetry::emit`] alone.

mod access_log;
mod emit;
mod ended;
mod families;
mod json_line;
mod labels;
mod lines;
pub mod metrics;
pub mod record;
mod timestamp;
mod tracing_setup;
pub mod ways;

pub use access_log::{AccessLog, Format};
pub use emit::{Books, Telemetry};
pub use metrics::{BudgetGauges, GateGauges, Metrics, ProviderGauges, TargetGauges};
pub use record::{Attempt, CallRecord, Outcome};
pub use tracing_setup::init_tracing;
