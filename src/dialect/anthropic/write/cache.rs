//! Cache hints: four at most.

use super::block::{Block, CacheControl};
use super::tools::Tool;
use super::turns::Message;
use crate::canonical::Lost;

/// So many are taken.
const MOST: usize = 4;

/// Removes the hints that are too many: the first ones, because the later ones cover what is before them. `others`
/// are set elsewhere. What passes as it is keeps its own.
pub(super) fn limit(
    tools: &mut [Tool<'_>],
    system: &mut [Block<'_>],
    messages: &mut [Message<'_>],
    others: usize,
    lost: &mut Lost,
) {
    let mut hints = Vec::new();
    let mut fixed = others;
    for tool in tools {
        match tool {
            Tool::Function { cache_control, .. } => hints.push(cache_control),
            Tool::Hosted(json) => fixed += usize::from(json.as_str().contains("\"cache_control\":{")),
        }
    }
    system.iter_mut().for_each(|block| gather(block, &mut hints, &mut fixed));
    for message in messages {
        message.content.iter_mut().for_each(|block| gather(block, &mut hints, &mut fixed));
    }
    hints.retain(|hint| hint.is_some());
    let too_many = (hints.len() + fixed).saturating_sub(MOST);
    for hint in hints.into_iter().take(too_many) {
        *hint = None;
        lost.add("cache_control");
    }
}

fn gather<'b>(block: &'b mut Block<'_>, hints: &mut Vec<&'b mut Option<CacheControl>>, fixed: &mut usize) {
    match block {
        Block::ToolResult { content, cache_control, .. } => {
            content.iter_mut().for_each(|block| gather(block, hints, fixed));
            hints.push(cache_control);
        }
        Block::Foreign(json) => *fixed += usize::from(json.as_str().contains("\"cache_control\":{")),
        block => hints.extend(block.cache_control()),
    }
}
