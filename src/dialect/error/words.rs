//! What vendors say where a status alone would mislead.
//!
//! Three things that change where a call goes are told by every vendor in its own way, most of them as a 400: the
//! request is too long for this model, a filter refused what it says, the account is out of money. Some have a code
//! for it, most have only a sentence, so both are looked for. A sentence is long enough not to be met by chance; where
//! a validation error quotes a prompt that happens to hold one, the call is asked of another target, and no more.

use super::said::Said;
use crate::canonical::FaultKind;

/// Too long. Beside each: who says it so.
const CONTEXT: &[&str] = &[
    "context_length_exceeded",               // OpenAI, Azure, Groq, Cerebras: the code
    "exceed_context_size",                   // llama.cpp: the type
    "model_max_prompt_tokens_exceeded",      // GitHub Models: the code
    "maximum context length",                // OpenAI, DeepSeek, Mistral, vLLM, OpenRouter, Fireworks, NVIDIA
    "model's context length",                // SGLang, Together
    "exceeds the context window",            // OpenAI's Responses
    "context window exceeds",                // MiniMax
    "prompt is too long",                    // Anthropic, Claude on Bedrock and Vertex
    "exceed context limit",                  // Anthropic, where `max_tokens` is what does not fit
    "exceeds the maximum number of tokens",  // Gemini
    "input is too long for requested model", // Bedrock
    "input tokens exceed",                   // Nova on Bedrock
    "too many tokens: total number",         // Cohere
    "too large for model with",              // Mistral
    "reduce the length of the messages",     // Groq
    "maximum prompt length is",              // xAI
    "maximum model length",                  // vLLM, of a prompt alone
    "exceeded model token limit",            // Moonshot
    "prompt exceeds max length",             // Z.ai
    "`max_new_tokens` must be <=",           // Together, TGI
    "prompt too long; exceeded",             // Ollama
    "input length exceeds the context",      // Ollama's embeddings
    "exceeds the available context size",    // llama.cpp
    "context size has been exceeded",        // LM Studio
    "greater than the context length",       // LM Studio
];

/// No wait makes this pass: one request alone is more than the account may send in a minute.
const MORE_THAN_A_MINUTE: [&str; 2] = ["request too large for ", "tokens per min"]; // OpenAI (429), Groq (413)

/// A filter refused it.
const FILTER: &[&str] = &[
    "content_filter",                      // Azure: the code
    "responsibleaipolicyviolation",        // Azure: the inner code, older versions
    "content management policy",           // Azure
    "content_policy_violation",            // OpenAI: the code
    "flagged as potentially violating",    // OpenAI, of reasoning models
    "blocked by content filtering policy", // Anthropic
    "content exists risk",                 // DeepSeek
    "data_inspection_failed",              // Qwen: the code
    "datainspectionfailed",                // Qwen
    "content violates usage guidelines",   // xAI, as a 403
    "requires moderation on",              // OpenRouter, as a 403
    "blocked by the safety filter",        // Groq's guards
];

/// No money, or no more of it this month.
const QUOTA: &[&str] = &[
    "insufficient_quota",         // OpenAI: the code
    "billing_hard_limit_reached", // OpenAI: the code, as a 400
    "billing_not_active",         // OpenAI: the code
    "exceeded_current_quota",     // Moonshot: the type
    "credit balance is too low",  // Anthropic, as a 400
    "api usage limits",           // Anthropic, as a 400: the limit that the owner has set
    "used all available credits", // xAI
    "monthly spending limit",     // xAI, Fireworks
    "insufficient balance",       // DeepSeek, Z.ai
    "balance is insufficient",    // SiliconFlow
    "key limit exceeded",         // OpenRouter, as a 403
];

/// What was said outright, whatever the status.
pub(super) fn meaning(status: u16, said: &Said) -> Option<FaultKind> {
    // The others are about the server, or about the way to it.
    if !matches!(status, 400 | 402 | 403 | 412 | 413 | 422 | 424 | 429 | 500) {
        return None;
    }
    let message = said.lower_message();
    let says = |words: &[&str]| said.mentions(words) || words.iter().any(|word| message.contains(word));
    if status == 402 || says(QUOTA) || status == 429 && said.mentions(&["billing", "credit"]) {
        return Some(FaultKind::QuotaExhausted);
    }
    let hopeless = MORE_THAN_A_MINUTE.iter().all(|words| message.contains(words));
    if hopeless || status != 429 && says(CONTEXT) {
        return Some(FaultKind::ContextExceeded);
    }
    (status != 429 && says(FILTER)).then_some(FaultKind::ContentFiltered)
}

/// The status with which an error under a 200 should have come, if it is one of these.
pub(super) fn status(said: &Said) -> Option<u16> {
    match meaning(400, said)? {
        FaultKind::QuotaExhausted => Some(429),
        _ => Some(400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, document: &str, expected: Option<FaultKind>) {
        assert_eq!(meaning(status, &Said::read(document.as_bytes())), expected, "{status} {document}");
    }

    #[test]
    fn too_long_in_each_vendors_words() {
        let too_long = Some(FaultKind::ContextExceeded);
        for (status, document) in [
            (
                400,
                r#"{"error":{"message":"Too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            ),
            (400, r#"{"error":{"message":"Your input exceeds the context window of this model. Please adjust it."}}"#),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 209353 tokens > 199999 maximum"}}"#,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again"}}"#,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}"#,
            ),
            (400, r#"{"message":"Input is too long for requested model."}"#),
            (
                400,
                r#"{"message":"The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum"}"#,
            ),
            (400, r#"{"message":"Input Tokens Exceeded: Number of input tokens exceeds maximum length."}"#),
            (
                400,
                r#"{"object":"error","message":"Prompt contains 40966 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_error","code":"3051"}"#,
            ),
            (
                400,
                r#"{"id":"x","message":"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292."}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Please reduce the length of the messages or completion.","type":"invalid_request_error"}}"#,
            ),
            (
                413,
                r#"{"error":{"message":"Request too large for model `x` in organization `y` on tokens per minute (TPM): Limit 6000, Requested 7000","type":"tokens","code":"rate_limit_exceeded"}}"#,
            ),
            (
                429,
                r#"{"error":{"message":"Request too large for gpt-5 in organization y on tokens per min (TPM): Limit 30000, Requested 60000.","type":"tokens","code":"rate_limit_exceeded"}}"#,
            ),
            (
                422,
                r#"{"error":{"message":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 8000 `inputs` tokens and 512 `max_new_tokens`","type":"invalid_request_error"}}"#,
            ),
            (
                400,
                r#"{"object":"error","message":"This model's maximum context length is 16384 tokens. However, you requested 19591 tokens (9591 in the messages, 10000 in the completion).","type":"BadRequestError","param":null,"code":400}"#,
            ),
            (
                400,
                r#"{"object":"error","message":"The decoder prompt (length 9000) is longer than the maximum model length of 8192.","type":"BadRequestError","code":400}"#,
            ),
            (
                400,
                r#"{"error":{"message":"The input (9000 tokens) is longer than the model's context length (8192 tokens)."}}"#,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}"#,
            ),
            (500, r#"{"error":"Context size has been exceeded."}"#),
            (
                400,
                r#"{"error":{"message":"This endpoint's maximum context length is 1048576 tokens. However, you requested about 1293741 tokens","code":400}}"#,
            ),
            (
                400,
                r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Invalid request: Your request exceeded model token limit: 8192","type":"invalid_request_error"}}"#,
            ),
        ] {
            check(status, document, too_long);
        }
    }

    #[test]
    fn a_filters_no_in_each_vendors_words() {
        let filtered = Some(FaultKind::ContentFiltered);
        for (status, document) in [
            (
                400,
                r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
            ),
            (
                400,
                r#"{"error":{"code":"content_policy_violation","message":"Your request was rejected as a result of our safety system."}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.","code":"invalid_prompt"}}"#,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Content Exists Risk","type":"invalid_request_error","code":"invalid_request_error"}}"#,
            ),
            (
                400,
                r#"{"error":{"code":"data_inspection_failed","message":"Input data may contain inappropriate content."}}"#,
            ),
            (
                403,
                r#"{"code":"The caller does not have permission to execute the specified operation","error":"Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}"#,
            ),
            (
                403,
                r#"{"error":{"message":"openai/x requires moderation on OpenAI. Your input was flagged for \"violence\".","code":403}}"#,
            ),
        ] {
            check(status, document, filtered);
        }
    }

    #[test]
    fn an_empty_account_in_each_vendors_words() {
        let broke = Some(FaultKind::QuotaExhausted);
        for (status, document) in [
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            ),
            (400, r#"{"error":{"message":"Billing hard limit has been reached","code":"billing_hard_limit_reached"}}"#),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}"#,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."}}"#,
            ),
            (402, r#"{"error":{"message":"Insufficient Balance"}}"#),
            (402, ""),
            (
                403,
                r#"{"code":"x","error":"Your team y has used all available credits or reached its monthly spending limit."}"#,
            ),
            (403, r#"{"error":{"message":"Key limit exceeded (total limit).","code":403}}"#),
            (
                412,
                r#"{"error":{"message":"Account x is suspended, possibly due to reaching the monthly spending limit"}}"#,
            ),
            (
                429,
                r#"{"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}}"#,
            ),
        ] {
            check(status, document, broke);
        }
    }

    #[test]
    fn other_words_leave_it_to_the_status() {
        for (status, document) in [
            (
                400,
                r#"{"error":{"message":"max_tokens is too large: 100000. This model supports at most 4096 completion tokens"}}"#,
            ),
            // Gemini says so of a limit per minute, too.
            (
                429,
                r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}"#,
            ),
            (
                429,
                r#"{"error":{"message":"Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000."}}"#,
            ),
            (
                413,
                r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
            ),
            (404, r#"{"error":{"message":"no such path: maximum context length"}}"#),
            (500, r#"{"error":{"message":"boom"}}"#),
            (400, ""),
        ] {
            check(status, document, None);
        }
    }
}
