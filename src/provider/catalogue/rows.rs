//! The rows: hosts, paths and variables as the vendors' documentation has them.
//!
//! What is promised about data is what the vendor says in public of its paid API, with the page that says it, as read
//! in November 2026; an agreement of the operator's own is said by `data` in the configuration. Of whom nothing is said
//! here nothing is known, and who asks for a promise is kept from them.

use super::{Kind, PathStyle};
use crate::canonical::Dialect;
use crate::catalogue::{Data, Promise};
use crate::dialect::codec::Flavour;
use crate::provider::auth::Login;
use crate::provider::voice::Voice;

const EU: &str = "eu";
const CN: &str = "cn";

const VERTEX: &str = "https://{region}-aiplatform.googleapis.com/v1/projects/{project}/locations/{region}";

const AZURE_KEYS: &[&str] = &["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"];
const SCALEWAY_KEYS: &[&str] = &["SCW_SECRET_KEY", "SCALEWAY_API_KEY"];

const GEMINI_URL: &str = "https://generativelanguage.googleapis.com/v1beta";
const BEDROCK_URL: &str = "https://bedrock-runtime.{region}.amazonaws.com";

// Where a row has no room for the page that says what becomes of data.
const OPENAI_DATA: &str = "https://developers.openai.com/api/docs/guides/your-data";
/// Of what Microsoft serves; for Claude there, Anthropic answers.
const AZURE_DATA: &str = "https://learn.microsoft.com/en-us/legal/cognitive-services/openai/data-privacy";
/// Of training: <https://support.anthropic.com/en/articles/9267385>
const ANTHROPIC_DATA: &str =
    "https://privacy.claude.com/en/articles/7996866-how-long-do-you-store-my-organization-s-data";
const GEMINI_DATA: &str = "https://ai.google.dev/gemini-api/docs/zdr";
/// Some of its models are kept for a month, most are not: which, changes.
const BEDROCK_DATA: &str = "https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html";
/// Prompts are cached for a day, and those that look like misuse kept, unless the operator has that switched off.
const VERTEX_DATA: &str =
    "https://docs.cloud.google.com/gemini-enterprise-agent-platform/resources/zero-data-retention";
/// Not kept as a rule, but for up to a month where something looks like misuse.
const GROQ_DATA: &str = "https://console.groq.com/docs/your-data";

/// OpenAI's dialect as everybody else speaks it.
const CHAT: Voice = Voice::new(Dialect::OpenAiChat).by(Flavour::Compatible);

/// Converse; Claude is invoked for clients that speak its own dialect. The names of all its models and of their
/// profiles across regions have the vendor in them. A profile of the operator's own does not say whose it is: it is
/// invoked where the operator says `dialect: anthropic`.
const BEDROCK: &[Voice] =
    &[Voice::new(Dialect::Bedrock), Voice::new(Dialect::Anthropic).by(Flavour::Bedrock).also_for("anthropic.")];

/// Every row, in the order in which a configuration made from the environment lists them.
pub const KINDS: &[Kind] = &[
    Kind {
        env_base_url: Some("OPENAI_BASE_URL"),
        voices: &[Voice::new(Dialect::OpenAiChat), Voice::new(Dialect::OpenAiResponses)],
        ..keeps(OPENAI_DATA, hosted("openai", "https://api.openai.com/v1", &["OPENAI_API_KEY"]))
    },
    Kind {
        base_url: None,
        env_base_url: Some("AZURE_OPENAI_ENDPOINT"),
        voices: &[
            Voice::new(Dialect::OpenAiChat).by(Flavour::Azure).key_in("api-key"),
            Voice::new(Dialect::OpenAiResponses).by(Flavour::Azure).key_in("api-key"),
        ],
        paths: PathStyle::Azure,
        ..but_for(&["claude"], keeps(AZURE_DATA, hosted("azure", "", AZURE_KEYS)))
    },
    // Its own OpenAI-compatible door is "not for production", says Anthropic: calls are translated instead.
    Kind {
        env_base_url: Some("ANTHROPIC_BASE_URL"),
        voices: &[Voice::new(Dialect::Anthropic).at("/v1").key_in("x-api-key")],
        ..keeps(ANTHROPIC_DATA, hosted("anthropic", "https://api.anthropic.com/v1", &["ANTHROPIC_API_KEY"]))
    },
    Kind {
        voices: &[Voice::new(Dialect::Gemini).at("/v1beta").key_in("x-goog-api-key"), CHAT.at("/v1beta/openai")],
        // It does not train on what is paid for, and does on what is not: a key does not tell.
        ..says(
            None,
            Some(Promise::Does),
            GEMINI_DATA,
            hosted("gemini", GEMINI_URL, &["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
        )
    },
    Kind {
        voices: BEDROCK,
        login: Some(Login::Aws),
        probe_path: "/ping", // any answer is a sign of life, and this one needs no permission
        ..private(BEDROCK_DATA, hosted("bedrock", BEDROCK_URL, &["AWS_BEARER_TOKEN_BEDROCK"]))
    },
    Kind {
        voices: &[
            Voice::new(Dialect::Anthropic).by(Flavour::Vertex).for_models("claude"),
            Voice::new(Dialect::Gemini).by(Flavour::Vertex),
        ],
        login: Some(Login::Google),
        env: &[],
        ..keeps(VERTEX_DATA, hosted("vertex", VERTEX, &[]))
    },
    private(GROQ_DATA, hosted("groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"])),
    keeps(
        "https://docs.together.ai/docs/zero-data-retention",
        hosted("together", "https://api.together.xyz/v1", &["TOGETHER_API_KEY"]),
    ),
    // Of open models; its routers pass calls on to others.
    but_for(
        &["routers/", "firerouter"],
        forgets(
            "https://docs.fireworks.ai/guides/security_compliance/data_handling",
            hosted("fireworks", "https://api.fireworks.ai/inference/v1", &["FIREWORKS_API_KEY"]),
        ),
    ),
    Kind {
        voices: &[
            CHAT.by(Flavour::OpenRouter),
            Voice::new(Dialect::OpenAiResponses).by(Flavour::OpenRouter),
            Voice::new(Dialect::Anthropic).by(Flavour::OpenRouter),
        ],
        ..hosted("openrouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"])
    },
    Kind {
        voices: &[CHAT.by(Flavour::Mistral)],
        ..at(EU, hosted("mistral", "https://api.mistral.ai/v1", &["MISTRAL_API_KEY"]))
    },
    Kind {
        voices: &[CHAT.by(Flavour::DeepSeek)],
        ..at(CN, hosted("deepseek", "https://api.deepseek.com/v1", &["DEEPSEEK_API_KEY"]))
    },
    keeps("https://docs.x.ai/docs/faq/security", hosted("xai", "https://api.x.ai/v1", &["XAI_API_KEY"])),
    Kind {
        voices: &[Voice::new(Dialect::Cohere).at("/v2"), CHAT.at("/compatibility/v1")],
        ..hosted("cohere", "https://api.cohere.com", &["COHERE_API_KEY", "CO_API_KEY"])
    },
    hosted("cerebras", "https://api.cerebras.ai/v1", &["CEREBRAS_API_KEY"]),
    // Of its own models; those of others have their vendor before a slash.
    but_for(
        &["/"],
        forgets(
            "https://docs.perplexity.ai/docs/resources/privacy-security",
            hosted("perplexity", "https://api.perplexity.ai", &["PERPLEXITY_API_KEY", "PPLX_API_KEY"]),
        ),
    ),
    hosted("nvidia", "https://integrate.api.nvidia.com/v1", &["NVIDIA_API_KEY"]),
    but_for(
        &["claude", "anthropic/", "gemini"],
        forgets(
            "https://docs.deepinfra.com/account/data-privacy",
            hosted("deepinfra", "https://api.deepinfra.com/v1/openai", &["DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"]),
        ),
    ),
    hosted("moonshot", "https://api.moonshot.ai/v1", &["MOONSHOT_API_KEY"]),
    hosted("sambanova", "https://api.sambanova.ai/v1", &["SAMBANOVA_API_KEY"]),
    hosted("hyperbolic", "https://api.hyperbolic.xyz/v1", &["HYPERBOLIC_API_KEY"]),
    hosted("novita", "https://api.novita.ai/openai/v1", &["NOVITA_API_KEY"]),
    // Kept only of those who harm the service.
    private(
        "https://www.scaleway.com/en/docs/generative-apis/reference-content/data-privacy/",
        at(EU, hosted("scaleway", "https://api.scaleway.ai/v1", SCALEWAY_KEYS)),
    ),
    at(
        EU,
        hosted(
            "ovhcloud",
            "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
            &["OVH_AI_ENDPOINTS_ACCESS_TOKEN", "OVHCLOUD_API_KEY"],
        ),
    ),
    at(EU, hosted("stackit", "https://api.openai-compat.model-serving.eu01.onstackit.cloud/v1", &["STACKIT_API_KEY"])),
    at(EU, hosted("regolo", "https://api.regolo.ai/v1", &["REGOLO_API_KEY"])),
    hosted("cortecs", "https://api.cortecs.ai/v1", &["CORTECS_API_KEY"]),
    hosted("nebius", "https://api.tokenfactory.nebius.com/v1", &["NEBIUS_API_KEY"]),
    hosted("baseten", "https://inference.baseten.co/v1", &["BASETEN_API_KEY"]),
    hosted("chutes", "https://llm.chutes.ai/v1", &["CHUTES_API_KEY"]),
    shared(hosted("huggingface", "https://router.huggingface.co/v1", &["HF_TOKEN"])),
    hosted("vercel", "https://ai-gateway.vercel.sh/v1", &["AI_GATEWAY_API_KEY"]),
    shared(hosted("github", "https://models.github.ai/inference", &["GITHUB_TOKEN"])),
    shared(hosted("wandb", "https://api.inference.wandb.ai/v1", &["WANDB_API_KEY"])),
    shared(hosted("digitalocean", "https://inference.do-ai.run/v1", &["DIGITALOCEAN_ACCESS_TOKEN"])),
    shared(hosted("vultr", "https://api.vultrinference.com/v1", &["VULTR_API_KEY"])),
    // Each customer's own host.
    shared(Kind { base_url: None, ..hosted("databricks", "", &["DATABRICKS_TOKEN"]) }),
    hosted("friendli", "https://api.friendli.ai/serverless/v1", &["FRIENDLI_TOKEN"]),
    hosted("featherless", "https://api.featherless.ai/v1", &["FEATHERLESS_API_KEY"]),
    hosted("nscale", "https://inference.api.nscale.com/v1", &["NSCALE_API_KEY"]),
    hosted("parasail", "https://api.parasail.io/v1", &["PARASAIL_API_KEY"]),
    hosted("gmi", "https://api.gmi-serving.com/v1", &["GMI_API_KEY", "GMICLOUD_API_KEY"]),
    hosted("crusoe", "https://api.inference.crusoecloud.com/v1", &["CRUSOE_API_KEY"]),
    hosted("synthetic", "https://api.synthetic.new/openai/v1", &["SYNTHETIC_API_KEY"]),
    hosted("io_net", "https://api.intelligence.io.solutions/api/v1", &["IOINTELLIGENCE_API_KEY"]),
    hosted("venice", "https://api.venice.ai/api/v1", &["VENICE_API_KEY"]),
    hosted("requesty", "https://router.requesty.ai/v1", &["REQUESTY_API_KEY"]),
    hosted("helicone", "https://ai-gateway.helicone.ai/v1", &["HELICONE_API_KEY"]),
    hosted("poe", "https://api.poe.com/v1", &["POE_API_KEY"]),
    hosted("publicai", "https://api.publicai.co/v1", &["PUBLICAI_API_KEY"]),
    hosted("clarifai", "https://api.clarifai.com/v2/ext/openai/v1", &["CLARIFAI_PAT"]),
    hosted("ai21", "https://api.ai21.com/studio/v1", &["AI21_API_KEY"]),
    hosted("inception", "https://api.inceptionlabs.ai/v1", &["INCEPTION_API_KEY"]),
    hosted("llama", "https://api.llama.com/compat/v1", &["LLAMA_API_KEY"]),
    hosted("morph", "https://api.morphllm.com/v1", &["MORPH_API_KEY"]),
    hosted("nova", "https://api.nova.amazon.com/v1", &["NOVA_API_KEY"]),
    hosted("reka", "https://api.reka.ai/v1", &["REKA_API_KEY"]),
    hosted("upstage", "https://api.upstage.ai/v1/solar", &["UPSTAGE_API_KEY"]),
    hosted("v0", "https://api.v0.dev/v1", &["V0_API_KEY"]),
    hosted("voyage", "https://api.voyageai.com/v1", &["VOYAGE_API_KEY"]),
    hosted("jina", "https://api.jina.ai/v1", &["JINA_API_KEY"]),
    hosted("sarvam", "https://api.sarvam.ai/v1", &["SARVAM_API_KEY"]),
    Kind {
        voices: &[CHAT.by(Flavour::Mistral)],
        ..hosted("codestral", "https://codestral.mistral.ai/v1", &["CODESTRAL_API_KEY"])
    },
    // Vendors in China have one platform there and one for the world, each with keys of its own.
    hosted("alibaba", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", &["DASHSCOPE_API_KEY"]),
    at(CN, shared(hosted("alibaba_cn", "https://dashscope.aliyuncs.com/compatible-mode/v1", &["DASHSCOPE_API_KEY"]))),
    hosted("zai", "https://api.z.ai/api/paas/v4", &["ZAI_API_KEY"]),
    at(CN, hosted("zhipu", "https://open.bigmodel.cn/api/paas/v4", &["ZHIPU_API_KEY", "ZHIPUAI_API_KEY"])),
    hosted("minimax", "https://api.minimax.io/v1", &["MINIMAX_API_KEY"]),
    at(CN, shared(hosted("minimax_cn", "https://api.minimaxi.com/v1", &["MINIMAX_API_KEY"]))),
    at(CN, shared(hosted("moonshot_cn", "https://api.moonshot.cn/v1", &["MOONSHOT_API_KEY"]))),
    hosted("siliconflow", "https://api.siliconflow.com/v1", &["SILICONFLOW_API_KEY"]),
    at(CN, hosted("siliconflow_cn", "https://api.siliconflow.cn/v1", &["SILICONFLOW_CN_API_KEY"])),
    at(CN, hosted("stepfun", "https://api.stepfun.com/v1", &["STEPFUN_API_KEY"])),
    at(CN, hosted("volcengine", "https://ark.cn-beijing.volces.com/api/v3", &["ARK_API_KEY"])),
    hosted("xiaomi", "https://api.xiaomimimo.com/v1", &["XIAOMI_API_KEY"]),
    hosted("ollama", "http://127.0.0.1:11434/v1", &[]),
    hosted("lmstudio", "http://127.0.0.1:1234/v1", &[]),
    Kind { base_url: None, ..hosted("vllm", "", &[]) },
    Kind { base_url: None, ..hosted("openai_compatible", "", &[]) },
    anywhere("openai_responses_compatible", &[Voice::new(Dialect::OpenAiResponses).by(Flavour::Compatible)]),
    anywhere("anthropic_compatible", &[Voice::new(Dialect::Anthropic).at("/v1").key_in("x-api-key")]),
    anywhere("gemini_compatible", &[Voice::new(Dialect::Gemini).at("/v1beta").key_in("x-goog-api-key")]),
    anywhere("bedrock_compatible", BEDROCK),
    anywhere("cohere_compatible", &[Voice::new(Dialect::Cohere).at("/v2")]),
    anywhere("ollama_native", &[Voice::new(Dialect::Ollama).at("/api")]),
];

/// The usual row: OpenAI's dialect and a bearer token.
const fn hosted(name: &'static str, base_url: &'static str, env: &'static [&'static str]) -> Kind {
    Kind {
        name,
        base_url: Some(base_url),
        env,
        env_base_url: None,
        voices: &[CHAT],
        login: None,
        paths: PathStyle::Mounted,
        probe_path: "/models",
        region: None,
        data: None,
        shared_env: false,
    }
}

/// Anything that speaks a dialect, wherever the operator says.
const fn anywhere(name: &'static str, voices: &'static [Voice]) -> Kind {
    Kind { base_url: None, voices, ..hosted(name, "", &[]) }
}

/// One that answers everything in one region.
const fn at(region: &'static str, kind: Kind) -> Kind {
    Kind { region: Some(region), ..kind }
}

/// One whose variable is set for other reasons too.
const fn shared(kind: Kind) -> Kind {
    Kind { shared_env: true, ..kind }
}

/// One that does not train on what its API is sent, as that page says.
const fn private(source: &'static str, kind: Kind) -> Kind {
    says(Some(Promise::DoesNot), None, source, kind)
}

/// One that neither trains on it nor keeps it.
const fn forgets(source: &'static str, kind: Kind) -> Kind {
    says(Some(Promise::DoesNot), Some(Promise::DoesNot), source, kind)
}

/// One that does not train on it, but keeps it for some time.
const fn keeps(source: &'static str, kind: Kind) -> Kind {
    says(Some(Promise::DoesNot), Some(Promise::Does), source, kind)
}

const fn says(training: Option<Promise>, retention: Option<Promise>, source: &'static str, kind: Kind) -> Kind {
    Kind { data: Some(Data { training, retention, but_for: &[], source }), ..kind }
}

/// One that answers for itself, but not for models with one of these in their name.
const fn but_for(but_for: &'static [&'static str], kind: Kind) -> Kind {
    match kind.data {
        Some(data) => Kind { data: Some(Data { but_for, ..data }), ..kind },
        None => kind,
    }
}
