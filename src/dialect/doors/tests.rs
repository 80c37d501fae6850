use super::Dialect::*;
use super::Operation::*;
use super::*;

fn known(path: &str) -> Option<(Dialect, Operation, Option<&str>)> {
    recognise(&Method::POST, path, None).map(|ask| (ask.dialect, ask.operation, ask.model))
}

#[test]
fn case_031_a_path_is_known_in_each_way_that_clients_write_it() {
    for (path, expected) in [
        ("/v1/chat/completions", Some((OpenAiChat, Chat, None))),
        ("/v1/chat/completions/", Some((OpenAiChat, Chat, None))),
        ("/chat/completions", Some((OpenAiChat, Chat, None))),
        ("/openai/v1/chat/completions", Some((OpenAiChat, Chat, None))),
        ("/v1/completions", Some((OpenAiChat, Completions, None))),
        ("/completions", Some((OpenAiChat, Completions, None))),
        ("/v1/embeddings", Some((OpenAiChat, Embeddings, None))),
        ("/openai/deployments/gpt-5-prod/chat/completions", Some((OpenAiChat, Chat, Some("gpt-5-prod")))),
        ("/openai/deployments/a%2Fb/embeddings", Some((OpenAiChat, Embeddings, Some("a%2Fb")))),
        ("/openai/deployments//embeddings", None),
        ("/openai/deployments/x/images/generations", None),
        ("/openai/deployments/x", None),
        ("/v1/v1/chat/completions", None),
        ("/v1/chat", None),
        ("/v1/chat/completions/abc", None),
        ("/v1/responses", Some((OpenAiResponses, Chat, None))),
        ("/openai/v1/responses", Some((OpenAiResponses, Chat, None))),
        ("/v1/responses/resp_1/cancel", None),
        ("/v1/messages", Some((Anthropic, Chat, None))),
        ("/anthropic/v1/messages", Some((Anthropic, Chat, None))),
        ("/v1/messages/count_tokens", Some((Anthropic, CountTokens, None))),
        ("/v1/messages/batches", None),
        ("/v1beta/models/gemini-3-pro:generateContent", Some((Gemini, Chat, Some("gemini-3-pro")))),
        ("/v1/models/a%2Fb:streamGenerateContent", Some((Gemini, Chat, Some("a%2Fb")))),
        ("/v1beta/models/g:countTokens", Some((Gemini, CountTokens, Some("g")))),
        ("/v1beta/models/../x:generateContent", None),
        ("/v1alpha/models/llama3:8b:generateContent", Some((Gemini, Chat, Some("llama3:8b")))),
        ("/v1beta/models/x%3AgenerateContent", Some((Gemini, Chat, Some("x")))),
        ("/v1beta1/publishers/google/models/g:embedContent", Some((Gemini, Embedding, Some("g")))),
        ("/v1beta/models/:generateContent", None),
        ("/v1beta/models/g", None),
        ("/v2/models/g:generateContent", None),
        ("/v1beta/models/g:predict", None),
        ("/v1/projects/p/locations/l/publishers/google/models/g:generateContent", Some((Gemini, Chat, Some("g")))),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:rawPredict",
            Some((Anthropic, Chat, Some("claude@1"))),
        ),
        ("/model/anthropic.claude%3A0/converse-stream", Some((Bedrock, Chat, Some("anthropic.claude%3A0")))),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
            Some((Anthropic, CountTokens, None)),
        ),
        ("/projects/p/locations/l/publishers/anthropic/models/c:streamRawPredict", Some((Anthropic, Chat, Some("c")))),
        ("/models/g:generateContent", Some((Gemini, Chat, Some("g")))),
        ("/model/m/invoke", Some((Anthropic, Chat, Some("m")))),
        ("/model/a/invoke-with-response-stream/", Some((Anthropic, Chat, Some("a")))),
        ("/model/a/count-tokens", Some((Bedrock, CountTokens, Some("a")))),
        ("/model/arn:aws:bedrock:x:1:p/b/converse", Some((Bedrock, Chat, Some("arn:aws:bedrock:x:1:p/b")))),
        ("/model/arn%3Aaws%3Ab%2Fc/converse", Some((Bedrock, Chat, Some("arn%3Aaws%3Ab%2Fc")))),
        ("/model/arn:a/../b/converse", None),
        ("/model/a/b/converse", None),
        ("/model//converse", None),
        ("/model/converse", None),
        ("/model/a/async-invoke", None),
        ("/v1/model/a/converse", None),
        ("/v2/chat", Some((Cohere, Chat, None))),
        ("/api/chat", Some((Ollama, Chat, None))),
        ("/api/generate", Some((Ollama, Chat, None))),
        ("/api/embed", Some((Ollama, Embeddings, None))),
        ("/api/embeddings", Some((Ollama, Embedding, None))),
        ("/v2/embed", Some((Cohere, Embeddings, None))),
        ("/v2/rerank", Some((Cohere, Rerank, None))),
        ("/v1/embed", None),
        ("/v1/rerank", Some((OpenAiChat, Rerank, None))),
        ("/v1beta/models/g:embedContent", Some((Gemini, Embedding, Some("g")))),
        ("/v1beta/models/g:batchEmbedContents", Some((Gemini, Embeddings, Some("g")))),
        ("/", None),
        ("", None),
    ] {
        assert_eq!(known(path), expected, "{path}");
    }
    assert_eq!(recognise(&Method::GET, "/v1/chat/completions", None), None, "a stored one is only read");
}

#[test]
fn the_path_says_how_the_stream_is_to_come() {
    let ask = |query| recognise(&Method::POST, "/v1beta/models/g:streamGenerateContent", query).unwrap();
    assert_eq!((ask(None).stream, ask(None).json_array), (Some(true), true));
    assert_eq!((ask(Some("key=x&alt=sse")).stream, ask(Some("key=x&alt=sse")).json_array), (Some(true), false));
    let whole = recognise(&Method::POST, "/v1beta/models/g:generateContent", None).unwrap();
    assert_eq!((whole.stream, whole.json_array), (Some(false), false));
}

#[test]
fn what_is_answered_as_a_whole_is_never_a_stream() {
    for path in ["/v1/embeddings", "/v2/embed", "/api/embed", "/v1beta/models/g:embedContent", "/v1/rerank"] {
        assert_eq!(recognise(&Method::POST, path, None).unwrap().stream, Some(false), "{path}");
    }
}

#[test]
fn lists_of_models_are_told_apart() {
    let lists = |path: &str, header: &'static str| {
        let headers = [(http::HeaderName::from_static(header), "x".parse().unwrap())].into_iter().collect();
        lists_models(&Method::GET, path, &headers)
    };
    assert_eq!(lists("/v1/models", "accept"), Some(OpenAiChat));
    assert_eq!(lists("/openai/v1/models/", "accept"), Some(OpenAiChat));
    assert_eq!(lists("/models", "accept"), Some(OpenAiChat));
    assert_eq!(lists("/v1/models", "anthropic-version"), Some(Anthropic));
    assert_eq!(lists("/v1/models", "x-goog-api-key"), Some(Gemini));
    assert_eq!(lists("/v1beta/models", "accept"), Some(Gemini));
    assert_eq!(lists("/v1/models/m", "accept"), None);
}

#[test]
fn who_has_more_than_chats() {
    let at = |dialect, flavour, operation| path(dialect, flavour, operation, "a:b", false);
    let (vendor, vertex) = (Flavour::Vendor, Flavour::Vertex);
    assert_eq!(at(Gemini, vendor, Embeddings).unwrap(), "/models/a%3Ab:batchEmbedContents");
    assert_eq!(at(Gemini, vertex, Embedding).unwrap(), "/publishers/google/models/a%3Ab:embedContent");
    assert_eq!(at(Gemini, vertex, Embeddings), None);
    assert_eq!(at(Bedrock, vendor, Embeddings).unwrap(), "/model/a%3Ab/invoke");
    assert_eq!(at(OpenAiChat, vendor, Rerank), None);
    let vertexs = "/publishers/anthropic/models/count-tokens:rawPredict";
    assert_eq!(at(Anthropic, vertex, CountTokens).as_deref(), Some(vertexs));
    let counts = |dialect, flavour| path(dialect, flavour, CountTokens, "us.anthropic.claude", false).unwrap();
    assert_eq!(counts(Anthropic, Flavour::Bedrock), "/model/anthropic.claude/count-tokens");
    assert_eq!(counts(Bedrock, vendor), "/model/anthropic.claude/count-tokens");
    assert_eq!(at(OpenAiChat, Flavour::Compatible, Rerank).unwrap(), "/rerank");
    assert_eq!((at(Anthropic, vendor, Embeddings), at(OpenAiResponses, vendor, Embeddings)), (None, None));
}

#[test]
fn what_is_asked_for_is_found_where_it_is_asked() {
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let mount = match dialect {
                OpenAiChat | OpenAiResponses | Anthropic | Gemini => "/v1",
                Bedrock => "",
                Cohere => "/v2",
                Ollama => "/api",
            };
            let path = path(dialect, Flavour::Vendor, Chat, "a/b:c", stream).unwrap();
            let full = format!("{mount}{path}");
            let (path, query) = full.split_once('?').map_or((&*full, None), |(path, query)| (path, Some(query)));
            let ask = recognise(&Method::POST, path, query).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((ask.dialect, ask.operation), (dialect, Chat));
            if model_in_path(dialect, Flavour::Vendor, Chat) {
                assert_eq!((ask.model, ask.stream), (Some("a%2Fb%3Ac"), Some(stream)));
            }
        }
    }
}
