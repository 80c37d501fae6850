//! Clients of many makes believe our leaves when they are told to, and only for hosts that our authority may sign for.

mod clients;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use server::Server;

use super::bundle::Roots;
use super::store::Published;
use super::{Hosts, Leaves, Pattern, Store};

/// The host that is listed; the authority may sign for it and for no other.
const LISTED: &str = "api.openai.com";
/// A host for which our server shows a leaf although the authority may not sign for it: a stolen key could do no more.
const STRANGER: &str = "api.stranger.test";

/// An authority with its files, and a server that shows leaves of it.
struct World {
    folder: tempfile::TempDir,
    published: Published,
    leaves: Arc<Leaves>,
    server: Server,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("ca.pem"), folder.path().join("private/ca.key"));
    let hosts: Hosts = [LISTED, "*.openai.azure.com"].iter().map(|text| Pattern::parse(text).unwrap()).collect();
    let opened = store.open(&hosts, true, SystemTime::now()).unwrap();
    let published = store.publish(&opened, None, &Roots::find([])).unwrap();
    let leaves = Leaves::new(hosts, opened.authorities).unwrap();
    let server = Server::start(leaves.clone());
    World { folder, published, leaves, server }
}

impl World {
    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}
