//! A line costs memory in proportion to its text, however hostile it is. One test, so that nothing else allocates beside it.

use std::alloc::System;

use peakmem_alloc::{INSTRUMENTED_SYSTEM, PeakMemAlloc, PeakMemAllocTrait as _};
use protocol::{
    limits::MAX_LINE_BYTES,
    line::{parse_action_result, parse_hello, parse_logs, parse_outcomes, parse_report},
};

#[global_allocator]
static ALLOCATOR: &PeakMemAlloc<System> = &INSTRUMENTED_SYSTEM;

/// While an object is read, where its fields are is kept: of `"":0,` that is eight times the text, and sixteen while the list grows.
const MOST_TIMES_THE_LINE: usize = 16;

/// Reads a payload and drops what was read.
type Read = fn(&[u8]);

/// `before`, then `item` as often as it fits into the longest line, then `after`.
fn line_of(before: &str, item: &str, after: &str) -> String {
    let times = (MAX_LINE_BYTES - before.len() - after.len() + 1) / (item.len() + 1);
    format!("{before}{}{after}", vec![item; times].join(","))
}

#[test]
fn the_most_that_a_line_costs_is_a_small_multiple_of_it() {
    const TINY: &str = r#"{"":0}"#;
    const ZERO: &str = r#""":0"#;
    let deep = format!("{}{TINY}{}", r#"{"a":[0,"#.repeat(10), "]}".repeat(10));
    let i: Read = |payload| drop(parse_report(payload));
    let l: Read = |payload| drop(parse_logs(payload));
    let r: Read = |payload| drop(parse_outcomes(payload));
    let x: Read = |payload| drop(parse_action_result(payload));
    let h: Read = |payload| drop(parse_hello(payload));
    let lines = [
        ("declarations", i, line_of("[", TINY, "]")),
        ("log entries", l, line_of("[", TINY, "]")),
        ("outcomes", r, line_of("[", TINY, "]")),
        ("numbers", i, line_of("[", "0", "]")),
        ("a dictionary", i, line_of("{", ZERO, "}")),
        ("a value", i, line_of(r#"{"name":"a","value":["#, TINY, "]}")),
        ("a value of a dictionary", i, line_of(r#"{"a":["#, TINY, "]}")),
        ("an escaped text", i, line_of(r#"{"name":"a","value":["#, r#""\u0041\n""#, "]}")),
        ("options", i, line_of(r#"{"name":"a","value":1,"options":["#, "0", "]}")),
        ("an option", i, line_of(r#"{"name":"a","value":1,"options":[["#, TINY, "]]}")),
        ("a default", i, line_of(r#"{"name":"a","value":1,"default":["#, TINY, "]}")),
        ("what nobody knows", i, line_of(r#"{"name":"a","value":1,"more":["#, TINY, "]}")),
        ("a message", l, line_of(r#"{"message":["#, TINY, "]}")),
        ("fields of a log entry", l, line_of(r#"{"message":"","#, ZERO, "}")),
        ("a list in a field", l, line_of(r#"{"message":"","a":["#, TINY, "]}")),
        ("an object in a field", l, line_of(r#"{"message":"","a":{"#, ZERO, "}}")),
        ("deep in a field", l, line_of(r#"{"message":"","a":["#, &deep, "]}")),
        ("a clamped value", r, line_of(r#"{"name":"a","status":"clamped","value":["#, TINY, "]}")),
        ("a result", x, line_of(r#"{"result":["#, TINY, "]}")),
        ("attrs", h, line_of(r#"{"proto":2,"attrs":{"a":["#, TINY, "]}}")),
        ("caps", h, line_of(r#"{"proto":2,"caps":["#, r#""""#, "]}")),
    ];
    for (what, read, line) in lines {
        assert!(line.len() <= MAX_LINE_BYTES && line.len() > MAX_LINE_BYTES - 2 * deep.len(), "{what}");
        ALLOCATOR.reset_peak_memory();
        read(line.as_bytes());
        let peak = ALLOCATOR.get_peak_memory();
        assert!(peak <= MOST_TIMES_THE_LINE * line.len(), "{what}: {peak} bytes for {}", line.len());
    }
}
