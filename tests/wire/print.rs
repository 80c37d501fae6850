//! Requests and replies in their canonical form, a fact a line.

use outrider::canonical::{
    Choice, Format, Function, Reply, Request, Stop, StopReason, Thinking, Tool, ToolChoice, Turn, Usage,
};

use super::print_parts::{Lines, foreign, part, quote};

/// A request, but for the name of its model, which is different in each dialect.
pub fn request(request: &Request<'_>) -> String {
    let mut lines = Lines::new();
    let out = &mut lines;
    let Request { model: _, stream, turns, tools, tool_choice, parallel_tools, format, verbosity, .. } = request;
    out.flag("stream", *stream);
    tools.iter().for_each(|one| tool(one, out));
    out.said("tool choice", tool_choice.as_ref().map(choice_of_tools));
    out.said("parallel tools", *parallel_tools);
    format.iter().for_each(|one| form(one, out));
    out.said("verbosity", verbosity.as_ref());
    settings(request, out);
    for Turn { role, parts, name } in turns {
        out.line(format!("{role:?}:").to_lowercase());
        out.under(|out| {
            out.quoted("name", name.as_ref());
            parts.iter().for_each(|one| part(one, out));
        });
    }
    lines.into_text()
}

fn settings(request: &Request<'_>, out: &mut Lines) {
    let Request {
        model: _,
        stream,
        turns: _,
        tools: _,
        tool_choice: _,
        parallel_tools: _,
        format: _,
        verbosity: _,
        reasoning: Thinking { effort, budget, adaptive, off, summary },
        max_tokens,
        stop,
        temperature,
        top_p,
        top_k,
        seed,
        presence_penalty,
        frequency_penalty,
        logit_bias,
        logprobs,
        top_logprobs,
        n,
        user,
        metadata,
        service_tier,
        store,
        cache_key,
        cache,
        usage_in_stream,
        others,
    } = request;
    out.said("thinking effort", effort.as_ref());
    out.said("thinking budget", *budget);
    out.flag("thinking adaptive", *adaptive);
    out.flag("thinking off", *off);
    out.said("thinking summary", summary.as_ref());
    out.said("max tokens", *max_tokens);
    stop.iter().for_each(|stop| out.line(format!("stop at {}", quote(stop))));
    out.said("temperature", temperature.as_ref());
    out.said("top p", top_p.as_ref());
    out.said("top k", top_k.as_ref());
    out.said("seed", seed.as_ref());
    out.said("presence penalty", presence_penalty.as_ref());
    out.said("frequency penalty", frequency_penalty.as_ref());
    out.said("logit bias", logit_bias.as_ref().map(|raw| raw.as_str()));
    out.said("logprobs", *logprobs);
    out.said("top logprobs", *top_logprobs);
    out.said("n", *n);
    out.quoted("user", user.as_ref());
    out.said("metadata", metadata.as_ref().map(|raw| super::layout::on_one_line(raw.as_str())));
    out.said("service tier", service_tier.as_ref());
    out.said("store", *store);
    out.quoted("cache key", cache_key.as_ref());
    out.cache(cache.as_ref());
    out.flag("usage in stream", *stream && *usage_in_stream);
    others.iter().for_each(|one| out.line(foreign(one)));
}

fn tool(tool: &Tool<'_>, out: &mut Lines) {
    match tool {
        Tool::Function(Function { name, description, parameters, strict, free_form, cache }) => {
            out.line(format!("tool {name}"));
            out.under(|out| {
                out.quoted("description", description.as_ref());
                out.said("parameters", parameters.as_ref().map(|raw| super::layout::on_one_line(raw.as_str())));
                out.said("strict", *strict);
                out.said("free form", free_form.as_ref().map(|raw| super::layout::on_one_line(raw.as_str())));
                out.cache(cache.as_ref());
            });
        }
        Tool::Foreign(one) => out.line(format!("tool: {}", foreign(one))),
    }
}

fn choice_of_tools(choice: &ToolChoice<'_>) -> String {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => format!("is {name}"),
        ToolChoice::Among { names, required } => {
            let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
            format!("{} of {}", if *required { "one" } else { "any" }, names.join(", "))
        }
    }
}

fn form(format: &Format<'_>, out: &mut Lines) {
    match format {
        Format::Text => out.line("format text"),
        Format::JsonObject => out.line("format json object"),
        Format::JsonSchema { name, description, schema, strict } => {
            out.line("format json schema");
            out.under(|out| {
                out.said("name", name.as_ref());
                out.quoted("description", description.as_ref());
                out.line(format!("schema {}", super::layout::on_one_line(schema.as_str())));
                out.said("strict", *strict);
            });
        }
    }
}

/// A reply.
pub fn reply(reply: &Reply<'_>) -> String {
    let mut lines = Lines::new();
    let out = &mut lines;
    let Reply { id, model, created, choices, usage: tokens, service_tier, others } = reply;
    out.line(format!("id {}", quote(id)));
    out.line(format!("model {}", quote(model)));
    out.said("created", *created);
    out.said("service tier", service_tier.as_ref());
    out.line(format!("usage{}", usage(tokens)));
    others.iter().for_each(|one| out.line(foreign(one)));
    for Choice { parts, stop: why, logprobs } in choices {
        out.line("choice:");
        out.under(|out| {
            parts.iter().for_each(|one| part(one, out));
            out.said("logprobs", logprobs.as_ref().map(|raw| super::layout::on_one_line(raw.as_str())));
            out.line(stop(why));
        });
    }
    lines.into_text()
}

/// Why an answer ended.
pub fn stop(stop: &Stop<'_>) -> String {
    let Stop { reason, native, sequence, explanation } = stop;
    let reason = match reason {
        StopReason::End => "end",
        StopReason::Sequence => "stop sequence",
        StopReason::Length => "length",
        StopReason::ToolCalls => "tool calls",
        StopReason::Filtered => "filtered",
        StopReason::Paused => "paused",
        StopReason::Broken => "broken",
    };
    let mut line = format!("stopped: {reason}");
    for (name, text) in [("said as", native), ("met", sequence), ("because", explanation)] {
        if let Some(text) = text {
            line += &format!(", {name} {}", quote(text));
        }
    }
    line
}

/// The tokens.
pub fn usage(usage: &Usage) -> String {
    let Usage {
        input,
        output,
        cached,
        cache_write,
        cache_write_1h,
        reasoning,
        searches,
        billed_input,
        billed_output,
        service: _,
    } = usage;
    let counts = [
        ("input", input),
        ("cached", cached),
        ("cache_write", cache_write),
        ("cache_write_1h", cache_write_1h),
        ("output", output),
        ("reasoning", reasoning),
        ("searches", searches),
        ("billed_input", billed_input),
        ("billed_output", billed_output),
    ];
    // What is nought of the whole is as good as unsaid.
    let details = |name: &str, count: &u64| *count > 0 || matches!(name, "input" | "output");
    let said = counts.iter().filter_map(|(name, count)| Some((name, count.filter(|count| details(name, count))?)));
    said.map(|(name, count)| format!(" {name}={count}")).collect()
}
