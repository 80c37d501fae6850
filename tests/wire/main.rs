//! Golden cases: what each dialect's own client or provider writes, the canonical form that it is, and what it becomes
//! in every dialect. README.md in this folder tells what the files are.

mod case;
mod edge_cases;
mod layout;
mod print;
mod print_events;
mod print_parts;
mod replies;
mod requests;
mod streams;
mod targets;
