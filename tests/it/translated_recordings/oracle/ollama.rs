//! Ollama's own chat: a whole answer is a stream of one.

use serde_json::Value;

use super::{Class, Said, count, each};

pub fn stream(documents: &[Value]) -> Said {
    let mut said = Said::default();
    for document in documents {
        let message = &document["message"];
        said.say(&message["content"]);
        said.think(&message["thinking"]);
        for call in each(&message["tool_calls"]) {
            said.call(&call["id"], &call["function"]["name"], &call["function"]["arguments"]);
        }
        if document["done"] == true {
            said.stop = match document["done_reason"].as_str() {
                Some("stop") | None => Class::End, // older servers give no reason
                Some("length") => Class::Length,
                Some(_) => Class::Other,
            };
            said.usage = Some((count(&document["prompt_eval_count"]), count(&document["eval_count"])));
        }
    }
    said
}
