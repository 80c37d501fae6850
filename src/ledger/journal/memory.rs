//! The books of a process that keeps none on a disk: bounded, and gone with it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::entry::Entry;
use super::report::{By, Of, StoredCall, Sum, date};
use super::store::{Spending, Store, StoreError};
use super::sums::{self, Counts, Key, Names};
use crate::ledger::amount::Amount;

/// So many calls can be asked for by name: the latest.
const MOST_CALLS: usize = 4_096;

/// So many sums are kept, those of the latest days.
const MOST_SUMS: usize = 8_192;

/// So many accounts are remembered: more than any configuration has, which may change without end.
const MOST_ACCOUNTS: usize = 4_096;

/// So many periods of each: this one, and those of a clock that was set.
const MOST_PERIODS: usize = 4;

/// Books in memory.
#[derive(Debug, Default)]
pub struct Memory {
    calls: VecDeque<Entry>,
    sums: BTreeMap<Own, Counts>,
    names: Names,
    spent: HashMap<Box<str>, BTreeMap<i64, Amount>>,
}

/// What sums are told apart by: the day, the caller, the model, the target and the route.
type Own = (i64, Box<str>, Box<str>, Box<str>, Box<str>);

impl Memory {
    fn spend(&mut self, spent: &Spending) -> Amount {
        if self.spent.len() >= MOST_ACCOUNTS && !self.spent.contains_key(&spent.key) {
            self.spent.clear(); // accounts themselves know what was spent
        }
        let periods = self.spent.entry(spent.key.clone()).or_default();
        let sum = periods.entry(spent.tick).or_default();
        *sum += spent.amount;
        let sum = *sum;
        if periods.len() > MOST_PERIODS {
            periods.pop_first();
        }
        sum
    }
}

impl Store for Memory {
    fn save(&mut self, calls: &[Entry], spent: &[Spending]) -> Result<Vec<Amount>, StoreError> {
        for (Key { day, caller, model, target, route }, counts) in sums::of(calls, &mut self.names) {
            let own = (day, caller.into(), model.into(), target.into(), route.into());
            *self.sums.entry(own).or_default() += counts;
        }
        while self.sums.len() > MOST_SUMS {
            self.sums.pop_first();
        }
        self.calls.extend(calls.iter().filter(|call| call.by_name.is_some()).cloned());
        let surplus = self.calls.len().saturating_sub(MOST_CALLS);
        self.calls.drain(..surplus);
        Ok(spent.iter().map(|spent| self.spend(spent)).collect())
    }

    fn call(&mut self, name: &str) -> Result<Option<StoredCall>, StoreError> {
        let named = |call: &&Entry| call.by_name.as_ref().is_some_and(|by_name| *by_name.name == *name);
        Ok(self.calls.iter().rev().find(named).map(StoredCall::of))
    }

    fn sums(&mut self, by: &[By], of: &Of) -> Result<Vec<Sum>, StoreError> {
        let mut found = HashMap::<Vec<String>, Counts>::new();
        for ((day, caller, model, target, route), counts) in &self.sums {
            if !(of.first..=of.last).contains(day) || of.caller.as_ref().is_some_and(|only| **only != **caller) {
                continue;
            }
            let name = |by: &By| match by {
                By::Caller => caller.to_string(),
                By::Model => model.to_string(),
                By::Provider => target.split_once('/').map_or("", |(provider, _)| provider).to_owned(),
                By::Target => target.to_string(),
                By::Route => route.to_string(),
                By::Day => date(*day),
            };
            *found.entry(by.iter().map(name).collect()).or_default() += *counts;
        }
        let mut sums: Vec<Sum> = found.into_iter().map(|(names, counts)| Sum { names, counts }).collect();
        let day = |sum: &Sum| if by.first() == Some(&By::Day) { sum.names[0].clone() } else { String::new() };
        sums.sort_by_key(|sum| (day(sum), std::cmp::Reverse((sum.counts.cost, sum.counts.calls)), sum.names.clone()));
        Ok(sums)
    }
}
