//! Streams that break off after the client has begun to read them, and are gone on with by a target of any dialect.

use crate::support::client::Call;
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::provider::{Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// Two providers of each dialect; the models are `FIRST-SECOND`.
async fn world() -> (Vec<Provider>, Proxy) {
    let (mut providers, mut config) = (Vec::new(), Config::default());
    for speech in SPEECHES {
        let name = name(speech);
        let (first, second) =
            (Provider::behaving(speech.behaviour()).await, Provider::behaving(speech.behaviour()).await);
        config = config.speaking(&format!("first-{name}"), &first, speech.dialect);
        config = config.speaking(&format!("second-{name}"), &second, speech.dialect);
        providers.extend([first, second]);
    }
    for first in SPEECHES.iter().map(name) {
        config = config.model(&first, &format!("{{targets: [first-{first}/the-model]}}"));
        for second in SPEECHES.iter().map(name) {
            let targets =
                format!("{{targets: [first-{first}/the-model, {{use: second-{second}/the-model, weight: 0}}]}}");
            config = config.model(&format!("{first}-{second}"), &targets);
        }
    }
    let proxy = Proxy::start(&config).await;
    (providers, proxy)
}

fn name(speech: &Speech) -> String {
    speech.dialect.replace('_', "-")
}

async fn streamed(proxy: &Proxy, client: &Speech, model: &str) -> String {
    let call = Call::post(&client.path(model, true), &(client.ask)(model, true));
    let reply = proxy.send(call.header("authorization", "Bearer x")).await;
    assert_eq!(reply.status, 200, "{model}: {}", reply.text());
    String::from_utf8_lossy(&reply.body).into_owned()
}

#[test]
fn every_client_gets_the_rest_of_a_broken_stream_from_every_dialect() {
    run(async {
        let (providers, proxy) = world().await;
        for client in SPEECHES {
            for (provider, first) in providers.iter().step_by(2).zip(SPEECHES) {
                for second in SPEECHES {
                    let whole = streamed(&proxy, client, &name(first)).await;
                    let model = format!("{}-{}", name(first), name(second));
                    provider.once(first.behaviour().until("Hello", Step::Reset));
                    let text = streamed(&proxy, client, &model).await;
                    let which = format!("a client of {} before {model}:\n{text}\ninstead of\n{whole}", client.dialect);
                    assert!(text.contains(client.end) && !text.contains(client.broken), "{which}");
                    assert!(text.contains(" there"), "{which}");
                    assert_eq!(text.matches("Hello").count(), whole.matches("Hello").count(), "{which}");
                }
            }
        }
        let broken = "outrider_broken_streams_total{outcome=\"recovered\"} 343";
        let metrics = proxy.ask("/metrics").await.text();
        assert!(metrics.contains(broken), "{metrics}");
    });
}

#[test]
fn who_does_not_want_it_is_told_of_the_break() {
    run(async {
        let (providers, proxy) = world().await;
        for (provider, client) in providers.iter().step_by(2).zip(SPEECHES) {
            let model = format!("{}-openai-chat", name(client));
            provider.once(client.behaviour().until("Hello", Step::Reset));
            let call = Call::post(&client.path(&model, true), &(client.ask)(&model, true));
            let reply = proxy.send(call.header("x-outrider-recover", "off")).await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(text.contains("Hello") && text.contains(client.broken), "{}: {text}", client.dialect);
            assert!(!text.contains(" there"), "{}: {text}", client.dialect);
        }
    });
}
