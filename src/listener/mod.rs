//! How bytes come in.
//!
//! [`accept`] takes a connection and reads the head of a request within bounds; [`proxy`] is our `ProxyHttp`: model
//! calls go to the exchange, everything else the opaque lane through Pingora. [`guard`] keeps foreign web pages out.
//! Connections that were meant for another host come in by [`ways`]: a listed host's TLS is ended here, all else is
//! passed on.

pub mod accept;
mod bounds;
mod caller;
mod callers;
mod connect;
mod dial;
mod distrust;
mod elsewhere;
pub mod guard;
mod head;
mod hello;
mod opaque;
mod origin;
pub mod proxy;
mod reject;
mod tls;
mod tunnel;
pub mod ways;

pub use accept::Front;
pub use proxy::Gateway;
pub use ways::{Door, Ways};
