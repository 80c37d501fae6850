//! OpenRouter's dialect at our doors.

mod requests;
