//! What the client saw during one act of the demo.

use std::time::Duration;

use super::client::Answer;

/// Problems are shown in full up to this many; the count goes on.
const SHOWN: usize = 5;

/// Counts of one act.
pub struct Tally {
    /// The act's title.
    pub title: &'static str,
    /// Whole answers as streams.
    pub streamed: usize,
    /// Whole answers by each provider, in the order of [`super::PROVIDERS`].
    pub answered: [usize; 2],
    /// Tries that failed and were made good by another.
    pub failovers: usize,
    /// Calls without a whole answer.
    pub lost: usize,
    /// What was wrong with the first of them.
    pub problems: Vec<String>,
    first_tokens: Vec<Duration>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(title: &'static str) -> Self {
        Self {
            title,
            streamed: 0,
            answered: [0; 2],
            failovers: 0,
            lost: 0,
            problems: Vec::new(),
            first_tokens: Vec::new(),
        }
    }

    /// Counts one call.
    pub fn record(&mut self, result: &Result<Answer, String>) {
        match result {
            Ok(answer) => self.record_answer(answer),
            Err(problem) => {
                self.lost += 1;
                self.problems.extend((self.problems.len() < SHOWN).then(|| problem.clone()));
            }
        }
    }

    fn record_answer(&mut self, answer: &Answer) {
        let who = answer.target.split('/').next();
        if let Some(index) = super::PROVIDERS.iter().position(|name| Some(*name) == who) {
            self.answered[index] += 1;
        }
        self.streamed += usize::from(answer.streamed);
        self.failovers += answer.failovers();
        self.first_tokens.push(answer.first_token);
    }

    /// Calls in all.
    pub fn calls(&self) -> usize {
        self.first_tokens.len() + self.lost
    }

    /// The median and the longest time to the first token.
    pub fn first_token(&self) -> Option<(Duration, Duration)> {
        let mut sorted = self.first_tokens.clone();
        sorted.sort_unstable();
        Some((sorted[sorted.len().checked_sub(1)? / 2], *sorted.last()?))
    }

    /// All acts as one.
    pub fn total(acts: &[Self]) -> Self {
        let mut total = Self::new("together");
        for act in acts {
            total.streamed += act.streamed;
            total.answered = [total.answered[0] + act.answered[0], total.answered[1] + act.answered[1]];
            total.failovers += act.failovers;
            total.lost += act.lost;
            total.problems.extend(act.problems.iter().take(SHOWN - total.problems.len()).cloned());
            total.first_tokens.extend(&act.first_tokens);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_losses_are_told_apart() {
        let mut tally = Tally::new("an act");
        for (milliseconds, target, attempts) in [
            (30, "north/m", "north/m;ok;30ms"),
            (10, "south/m", "north/m;server_error;1ms, south/m;ok;9ms"),
            (20, "south/m", "south/m;ok;20ms"),
        ] {
            tally.record(&Ok(Answer {
                number: 1,
                streamed: true,
                target: target.into(),
                attempts: attempts.into(),
                first_token: Duration::from_millis(milliseconds),
            }));
        }
        tally.record(&Err("call 4: cut".into()));
        assert_eq!((tally.calls(), tally.answered, tally.failovers, tally.lost), (4, [1, 2], 1, 1));
        assert_eq!(tally.first_token(), Some((Duration::from_millis(20), Duration::from_millis(30))));

        let total = Tally::total(&[tally, Tally::new("nothing happened")]);
        assert_eq!((total.calls(), total.lost, total.problems), (4, 1, vec!["call 4: cut".to_owned()]));
    }
}
