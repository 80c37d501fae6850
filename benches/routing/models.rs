//! Models of simulated providers.

use std::sync::Arc;

use outrider::catalogue::{Facts, Price};
use outrider::config::Process;
use outrider::health::Registry;
use outrider::money::Usd;
use outrider::routing::choice::{Balance, Choice};
use outrider::routing::{Model, Policy};
use outrider::snapshot::load;

use super::world::Provider;

/// The providers of a world as targets of one model; `weight` says what a thousand usual calls in dollars weigh.
pub fn of_world(providers: &[Provider], balance: Balance, weight: &dyn Fn(f64) -> u32) -> Arc<Model> {
    let price = |provider: &Provider| {
        let (input, output) = provider.price;
        (input, output, weight(input * 1.5 + output * 0.3))
    };
    model(balance, &providers.iter().map(price).collect::<Vec<_>>())
}

/// So many targets of about the same price.
pub fn alike(count: usize, balance: Balance) -> Arc<Model> {
    model(balance, &(0..count).map(|index| (1.0 + index as f64 * 0.001, 4.0, 1)).collect::<Vec<_>>())
}

fn model(balance: Balance, prices: &[(f64, f64, u32)]) -> Arc<Model> {
    let mut file = String::from("providers:\n");
    let names: Vec<String> = (0..prices.len()).map(|index| format!("p{index}")).collect();
    for name in &names {
        file += &format!("  {name}: {{dialect: openai_chat, base_url: 'http://127.0.0.1:9', health: off}}\n");
    }
    let targets: Vec<String> = names.iter().map(|name| format!("{name}/m")).collect();
    file += &format!("models: {{m: {{targets: [{}]}}}}\n", targets.join(", "));
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("outrider.yaml");
    std::fs::write(&path, file).expect("a file");
    let (snapshot, _) = load(&path, &Process, &Registry::new(), None).expect("a good configuration");
    let found = &snapshot.models["m"];
    let mut groups = found.groups.clone();
    for (target, (input, output, weight)) in groups[0].iter_mut().zip(prices) {
        let usd = |dollars: &f64| Some(Usd::from_nanos((dollars * 1e9) as i64));
        let price = Price { input: usd(input), output: usd(output), ..Price::default() };
        target.facts = Arc::new(Facts { price: Some(price), ..Facts::default() });
        target.weight = *weight;
    }
    let choice = Arc::new(Choice { balance, ..Choice::default() });
    Arc::new(Model { name: found.name.clone(), groups, policy: Policy { choice, ..found.policy.clone() } })
}
