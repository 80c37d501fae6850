//! How bytes come in.
//!
//! [`accept`] takes a connection and reads the head of a request within bounds; [`proxy`] is our `ProxyHttp`: model
//! calls go to the exchange, everything else the opaque lane through Pingora. [`guard`] keeps foreign web pages out.

pub mod accept;
mod caller;
pub mod guard;
mod head;
mod opaque;
pub mod proxy;
mod reject;

pub use accept::Front;
pub use proxy::Gateway;
