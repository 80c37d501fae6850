//! Cache points, of which a request may have only a few.

use super::super::blocks::{Block, CachePoint};
use super::super::models::Family;
use super::tools::ToolConfig;
use super::turns::Message;
use crate::canonical::{Cache, Lost};

/// As many points as a request may have.
const MOST: usize = 4;

/// A point where the client wants one, if the model knows them.
pub(super) fn point(cache: &Cache<'_>, family: Family, lost: &mut Lost) -> Option<CachePoint> {
    lost.add_if(!family.caches(), "cache_control");
    let hour = cache.ttl.as_deref() == Some("1h") && family.caches_for_an_hour();
    family.caches().then(|| CachePoint::new(hour))
}

/// One more point at the end of the last message, unless there is one.
pub(super) fn at_the_end(point: CachePoint, messages: &mut [Message<'_>]) {
    if let Some(last) = messages.last_mut()
        && !matches!(last.content.last(), Some(Block::CachePoint(_)))
    {
        last.content.push(Block::CachePoint(point));
    }
}

/// Takes away the earliest points of the conversation, then of the system prompt, until there are not too many. Those
/// of the tools stay: they are the longest that two requests have in common.
pub(super) fn bound<'r>(
    tools: Option<&ToolConfig<'_>>,
    system: &mut Vec<Block<'r>>,
    messages: &mut [Message<'r>],
    lost: &mut Lost,
) {
    let is_point = |block: &Block<'_>| matches!(block, Block::CachePoint(_));
    let of_tools = tools.map_or(0, ToolConfig::cache_points).min(MOST);
    let in_system = system.iter().filter(|block| is_point(block)).count();
    let in_messages = messages.iter().flat_map(|message| &message.content).filter(|block| is_point(block)).count();
    let mut excess = (of_tools + in_system + in_messages).saturating_sub(MOST);
    lost.add_if(excess > 0, "cache_control");
    for list in messages.iter_mut().map(|message| &mut message.content).chain([system]) {
        list.retain(|block| {
            let drop = excess > 0 && is_point(block);
            excess -= usize::from(drop);
            !drop
        });
    }
}
