//! What goes wrong between a client of each dialect and a provider of each other.

use super::{call, providers};
use crate::support::dialects::speech::{SPEECHES, Speech};
use crate::support::dialects::voice::Said;
use crate::support::provider::{Answer, Behaviour, Provider, Step};
use crate::support::proxy::{Config, Proxy};
use crate::support::{run, until};

/// One provider of that dialect behind as many names as there are clients: what one learns of it concerns no other.
async fn apart(speaker: &Speech, provider: &Provider, top: &str) -> Proxy {
    let names = SPEECHES.iter().map(|client| client.dialect.replace('_', "-"));
    let config =
        names.fold(Config::default().top(top), |config, name| config.speaking(&name, provider, speaker.dialect));
    Proxy::start(&config).await
}

fn model_of(client: &Speech) -> String {
    format!("{}/the-model", client.dialect.replace('_', "-"))
}

#[test]
fn a_refused_key_is_told_without_the_key() {
    run(async {
        for speaker in SPEECHES {
            let body = (speaker.error)("invalid key sk-secret-openai-chat");
            let provider = Provider::behaving(Behaviour::answer(Answer::json(401, &body))).await;
            let proxy = apart(speaker, &provider, "defaults: {retry: {tries: 1}}").await;
            for client in SPEECHES {
                let reply = proxy.send(call(client, &model_of(client), false)).await;
                let pair = format!("{} to {}: {}", client.dialect, speaker.dialect, reply.text());
                assert_eq!(reply.status, if client.dialect == "bedrock" { 403 } else { 401 }, "{pair}");
                assert!(reply.json().pointer(client.message).is_some_and(|message| message.is_string()), "{pair}");
                assert!(!reply.text().contains("sk-secret"), "{pair}");
            }
        }
    });
}

/// The client leaves in the middle of a stream; nobody pays for the rest.
#[test]
fn a_client_that_leaves_ends_the_providers_stream() {
    run(async {
        for speaker in SPEECHES {
            let answer = Said::text("Hello there").stream(speaker.dialect);
            let pieces = answer.pieces.iter().position(|piece| piece.windows(5).any(|word| word == b"Hello")).unwrap();
            let provider = Provider::behaving(Behaviour::answer(answer).after_pieces(pieces + 1, Step::Silence)).await;
            let proxy = apart(speaker, &provider, "").await;
            for (left, client) in SPEECHES.iter().enumerate() {
                let mut stream = proxy.open(call(client, &model_of(client), true)).await;
                stream.read_until("Hello").await;
                drop(stream);
                let what = format!("{} hears that {} left", speaker.dialect, client.dialect);
                until(&what, || provider.hung_up() == left + 1).await;
            }
        }
    });
}

/// A provider that says nothing is given up in time, and a stream that falls silent ends as an error.
#[test]
fn silence_is_an_error_in_the_clients_dialect() {
    run(async {
        let silent = Provider::behaving(Behaviour::hang()).await;
        let top = "defaults: {retry: {tries: 1}, timeouts: {first_token: 50ms}}";
        for speaker in SPEECHES {
            let proxy = apart(speaker, &silent, top).await;
            for client in SPEECHES {
                let reply = proxy.send(call(client, &model_of(client), true)).await;
                let pair = format!("{} to {}: {}", client.dialect, speaker.dialect, reply.text());
                assert_eq!(reply.status, if client.dialect == "bedrock" { 408 } else { 504 }, "{pair}");
                assert!(reply.json().pointer(client.message).is_some_and(|message| message.is_string()), "{pair}");
            }
        }
    });
}

/// A stream that is cut is never taken for a whole one.
#[test]
fn a_cut_stream_ends_as_an_error_in_the_clients_dialect() {
    run(async {
        let (providers, proxy) = providers().await;
        for (provider, speaker) in providers.iter().zip(SPEECHES) {
            let answer = Said::text("Hello there").stream(speaker.dialect);
            let pieces = answer.pieces.iter().position(|piece| piece.windows(5).any(|word| word == b"Hello")).unwrap();
            let broken = Behaviour::answer(answer).after_pieces(pieces + 1, Step::Close);
            for client in SPEECHES.iter().filter(|client| client.dialect != speaker.dialect) {
                provider.once(broken.clone());
                let reply = proxy.send(call(client, &format!("from-{}", speaker.dialect), true)).await;
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                let pair = format!("{} to {}: {text}", client.dialect, speaker.dialect);
                assert!(text.contains("Hello") && text.contains(client.broken), "{pair}");
            }
        }
    });
}
