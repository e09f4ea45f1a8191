//! Every function that a page calls, as everybody.

use app::api::AppError;
use leptos::server_fn::error::FromServerFnError as _;
use server::server_functions;

use crate::{
    people::{People, Who},
    requests::Request,
    stage::Stage,
    support::http::Answer,
    table::Section,
};

/// A function by its name, and with what it is called.
pub struct Call {
    pub name: String,
    pub request: Request,
}

/// All of them, about that project and its device. Panics for a function that nobody has thought of here.
pub fn calls(stage: &Stage) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for path in server_functions() {
        // `/api/get_live123456`: the number is a digest of the place in the source
        let name = path.trim_start_matches("/api/").trim_end_matches(|c: char| c.is_ascii_digit());
        calls.extend(arguments(name, stage).into_iter().map(|(about, body)| Call {
            name: format!("{name}{about}"),
            request: Request {
                method: "POST".to_owned(),
                path: path.to_owned(),
                kind: "application/x-postcard",
                body,
            },
        }));
    }
    calls.sort_by(|a, b| a.name.cmp(&b.name));
    calls
}

/// A number in zigzag, as postcard writes it.
fn number(id: i64) -> char {
    let byte = u8::try_from(id * 2).ok().filter(u8::is_ascii).map(char::from);
    byte.expect("a number that takes one byte, which is a text of its own")
}

/// As postcard writes them: numbers in zigzag, a text behind its length, what there may be behind 0 or 1.
fn arguments(function: &str, stage: &Stage) -> Vec<(&'static str, String)> {
    let (device, number) = (stage.device.0, number(stage.project.id.0));
    match function {
        "get_session" | "get_sign_in" | "get_second_factor" | "list_projects" | "get_account"
        | "list_tokens" | "list_accounts" => {
            vec![("", String::new())]
        }
        "get_invitation" | "get_reset" | "get_set_up" => vec![("", "\u{4}none".to_owned())],
        "get_live" | "get_settings" | "get_schema" | "list_members" | "list_keys" | "list_edits"
        | "list_searches" | "get_log_beginning" => {
            vec![("", number.to_string())]
        }
        // project, and no form
        "get_retention" => vec![("", format!("{number}\0"))],
        "forget_var" => vec![("", format!("{number}\u{5}speed"))],
        "forget_device" => vec![("", format!("{number}{}", self::number(device)))],
        // project, name, search, whether it is shared
        "save_search" => {
            let save = |is_shared| format!("{number}\u{1}x\0{is_shared}");
            vec![("", save('\0')), (", shared", save('\u{1}'))]
        }
        // nobody has one of this number
        "delete_search" => vec![("", format!("{number}\u{7e}"))],
        // project, after, before, filter, level, devices, from, to, order
        "search_logs" => vec![("", format!("{number}\0\u{1}\0\0\0\0\0\0"))],
        // project, filter, from, to, bars
        "log_histogram" => vec![("", format!("{number}\0\0\u{2}\u{1}"))],
        // project, line, lines
        "log_context" => vec![("", format!("{number}\u{1}\u{1}"))],
        // project, filter, level, hours
        "list_log_patterns" => vec![("", format!("{number}\0\0\0"))],
        // project, after, person, action
        "list_audit" => {
            vec![("", format!("\u{1}{number}\0\0\0")), (", of the instance", "\0\0\0\0".to_owned())]
        }
        other => panic!("{other}: say here what it takes, and in table.txt who may call it"),
    }
}

/// In a word of the table, what it was answered.
pub fn outcome(answer: &Answer) -> String {
    if answer.status == 200 {
        return "yes".to_owned();
    }
    match AppError::de(answer.body.clone().into_bytes().into()) {
        AppError::SignedOut => "who".to_owned(),
        AppError::NotFound => "none".to_owned(),
        AppError::Forbidden => "no".to_owned(),
        AppError::SecondFactorNeeded => "factor".to_owned(),
        AppError::Failed(text) => format!("{}:{text}", answer.status),
    }
}

#[tokio::test]
async fn every_function_of_a_page_as_everybody() {
    let mut people = People::new().await;
    let mut stage = Stage::new(&people).await;
    people.take_key(stage.project.key);
    let mut section = Section::new(Who::ALL.map(Who::column));
    for nth in 0..calls(&stage).len() {
        let (mut row, mut called) = (Vec::new(), String::new());
        for who in Who::ALL {
            let Call { name, request } = calls(&stage).swap_remove(nth);
            let outcome = outcome(&people.send(who, &request).await);
            // what is forgotten is there for the next one
            if outcome == "yes" && name.starts_with("forget_") {
                stage = Stage::new(&people).await;
                people.take_key(stage.project.key);
            }
            row.push(outcome);
            called = name;
        }
        section.push(called, row);
    }
    section.agrees_with("functions");
}
