//! What the validators said of many documents.

use std::collections::{BTreeMap, BTreeSet};

use super::exceptions::{Exception, excepted};
use super::judge::Mistake;
use crate::captures::tell;

/// Which document: its name, whose it was, and whom it is for.
pub struct Label<'a> {
    pub id: String,
    pub from: &'a str,
    pub to: &'a str,
}

/// Documents by whose they were and whom they are for.
#[derive(Default)]
struct Counts {
    documents: usize,
    /// With nothing in them but exceptions, and at least one.
    excepted: usize,
    wrong: usize,
}

/// Says how many documents are valid, and fails where one is not; or where one of `exceptions` is not needed by the
/// `complete` documents.
pub fn judge(what: &str, labels: &[Label<'_>], mistakes: &[Mistake], exceptions: &[Exception], complete: bool) {
    let mut found: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (at, mistake) in mistakes {
        found.entry(*at).or_default().push(mistake);
    }
    let mut counts: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    let (mut needed, mut wrong) = (BTreeSet::new(), BTreeMap::new());
    for (at, label) in labels.iter().enumerate() {
        let count = counts.entry((label.from, label.to)).or_default();
        count.documents += 1;
        let Some(mistakes) = found.get(&at) else { continue };
        let unknown: Vec<_> =
            mistakes.iter().filter(|mistake| excepted(exceptions, label.to, mistake).is_none()).collect();
        needed.extend(mistakes.iter().filter_map(|mistake| excepted(exceptions, label.to, mistake)));
        count.excepted += usize::from(unknown.is_empty());
        count.wrong += usize::from(!unknown.is_empty());
        for mistake in unknown {
            let (number, ids) = wrong.entry(format!("{}: {mistake}", label.to)).or_insert((0, Vec::new()));
            *number += 1;
            if ids.len() < 3 {
                ids.push(format!("{} {}", label.from, label.id));
            }
        }
    }
    for ((from, to), Counts { documents, excepted, wrong }) in &counts {
        let valid = documents - excepted - wrong;
        let exceptions = if *excepted > 0 { format!(", {excepted} exceptions") } else { String::new() };
        tell(&format!("{what}: {from} -> {to}: {valid} of {documents} valid{exceptions}"));
    }
    let sum = |of: fn(&Counts) -> usize| counts.values().map(of).sum::<usize>();
    let (all, excepted, bad) = (sum(|c| c.documents), sum(|c| c.excepted), sum(|c| c.wrong));
    tell(&format!("{what}: {} of {all} valid, {excepted} exceptions", all - excepted - bad));
    let lines = wrong.iter().map(|(mistake, (number, ids))| format!("{number} times {mistake}: {}", ids.join(", ")));
    assert_eq!(bad, 0, "{bad} are not valid:\n{}", lines.collect::<Vec<_>>().join("\n"));
    let named: BTreeSet<&str> = labels.iter().map(|label| label.to).collect();
    let is_idle = |at: &usize, one: &Exception| complete && named.contains(one.to) && !needed.contains(at);
    let idle = exceptions.iter().enumerate().filter(|(at, one)| is_idle(at, one));
    let idle: Vec<_> = idle.map(|(_, one)| (one.to, one.what, one.why)).collect();
    assert!(idle.is_empty(), "not needed any more: {idle:#?}");
}
