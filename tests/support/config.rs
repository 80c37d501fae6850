//! The configuration file that a test runs the built binary with.

use super::provider::Provider;

/// Where every configuration lets it listen.
pub(super) const FREE_PORTS: &str = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n";

/// A configuration file in the making.
#[derive(Clone, Debug, Default)]
pub struct Config {
    top: String,
    providers: String,
    models: String,
}

impl Config {
    /// The providers `a`, `b`, ... in this order of priority, behind the model `m`, which each calls `m-a`, `m-b`, ...
    pub fn chain(providers: &[&Provider]) -> Self {
        let names: Vec<_> = ('a'..).map(String::from).take(providers.len()).collect();
        let targets: Vec<_> = names.iter().map(|name| format!("{name}/m-{name}")).collect();
        let model = format!("{{targets: [{}], fallbacks: [{}]}}", targets[0], targets[1..].join(", "));
        let all = names.iter().zip(providers);
        all.fold(Self::default().model("m", &model), |config, (name, provider)| config.provider(name, provider))
    }

    /// One more provider, that is not probed, with the key `sk-secret-NAME`.
    pub fn provider(self, name: &str, provider: &Provider) -> Self {
        let url = provider.url();
        self.entry(name, &format!("base_url: \"{url}\", api_key: sk-secret-{name}, health: off"))
    }

    /// One more provider that speaks `dialect`, with the key `sk-secret-NAME`.
    pub fn speaking(self, name: &str, provider: &Provider, dialect: &str) -> Self {
        self.speaking_at(name, provider.url().trim_end_matches("/v1"), dialect, "")
    }

    /// The same at that place, with more fields.
    pub fn speaking_at(mut self, name: &str, url: &str, dialect: &str, more: &str) -> Self {
        // Of OpenAI's dialects the version is part of the base URL, of the others it is part of the path.
        let version = if dialect.starts_with("openai") { "/v1" } else { "" };
        let fields =
            format!("dialect: {dialect}, base_url: \"{url}{version}\", api_key: sk-secret-{name}, health: off{more}");
        self.providers.push_str(&format!("  {name}: {{{fields}}}\n"));
        self
    }

    /// One more provider, of which everything is said, but the dialect where that is OpenAI's.
    pub fn entry(self, name: &str, fields: &str) -> Self {
        let dialect = if fields.contains("kind: ") { "" } else { "dialect: openai_chat, " };
        self.stated(name, &format!("{dialect}{fields}"))
    }

    /// One more provider, of which everything is said.
    pub fn stated(mut self, name: &str, fields: &str) -> Self {
        self.providers.push_str(&format!(
            "  {name}: {{{fields}}}
"
        ));
        self
    }

    /// One more model.
    pub fn model(mut self, name: &str, value: &str) -> Self {
        self.models.push_str(&format!("  {name}: {value}\n"));
        self
    }

    /// One more line at the top level.
    pub fn top(mut self, line: &str) -> Self {
        self.top.push_str(line);
        self.top.push('\n');
        self
    }

    /// A time limit for the first token.
    pub fn first_token(self, limit: &str) -> Self {
        self.top(&format!("defaults: {{timeouts: {{first_token: {limit}}}}}"))
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let models = if self.models.is_empty() { String::new() } else { format!("models:\n{}", self.models) };
        format!("{FREE_PORTS}{}providers:\n{}{models}", self.top, self.providers)
    }
}
