//! Who may do what at every door: each operation as everybody, compared with `table.txt`, which people write and read.
//!
//! An operation without a row fails, and so does a row without an operation. What the server does is printed in the form of
//! the table; before it goes in there, somebody asks the rules (`gateway/src/access.rs`) whether it is what ought to be.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod doors;
mod elsewhere;
mod functions;
mod line;
mod parts;
mod people;
mod requests;
mod socket;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod table;
