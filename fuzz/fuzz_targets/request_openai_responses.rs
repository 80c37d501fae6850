#![no_main]

outrider_fuzz::target!(requests::check, OpenAiResponses);
