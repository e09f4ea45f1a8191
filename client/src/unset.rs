//! `observerio unset`: lets variables go, all of them or none.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use crate::{
    Error,
    api::Api,
    console::Console,
    responses::{Project, Saved},
    text::count,
};

/// Lets the variables go and reports the outcome.
pub(crate) fn unset(
    api: &Api,
    project: &Project,
    names: &[String],
    if_revision: Option<i64>,
    console: &mut Console,
) -> Result<(), Error> {
    if names.iter().collect::<HashSet<_>>().len() < names.len() {
        return Err(Error::Usage("a variable is named twice; name each one once".to_owned()));
    }
    let changes: Vec<Json> = names.iter().map(|name| change(name, if_revision)).collect();
    let path = format!("/projects/{}/variables", project.id);
    let saved: Saved = api.patch(&path, &json!({"changes": changes}))?;
    let told = count(saved.games, "connected game");
    Ok(console.print(&format!("let go at revision {}, sent to {told}\n", saved.revision))?)
}

fn change(name: &str, if_revision: Option<i64>) -> Json {
    let mut change = json!({"name": name, "let_go": true});
    if let Some(revision) = if_revision {
        change["base_revision"] = revision.into();
    }
    change
}
