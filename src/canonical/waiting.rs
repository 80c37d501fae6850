//! Calls that wait for their results.
//!
//! A turn may hold as many calls as a body has room for, so each is found by its id and not looked for among all.

use std::collections::{HashMap, VecDeque};

use super::Str;

/// Calls without a result so far, in their order; `T` is what is to be known of each. Ids and names may come twice: the
/// first call that still waits is meant.
#[derive(Debug)]
pub struct Waiting<'a, T> {
    /// `None`: has its result.
    calls: Vec<Option<T>>,
    /// Where the calls of an id are; those that were taken otherwise are passed over when they are met.
    ids: Places<'a>,
    names: Places<'a>,
    /// None before this one waits.
    first: usize,
}

type Places<'a> = HashMap<Str<'a>, VecDeque<usize>>;

impl<T> Default for Waiting<'_, T> {
    fn default() -> Self {
        Self { calls: Vec::new(), ids: HashMap::new(), names: HashMap::new(), first: 0 }
    }
}

impl<'a, T> Waiting<'a, T> {
    /// One more call waits.
    pub fn add(&mut self, id: Str<'a>, call: T) {
        self.calls.push(Some(call));
        self.also(id);
    }

    /// The last call has this id, too.
    pub fn also(&mut self, id: Str<'a>) {
        if let Some(last) = self.calls.len().checked_sub(1) {
            self.ids.entry(id).or_default().push_back(last);
        }
    }

    /// The last call is of the tool `name`.
    pub fn of(&mut self, name: Str<'a>) {
        if let Some(last) = self.calls.len().checked_sub(1) {
            self.names.entry(name).or_default().push_back(last);
        }
    }

    /// The first call of this id has its result.
    pub fn take(&mut self, id: &str) -> Option<T> {
        take(self.ids.get_mut(id)?, &mut self.calls)
    }

    /// The first call of the tool `name` has its result.
    pub fn take_of(&mut self, name: &str) -> Option<T> {
        take(self.names.get_mut(name)?, &mut self.calls)
    }

    /// The first of all has its result.
    pub fn take_first(&mut self) -> Option<T> {
        while let Some(call) = self.calls.get_mut(self.first) {
            self.first += 1;
            if call.is_some() {
                return call.take();
            }
        }
        None
    }

    /// Whether any waits.
    pub fn any(&self) -> bool {
        self.calls.iter().any(Option::is_some)
    }

    /// All that wait, in their order; then none does.
    pub fn rest(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(&mut self.ids);
        std::mem::take(&mut self.names);
        self.first = 0;
        std::mem::take(&mut self.calls).into_iter().flatten()
    }
}

fn take<T>(places: &mut VecDeque<usize>, calls: &mut [Option<T>]) -> Option<T> {
    while let Some(at) = places.pop_front() {
        if let Some(call) = calls.get_mut(at).and_then(Option::take) {
            return Some(call);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_still_waits_is_meant() {
        let mut calls = Waiting::default();
        for (number, (id, name)) in [("a", "f"), ("b", "g"), ("a", "g"), ("a", "f"), ("c", "h")].into_iter().enumerate()
        {
            calls.add(id.into(), number);
            calls.of(name.into());
        }
        calls.also("d".into());
        assert_eq!(calls.take_of("g"), Some(1));
        assert_eq!(calls.take("b"), None, "taken by its name");
        assert_eq!(calls.take("a"), Some(0));
        assert_eq!(calls.take_first(), Some(2));
        assert_eq!(calls.take_of("f"), Some(3));
        assert_eq!((calls.take("a"), calls.take("e"), calls.take_of("i")), (None, None, None));
        assert!(calls.any());
        assert_eq!(calls.take("d"), Some(4));
        assert_eq!(calls.take("c"), None, "taken by its other id");
        assert!(!calls.any());
        assert_eq!(calls.take_first(), None);
    }

    #[test]
    fn the_rest_is_in_order_and_leaves_nothing() {
        let mut calls = Waiting::default();
        ["a", "b", "a", "c"].into_iter().enumerate().for_each(|(number, id)| calls.add(id.into(), number));
        assert_eq!((calls.take("a"), calls.take_first()), (Some(0), Some(1)));
        assert_eq!(calls.rest().collect::<Vec<_>>(), [2, 3]);
        assert!(!calls.any() && calls.take("c").is_none());
        calls.add("c".into(), 9);
        assert_eq!(calls.take("c"), Some(9));
    }

    /// What looked at each call before it would take minutes.
    #[test]
    fn many_calls_of_one_id_are_found_as_fast_as_few() {
        const MANY: usize = 200_000;
        let start = std::time::Instant::now();
        let mut calls = Waiting::default();
        for number in 0..MANY {
            calls.add("a".into(), number);
            calls.also("b".into());
            calls.of("f".into());
        }
        for number in 0..MANY / 4 {
            let found = [calls.take("a"), calls.take("b"), calls.take_of("f"), calls.take_first()];
            assert_eq!(found, [0, 1, 2, 3].map(|more| Some(number * 4 + more)));
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
