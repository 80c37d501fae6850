//! The target of a request: whose path it is, and what it names.

use http::{HeaderMap, Method};

use crate::dialect::doors;

/// One path, with its query.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    for method in [Method::GET, Method::POST] {
        doors::lists_models(&method, path, &HeaderMap::new());
        let Some(ask) = doors::recognise(&method, path, query) else { continue };
        if let Some(model) = ask.model {
            assert!(!model.is_empty() && path.contains(model), "another model than the path names");
        }
    }
}
