//! What OpenAI's own models refuse: a request that says it would come back as a 400.

/// A family of models that takes the same settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Does not reason: no effort, no encrypted thoughts.
    Plain,
    /// Always reasons: no samplers. From `low` to `high`.
    Always(&'static [&'static str]),
    /// Reasons if asked to, and then takes no samplers.
    Asked(&'static [&'static str]),
    /// Somebody else's, a deployment's name, a newer one: it is told what the client says.
    Unknown,
}

/// The family of the model of that name.
pub(super) fn family(model: &str) -> Family {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    let is = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    match name {
        _ if is("o1") || is("o3") || is("o4") => Family::Always(&["low", "medium", "high"]),
        _ if name.starts_with("gpt-5") && name.contains("-chat") => Family::Plain,
        _ if is("gpt-5.1") && !name.contains("-codex-max") => Family::Asked(&["low", "medium", "high"]),
        _ if name.starts_with("gpt-5.") => Family::Asked(&["low", "medium", "high", "xhigh"]),
        _ if is("gpt-5-codex") => Family::Always(&["low", "medium", "high"]),
        _ if is("gpt-5-pro") => Family::Always(&["high"]),
        _ if is("gpt-5") => Family::Always(&["minimal", "low", "medium", "high"]),
        _ if ["gpt-4", "gpt-3", "chatgpt-4o"].iter().any(|prefix| name.starts_with(prefix)) => Family::Plain,
        _ => Family::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        let low_to_high: &[&str] = &["low", "medium", "high"];
        for (model, expected) in [
            ("gpt-4o-mini", Family::Plain),
            ("ft:gpt-4.1:acme", Family::Plain),
            ("gpt-5-chat-latest", Family::Plain),
            ("o3", Family::Always(low_to_high)),
            ("openai/o4-mini-2025-04-16", Family::Always(low_to_high)),
            ("gpt-5-nano-2025-08-07", Family::Always(&["minimal", "low", "medium", "high"])),
            ("gpt-5.1-2025-11-13", Family::Asked(low_to_high)),
            ("gpt-5.2", Family::Asked(&["low", "medium", "high", "xhigh"])),
            ("o1x", Family::Unknown),
            ("my-deployment", Family::Unknown),
        ] {
            assert_eq!(family(model), expected, "{model}");
        }
    }
}
