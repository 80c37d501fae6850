//! Embeddings and reranking: a client of each dialect before a provider of each other, written by hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::client::Call;
use crate::support::provider::{Answer, Behaviour, Provider};
use crate::support::proxy::{Config, Proxy};
use crate::support::run;

/// How a client asks, and where the first numbers of its two vectors and its tokens stand.
struct Client {
    dialect: &'static str,
    path: &'static str,
    ask: fn(&str, &[&str]) -> Value,
    found: [&'static str; 3],
}

const CLIENTS: [Client; 4] = [
    Client {
        dialect: "openai_chat",
        path: "/v1/embeddings",
        ask: |model, texts| json!({"model": model, "input": texts, "dimensions": 2}),
        found: ["/data/0/embedding", "/data/1/embedding", "/usage/prompt_tokens"],
    },
    Client {
        dialect: "gemini",
        path: "/v1beta/models/MODEL:batchEmbedContents",
        ask: |model, texts| {
            let one = |text: &&str| {
                json!({"model": format!("models/{model}"), "content": {"parts": [{"text": text}]},
                    "outputDimensionality": 2})
            };
            json!({"requests": texts.iter().map(one).collect::<Vec<_>>()})
        },
        found: ["/embeddings/0/values", "/embeddings/1/values", "/usageMetadata/promptTokenCount"],
    },
    Client {
        dialect: "cohere",
        path: "/v2/embed",
        ask: |model, texts| {
            json!({"model": model, "texts": texts, "input_type": "search_query", "embedding_types": ["float"],
                "output_dimension": 2})
        },
        found: ["/embeddings/float/0", "/embeddings/float/1", "/meta/billed_units/input_tokens"],
    },
    Client {
        dialect: "ollama",
        path: "/api/embed",
        ask: |model, texts| json!({"model": model, "input": texts, "dimensions": 2}),
        found: ["/embeddings/0", "/embeddings/1", "/prompt_eval_count"],
    },
];

/// A provider's model, what it is to be asked for "one" and "two", and what it answers.
struct Server {
    dialect: &'static str,
    model: &'static str,
    path: &'static str,
    asked: fn() -> Value,
    answer: fn() -> Answer,
}

const SERVERS: [Server; 5] = [
    Server {
        dialect: "openai_chat",
        model: "the-model",
        path: "/v1/embeddings",
        asked: || json!({"model": "the-model", "input": ["one", "two"], "encoding_format": "float", "dimensions": 2}),
        answer: || {
            // In whatever order: the index counts.
            answer(json!({"object": "list", "model": "the-model", "usage": {"prompt_tokens": 7, "total_tokens": 7},
                "data": [{"object": "embedding", "index": 1, "embedding": [0.25, -1.5e-5]},
                    {"object": "embedding", "index": 0, "embedding": [0.5, 0.1]}]}))
        },
    },
    Server {
        dialect: "gemini",
        model: "the-model",
        path: "/v1beta/models/the-model:batchEmbedContents",
        asked: || {
            let one = |text: &str| {
                json!({"model": "models/the-model", "outputDimensionality": 2,
                    "content": {"parts": [{"text": text}]}})
            };
            json!({"requests": [one("one"), one("two")]})
        },
        answer: || {
            answer(json!({"embeddings": [{"values": [0.5, 0.1]}, {"values": [0.25, -1.5e-5]}],
                "usageMetadata": {"promptTokenCount": 7}}))
        },
    },
    Server {
        dialect: "cohere",
        model: "the-model",
        path: "/v2/embed",
        asked: || {
            json!({"model": "the-model", "texts": ["one", "two"], "input_type": "search_document",
                "embedding_types": ["float"], "output_dimension": 2})
        },
        answer: || {
            answer(json!({"id": "e-1", "texts": ["one", "two"], "response_type": "embeddings_by_type",
                "embeddings": {"float": [[0.5, 0.1], [0.25, -1.5e-5]]},
                "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7}}}))
        },
    },
    Server {
        dialect: "ollama",
        model: "the-model",
        path: "/api/embed",
        asked: || json!({"model": "the-model", "input": ["one", "two"], "dimensions": 2}),
        answer: || {
            answer(json!({"model": "the-model", "embeddings": [[0.5, 0.1], [0.25, -1.5e-5]], "total_duration": 9,
                "prompt_eval_count": 7}))
        },
    },
    Server {
        dialect: "bedrock",
        model: "cohere.embed-v4:0",
        path: "/model/cohere.embed-v4%3A0/invoke",
        asked: || {
            json!({"texts": ["one", "two"], "input_type": "search_document", "embedding_types": ["float"],
                "output_dimension": 2})
        },
        answer: || {
            answer(json!({"id": "e-1", "response_type": "embeddings_by_type",
                "embeddings": {"float": [[0.5, 0.1], [0.25, -1.5e-5]]}}))
            .with_header("x-amzn-bedrock-input-token-count", "7")
        },
    },
];

fn answer(body: Value) -> Answer {
    Answer::json(200, &body)
}

async fn providers() -> (Vec<Provider>, Proxy) {
    let (mut providers, mut config) = (Vec::new(), Config::default());
    for server in &SERVERS {
        let provider = Provider::behaving(Behaviour::answer((server.answer)())).await;
        let name = server.dialect.replace('_', "-");
        config = config.speaking(&name, &provider, server.dialect);
        let targets = format!("{{targets: [\"{name}/{}\"]}}", server.model);
        config = config.model(&format!("from-{}", server.dialect), &targets);
        providers.push(provider);
    }
    (providers, Proxy::start(&config.top("defaults: {retry: {tries: 1}}")).await)
}

fn post(client: &Client, model: &str, texts: &[&str]) -> Call {
    Call::post(&client.path.replace("MODEL", model), &(client.ask)(model, texts))
}

/// The provider that speaks `dialect`, of those above.
fn of<'p>(providers: &'p [Provider], dialect: &str) -> &'p Provider {
    &providers[SERVERS.iter().position(|server| server.dialect == dialect).unwrap()]
}

#[test]
fn case_156_every_client_gets_vectors_of_every_provider() {
    run(async {
        let (providers, proxy) = providers().await;
        let mut calls = 0;
        for (client, (server, provider)) in
            CLIENTS.iter().flat_map(|client| SERVERS.iter().zip(&providers).map(move |pair| (client, pair)))
        {
            let pair = format!("{} to {}", client.dialect, server.dialect);
            let reply = proxy.send(post(client, &format!("from-{}", server.dialect), &["one", "two"])).await;
            assert_eq!(reply.status, 200, "{pair}: {}", reply.text());
            calls += 1;
            if client.dialect == server.dialect {
                let untouched = (server.answer)().pieces.concat();
                assert_eq!(reply.text(), String::from_utf8_lossy(&untouched), "{pair}");
                continue;
            }
            let found = client.found.map(|pointer| reply.json().pointer(pointer).cloned().unwrap_or_default());
            assert_eq!(json!(found), json!([[0.5, 0.1], [0.25, -1.5e-5], 7]), "{pair}: {}", reply.text());

            let seen = provider.last();
            assert_eq!(seen.path, server.path, "{pair}");
            let mut expected = (server.asked)();
            let mut lost = "";
            match (client.dialect, server.dialect) {
                ("cohere", "bedrock") => expected["input_type"] = "search_query".into(),
                ("cohere", "gemini") => {
                    expected["requests"][0]["taskType"] = "RETRIEVAL_QUERY".into();
                    expected["requests"][1]["taskType"] = "RETRIEVAL_QUERY".into();
                }
                ("cohere", _) => lost = "input_type",
                _ => {}
            }
            assert_eq!((seen.json(), reply.header("x-outrider-lost")), (expected, lost), "{pair}");
        }
        for line in proxy.calls_logged(calls).await {
            assert_eq!((&line["tokens"]["input"], &line["operation"]), (&json!(7), &json!("embeddings")), "{line}");
        }
    });
}

#[test]
fn openais_sdks_get_the_base64_that_they_ask_for() {
    run(async {
        let (_providers, proxy) = providers().await;
        let body = json!({"model": "from-gemini", "input": ["one", "two"], "encoding_format": "base64"});
        let reply = proxy.send(Call::post("/v1/embeddings", &body)).await.json();
        let bytes = STANDARD.decode(reply["data"][1]["embedding"].as_str().unwrap()).unwrap();
        assert_eq!(bytes, [0.25f32.to_le_bytes(), (-1.5e-5f32).to_le_bytes()].concat());

        let body = json!({"model": "from-ollama", "texts": ["one", "two"], "input_type": "clustering",
            "embedding_types": ["float", "base64"]});
        let reply = proxy.send(Call::post("/v2/embed", &body)).await.json();
        assert_eq!(reply["embeddings"]["float"][0], json!([0.5, 0.1]));
        let first = [0.5f32.to_le_bytes(), 0.1f32.to_le_bytes()].concat();
        assert_eq!(reply["embeddings"]["base64"][0], json!(STANDARD.encode(first)));
    });
}

#[test]
fn one_text_is_answered_in_the_form_of_one() {
    run(async {
        let (providers, proxy) = providers().await;
        let ask = json!({"content": {"parts": [{"text": "one"}]}, "taskType": "CLASSIFICATION"});
        let reply = proxy.send(Call::post("/v1beta/models/from-cohere:embedContent", &ask)).await;
        assert_eq!(reply.json()["embedding"]["values"], json!([0.5, 0.1]), "{}", reply.text());
        assert_eq!(of(&providers, "cohere").last().json()["input_type"], "classification");

        let ask = json!({"model": "from-openai_chat", "prompt": "one", "options": {}, "keep_alive": null});
        let reply = proxy.send(Call::post("/api/embeddings", &ask)).await;
        assert_eq!(reply.json(), json!({"embedding": [0.5, 0.1]}), "{}", reply.text());
        assert_eq!(of(&providers, "openai_chat").last().json()["input"], json!(["one"]));

        let ask = json!({"model": "from-cohere", "input": "one"});
        let reply = proxy.send(Call::post("/v1/embeddings", &ask)).await;
        assert_eq!(reply.json()["data"][0]["embedding"], json!([0.5, 0.1]), "{}", reply.text());
        assert_eq!(of(&providers, "cohere").last().json()["texts"], json!(["one"]));
    });
}

#[test]
fn a_gemini_client_is_only_renamed_before_gemini() {
    run(async {
        let (providers, proxy) = providers().await;
        let body =
            r#"{"requests":[{"model":"models/from-gemini","content":{"parts":[{"text":"a","odd":1.50}]}}],"x":1e00}"#;
        let call = Call::post("/v1beta/models/from-gemini:batchEmbedContents", &json!({})).body(body);
        assert_eq!(proxy.send(call).await.status, 200);
        let seen = String::from_utf8(of(&providers, "gemini").last().body.to_vec()).unwrap();
        assert_eq!(seen, body.replace("from-gemini", "the-model"));

        let answer = answer(json!({"embedding": {"values": [1]}}));
        of(&providers, "gemini").set(Behaviour::answer(answer));
        let ask = json!({"content": {"parts": [{"text": "a"}]}});
        let reply = proxy.send(Call::post("/v1beta/models/from-gemini:embedContent", &ask)).await;
        assert_eq!(reply.json(), json!({"embedding": {"values": [1]}}));
        assert_eq!(of(&providers, "gemini").last().path, "/v1beta/models/the-model:embedContent");
    });
}

#[test]
fn titan_takes_one_text_a_call() {
    run(async {
        let titan = answer(json!({"embedding": [0.5, 0.1], "inputTextTokenCount": 3}));
        let provider = Provider::behaving(Behaviour::answer(titan)).await;
        let proxy = Proxy::start(&Config::default().speaking("aws", &provider, "bedrock")).await;
        let ask = |input: Value| {
            let body = json!({"model": "aws/amazon.titan-embed-text-v2:0", "input": input, "dimensions": 256});
            proxy.send(Call::post("/v1/embeddings", &body))
        };
        let reply = ask(json!(["one"])).await;
        assert_eq!(reply.json()["data"][0]["embedding"], json!([0.5, 0.1]), "{}", reply.text());
        assert_eq!(reply.json()["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
        assert_eq!(provider.last().path, "/model/amazon.titan-embed-text-v2%3A0/invoke");
        assert_eq!(provider.last().json(), json!({"inputText": "one", "dimensions": 256}));

        let reply = ask(json!(["one", "two"])).await;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.error_message(), "Titan takes one input a call, and there are 2");
        assert_eq!(provider.calls().len(), 1, "it was not asked");
    });
}

#[test]
fn what_no_other_vendor_takes_is_refused_or_named() {
    run(async {
        let (providers, proxy) = providers().await;
        let refused = async |path: &str, body: Value, said: &str| {
            let reply = proxy.send(Call::post(path, &body)).await;
            assert_eq!(reply.status, 400, "{}", reply.text());
            assert!(reply.text().contains(said), "{}", reply.text());
        };
        let tokens = json!({"model": "from-gemini", "input": [[1, 2], [3]]});
        refused("/v1/embeddings", tokens, "input 0 is a list of token ids").await;
        refused("/v1/embeddings", json!({"model": "from-gemini", "input": []}), "`input`").await;
        let bits = json!({"model": "from-gemini", "texts": ["a"], "input_type": "search_query",
            "embedding_types": ["ubinary"]});
        refused("/v2/embed", bits, "not as `ubinary`").await;
        let image = json!({"model": "from-ollama", "images": ["data:image/png;base64,AAAA"], "input_type": "image"});
        refused("/v2/embed", image, "an image").await;
        assert!(providers.iter().all(|provider| provider.calls().is_empty()));

        let both = json!({"model": "from-gemini", "texts": ["a"], "embedding_types": ["float", "int8"], "priority": 1,
            "input_type": "search_query"});
        let reply = proxy.send(Call::post("/v2/embed", &both)).await;
        assert_eq!((reply.status, reply.header("x-outrider-lost")), (200, "embedding_types.int8, priority"));
        let anthropic = Provider::start().await;
        let proxy = Proxy::start(&Config::default().speaking("a", &anthropic, "anthropic")).await;
        let reply = proxy.send(Call::post("/v1/embeddings", &json!({"model": "a/m", "input": "x"}))).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains("no embeddings"), "{}", reply.text());
    });
}

#[test]
fn an_error_and_an_empty_answer_are_no_vectors() {
    run(async {
        let (providers, proxy) = providers().await;
        for (client, server) in CLIENTS.iter().flat_map(|client| SERVERS.iter().map(move |server| (client, server))) {
            let pair = format!("{} to {}", client.dialect, server.dialect);
            for (body, status) in [(json!({}), 502), (json!({"error": {"message": "slow down", "code": 429}}), 429)] {
                of(&providers, server.dialect).set(Behaviour::answer(answer(body).with_header("retry-after-ms", "1")));
                let reply = proxy.send(post(client, &format!("from-{}", server.dialect), &["one", "two"])).await;
                assert_eq!(reply.status, status, "{pair}: {}", reply.text());
            }
        }
    });
}

/// Nobody could tell whose vector is missing, so another has to answer.
#[test]
fn fewer_vectors_than_inputs_are_no_answer() {
    run(async {
        let (providers, proxy) = providers().await;
        for server in &SERVERS {
            let (provider, model) = (of(&providers, server.dialect), format!("from-{}", server.dialect));
            for client in &CLIENTS {
                // It goes on answering for two, whatever it is asked.
                let reply = proxy.send(post(client, &model, &["one", "two", "three"])).await;
                let pair = format!("{} to {}: {}", client.dialect, server.dialect, reply.text());
                assert_eq!((reply.status, provider.calls().is_empty()), (502, false), "{pair}");
                assert!(reply.text().contains("2 vectors for 3 inputs"), "{pair}");
            }
        }
    });
}

/// What each dialect says of "q" and the documents "a", "b", "c": c before a.
#[test]
fn case_156_documents_keep_their_places() {
    run(async {
        let results = || json!([{"index": 2, "relevance_score": 0.90}, {"index": 0, "relevance_score": 1e-7}]);
        let jina = answer(json!({"model": "m", "results": results(), "usage": {"total_tokens": 12}}));
        let cohere = answer(json!({"id": "r-1", "results": results(), "meta": {"billed_units": {"search_units": 1}}}));
        let bedrock = answer(json!({"results": results()}));
        let [jina, cohere, bedrock] = [jina, cohere, bedrock].map(Behaviour::answer);
        let jina = Provider::behaving(jina).await;
        let cohere = Provider::behaving(cohere).await;
        let bedrock = Provider::behaving(bedrock).await;
        let config = Config::default().speaking("jina", &jina, "openai_chat").speaking("cohere", &cohere, "cohere");
        let proxy = Proxy::start(&config.speaking("aws", &bedrock, "bedrock")).await;
        let rerank = "cohere.rerank-v3-5:0";
        let common = json!({"query": "q", "documents": ["a", "b", "c"], "top_n": 2});
        let named = |mut body: Value, model: &str| {
            body["model"] = model.into();
            body
        };
        let mut invoked = common.clone();
        invoked["api_version"] = 2.into();
        for (provider, model, path, asked) in [
            (&jina, "jina/m", "/v1/rerank".to_owned(), named(common.clone(), "m")),
            (&cohere, "cohere/m", "/v2/rerank".to_owned(), named(common.clone(), "m")),
            (&bedrock, "aws/cohere.rerank-v3-5:0", format!("/model/{}/invoke", rerank.replace(':', "%3A")), invoked),
        ] {
            for door in ["/v1/rerank", "/v2/rerank"] {
                let reply = proxy.send(Call::post(door, &named(common.clone(), model))).await;
                assert_eq!(
                    (reply.status, &reply.json()["results"]),
                    (200, &results()),
                    "{door} {model}: {}",
                    reply.text()
                );
                assert_eq!((provider.last().path, provider.last().json()), (path.clone(), asked.clone()), "{door}");
            }
        }
        let units = proxy.send(Call::post("/v1/rerank", &named(common.clone(), "cohere/m"))).await.json();
        assert_eq!(units["meta"]["billed_units"]["search_units"], 1);

        // Documents are given back by ourselves, as they came.
        let body = json!({"model": "cohere/m", "query": "q", "return_documents": true,
            "documents": ["a", {"text": "b"}, {"text": "c", "id": 7}]});
        let reply = proxy.send(Call::post("/v1/rerank", &body)).await.json();
        assert_eq!(reply["results"][0]["document"], json!({"text": "c", "id": 7}));
        assert_eq!(reply["results"][1]["document"], json!({"text": "a"}));
        assert_eq!(cohere.last().json()["documents"], json!(["a", "b", "c"]));
    });
}
