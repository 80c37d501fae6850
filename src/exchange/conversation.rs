//! Which conversation a call belongs to, and where that stays.
//!
//! A conversation has a name (`session_id`, the header `x-session-id`, or `prompt_cache_key`), or is known by its beginning: what
//! the model is told before all, and the first thing that the user says. The next turn brings the same beginning.

mod life;

use std::hash::Hasher;
use std::time::Instant;

use super::Call;
use crate::canonical::Usage;
use crate::health::Registry;
use crate::routing::choice::{Balance, Sticky};
use crate::routing::plan::Warm;
use crate::routing::{Model, Target};

/// Of a beginning so much is looked at: no two conversations that differ only later need to be told apart.
const LOOKED_AT: usize = 16 << 10;

/// A cache that has not shown itself yet is believed in by half.
const UNPROVEN: f32 = 0.5;

/// After so many answers in a row that count no cached tokens, there is no such cache.
const NEVER: u8 = 2;

/// A conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    key: u64,
    /// Somebody has given it a name.
    named: bool,
}

impl Conversation {
    /// That of a call which `model` answers; `None` where it makes no difference.
    pub(super) fn of(call: &Call, model: &Model) -> Option<Self> {
        let sticky = model.policy.choice.sticky;
        if sticky == Sticky::Off || model.groups.iter().map(Vec::len).sum::<usize>() < 2 {
            return None;
        }
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(model.name.as_str().as_bytes());
        let named = name(call, &mut hasher);
        // Calls that begin alike may be many: only a score sees what it costs that they all go to one place.
        let by_beginning = sticky == Sticky::Auto && model.policy.choice.balance == Balance::Score;
        if !(named || by_beginning && beginning(call, &mut hasher)) {
            return None;
        }
        Some(Self { key: hasher.finish(), named })
    }

    /// What it is known by, in a word.
    pub(super) fn known_by(&self) -> &'static str {
        if self.named { "name" } else { "beginning" }
    }

    /// Where it was last.
    pub(super) fn warm(&self, registry: &Registry, now: Instant) -> Option<Warm> {
        let place = registry.affinity().find(self.key, now)?;
        Some(Warm { target: place.target, tokens: place.tokens })
    }

    /// It was answered by `target`. Without a name it stays there only if that is seen to help; with one it stays, but no
    /// other target is thought the dearer for a cold prompt once it is clear that this one has no warm one.
    pub(super) fn answered(&self, registry: &Registry, call: &Call, target: &Target, now: Instant) {
        let usage = &call.record.usage;
        let proven = usage.cached.unwrap_or(0) > 0;
        if !self.named && !proven {
            return;
        }
        let before = registry.affinity().find(self.key, now).filter(|place| place.target == target.id);
        let (tokens, in_vain) = held(before.map(|place| place.in_vain), usage);
        let life = life::of(target.provider.kind.name, &target.model, life::asked(&call.body), usage);
        registry.affinity().put(self.key, target.id.clone(), tokens, in_vain, now + life);
    }
}

/// How many tokens of the prompt should be in the target's cache now, and how many answers in a row have shown that none
/// are. `before`: how many those were, where the conversation was there already.
fn held(before: Option<u8>, usage: &Usage) -> (f32, u8) {
    let proven = usage.cached.unwrap_or(0) > 0;
    // The first answer can count none.
    let in_vain = if proven { 0 } else { before.map_or(0, |before| before.saturating_add(1)) };
    let share = match proven {
        true => 1.0,
        false if in_vain < NEVER => UNPROVEN,
        false => 0.0,
    };
    (usage.input.unwrap_or(0) as f32 * share, in_vain)
}

/// Whether it has a name.
fn name(call: &Call, hasher: &mut impl Hasher) -> bool {
    // Whichever place it was said at, the body before the header.
    if let Some(session) = &call.wishes.session {
        hasher.write(session.as_bytes());
        return true;
    }
    let Some(at) = &call.head.conversation else { return false };
    hasher.write(&call.body.slice(at.start, at.end));
    true
}

/// Whether it has a beginning.
fn beginning(call: &Call, hasher: &mut impl Hasher) -> bool {
    if let Some(at) = &call.head.instructions {
        hasher.write(&call.body.slice(at.start, at.end.min(at.start + LOOKED_AT)));
    }
    let Some(at) = &call.head.turns else { return false };
    let turns = call.body.slice(at.start, at.end.min(at.start + LOOKED_AT));
    hasher.write(&turns[..first_said(&turns)]);
    true
}

/// Where the first turn of the user ends in a list of turns; where that cannot be seen, the end of `turns`.
fn first_said(turns: &[u8]) -> usize {
    let (mut depth, mut text, mut escaped, mut start) = (0u32, false, false, 0);
    for (at, byte) in turns.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            _ if text => {}
            b'{' | b'[' => {
                depth += 1;
                start = if depth == 2 { at } else { start };
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 1 && !is_instruction(&turns[start..at]) {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    turns.len()
}

/// The role stands at the beginning or at the end of a turn, in each SDK's way of writing JSON.
fn is_instruction(turn: &[u8]) -> bool {
    let (head, tail) = (&turn[..turn.len().min(40)], &turn[turn.len().saturating_sub(40)..]);
    let says = |part: &[u8]| {
        let words: [&[u8]; 2] = [b"\"system\"", b"\"developer\""];
        words.iter().any(|word| part.windows(word.len()).any(|window| window == *word))
    };
    says(head) || says(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_with_what_the_user_said_first() {
        let check = |turns: &str, expected: &str| {
            assert_eq!(&turns[..first_said(turns.as_bytes())], expected);
        };
        let first = r#"[{"role":"user","content":"a ] \" }"}"#;
        check(&format!("{first}]"), first);
        check(&format!(r#"{first},{{"role":"assistant","content":"b"}},{{"role":"user","content":"c"}}]"#), first);
        let told = r#"[{"role": "system", "content": [{"text": "x"}]}, {"role": "user", "content": "y"}"#;
        check(&format!(r#"{told}, {{"role": "assistant", "content": "z"}}]"#), told);
        let developer = r#"[{"content":"x","role":"developer"},{"content":[{"text":"y"}],"role":"user"}"#;
        check(&format!("{developer},{{}}]"), developer);
        check(r#""just a text""#, r#""just a text""#);
        check("[", "[");
    }

    #[test]
    fn a_cache_that_never_shows_itself_is_not_believed_in() {
        let usage = |cached| Usage { input: Some(1_000), cached: Some(cached), ..Usage::default() };
        assert_eq!(held(None, &usage(0)), (500.0, 0), "the first answer fills the cache");
        assert_eq!(held(Some(0), &usage(0)), (500.0, 1), "it may have been too slow once");
        assert_eq!(held(Some(1), &usage(0)), (0.0, 2));
        assert_eq!(held(Some(2), &usage(900)), (1_000.0, 0), "it has come about");
        assert_eq!(held(Some(255), &usage(0)), (0.0, 255));
        assert_eq!(held(None, &Usage::default()), (0.0, 0), "who counts nothing shows nothing");
    }
}
