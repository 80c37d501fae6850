//! What routes may look at within a request. It has to be read for that, so it is only where a route asks for it.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::canonical::{MediaKind, Part, Request, Role, estimate};

/// What is within a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// It comes with tools, or speaks of calls of them.
    pub tools: bool,
    /// It comes with images.
    pub images: bool,
    /// So many tokens its prompt has, roughly.
    pub tokens: u64,
    /// The same for all calls of a conversation: of what it begins with, made a number.
    pub conversation: u64,
}

impl Inside {
    /// What is within `request`.
    pub fn of(request: &Request<'_>) -> Self {
        let images = request.turns.iter().any(|turn| shows(&turn.parts));
        Self {
            tools: !request.tools.is_empty() || request.has_tool_history(),
            images,
            tokens: estimate::tokens(request),
            conversation: conversation(request),
        }
    }
}

/// The client's own key for it; else instructions and the first thing that the user said, which a conversation keeps
/// while it grows.
fn conversation(request: &Request<'_>) -> u64 {
    let mut hash = DefaultHasher::new();
    if let Some(key) = &request.cache_key {
        key.hash(&mut hash);
        return hash.finish();
    }
    for turn in &request.turns {
        for part in &turn.parts {
            match part {
                Part::Text(said) => said.text.hash(&mut hash),
                Part::Media(media) => media.mime.hash(&mut hash),
                _ => {}
            }
        }
        if turn.role == Role::User {
            break;
        }
    }
    hash.finish()
}

fn shows(parts: &[Part<'_>]) -> bool {
    parts.iter().any(|part| match part {
        Part::Media(media) => media.kind == MediaKind::Image,
        Part::ToolResult(result) => shows(&result.parts),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Turn;

    fn inside(turns: &[(Role, &'static str)], key: Option<&'static str>) -> Inside {
        let turn =
            |(role, text): &(Role, &'static str)| Turn { role: *role, parts: vec![Part::text(*text)], name: None };
        let turns = turns.iter().map(turn).collect();
        Inside::of(&Request { turns, cache_key: key.map(Into::into), ..Request::default() })
    }

    #[test]
    fn a_conversation_is_the_same_while_it_grows() {
        use Role::{Assistant, System, User};
        let first = inside(&[(System, "be brief"), (User, "hi")], None);
        let second = inside(&[(System, "be brief"), (User, "hi"), (Assistant, "ho"), (User, "and?")], None);
        assert_eq!(first.conversation, second.conversation);
        assert!(second.tokens > first.tokens);
        assert_ne!(first.conversation, inside(&[(System, "be brief"), (User, "hello")], None).conversation);
        assert_ne!(first.conversation, inside(&[(System, "be long"), (User, "hi")], None).conversation);
        let keyed = |text| inside(&[(User, text)], Some("session-1")).conversation;
        assert_eq!(keyed("a"), keyed("b"));
    }
}
