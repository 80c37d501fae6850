#![no_main]

outrider_fuzz::target!(replies::check, OpenAiChat);
