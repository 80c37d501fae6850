//! Which calls go where, whatever model they name.

use crate::support::client::Call;
use crate::support::provider::Provider;
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

#[test]
fn the_first_route_that_fits_decides() {
    run(async {
        let (a, b) = (Provider::start().await, Provider::start().await);
        let config = Config::chain(&[&a, &b]).top(
            "routes:\n  - {when: {model: '*-preview'}, deny: not for production}\n  - {when: {header: {x-team: \
             research}, stream: true}, use: b/other}\n  - {when: {model: old*}, use: m}",
        );
        let proxy = Proxy::start(&config).await;
        let reply = proxy.send(Call::chat("gpt-preview")).await;
        assert_eq!((reply.status, reply.error_message()), (403, "not for production".to_owned()));
        let reply = proxy.send(Call::stream("anything").header("x-team", "Research")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "b/other"));
        let reply = proxy.send(Call::chat("old-model").header("x-team", "research")).await;
        assert_eq!((reply.status, reply.header("x-outrider-target")), (200, "a/m-a"));
        assert_eq!(proxy.send(Call::chat("anything")).await.status, 404, "no route, and no such model");
    });
}
