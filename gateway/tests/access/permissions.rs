//! Every action, as everybody: the gateway agrees with a table that people can read.

use std::sync::Arc;

use gateway::{Action, Caller, GatewayError, store::Store};
use protocol::model::{ProjectId, ProjectRole, TokenScope};

use crate::house::House;

/// For each action what becomes of it: `y` done, `-` forbidden, `0` there is no such thing.
///
/// Columns: nobody in the project, viewer, designer, admin, the instance's owner. Each as a person, and then by a token
/// to read, to write, to administrate, and one to administrate that is for another project.
const TABLE: &str = "
                     nobody viewer designer admin owner
ReadProject          00000  yyyy0  yyyy0    yyyy0 yyyy0
EditValues           00000  ----0  y-yy0    y-yy0 y-yy0
ForgetData           00000  ----0  ----0    y--y0 y--y0
ReadKeys             00000  ----0  y-yy0    y-yy0 y-yy0
ManageKeys           00000  ----0  ----0    y--y0 y--y0
ManageSchema         00000  ----0  ----0    y--y0 y--y0
ManageMembers        00000  ----0  ----0    y--y0 y--y0
ReadAudit            00000  ----0  ----0    y--y0 y--y0
ManageRetention      00000  ----0  ----0    y--y0 y--y0
RenameProject        00000  ----0  ----0    y--y0 y--y0
DeleteProject        00000  ----0  ----0    y--y0 y--y0
ListProjects         yyyyy  yyyyy  yyyyy    yyyyy yyyyy
CreateProject        y--y-  y--y-  y--y-    y--y- y--y-
ManageOwnAccount     y----  y----  y----    y---- y----
ManageAccounts       -----  -----  -----    ----- y----
ReadInstanceAudit    -----  -----  -----    ----- y--y-
";

async fn the_gateway_agrees_with_the_table(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let mut columns = Vec::new();
    for role in [None, Some(ProjectRole::Viewer), Some(ProjectRole::Designer), Some(ProjectRole::Admin)] {
        let person = match role {
            Some(role) => house.member(role.as_str(), role).await,
            None => house.person("nobody").await,
        };
        columns.push(with_tokens(&house, person).await);
    }
    columns.push(with_tokens(&house, house.owner.clone()).await);

    let mut rows = TABLE.trim().lines();
    assert_eq!(rows.next().unwrap().split_whitespace().count(), columns.len());
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split_whitespace().collect()).collect();
    let actions: Vec<String> = Action::ALL.iter().map(|action| format!("{action:?}")).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), actions, "a row for every action");
    for (row, action) in rows.iter().zip(Action::ALL) {
        for (cell, callers) in row[1..].iter().zip(&columns) {
            let mut outcome = String::new();
            for caller in callers {
                outcome.push(ask(&house, caller, action).await);
            }
            assert_eq!(outcome, *cell, "{action:?} as {}", callers[0].user.name);
        }
    }
}

/// A person and his scripts, in the order of the table.
async fn with_tokens(house: &House, person: Caller) -> Vec<Caller> {
    let elsewhere = house.gateway.create_project(&person, "elsewhere").await.unwrap().id;
    let mut callers = vec![person.clone()];
    for scope in TokenScope::ALL {
        callers.push(house.script(&person, *scope, None).await);
    }
    callers.push(house.script(&person, TokenScope::Admin, Some(elsewhere)).await);
    callers
}

async fn ask(house: &House, caller: &Caller, action: Action) -> char {
    let outcome = match is_about_a_project(action) {
        true => house.gateway.authorise_in(caller, action, house.project.id).await.map(drop),
        false => house.gateway.authorise(caller, action),
    };
    match outcome {
        Ok(()) => 'y',
        Err(GatewayError::Forbidden) => '-',
        Err(GatewayError::NotFound) => '0',
        Err(other) => panic!("{other}"),
    }
}

fn is_about_a_project(action: Action) -> bool {
    match action {
        Action::ReadProject
        | Action::EditValues
        | Action::ForgetData
        | Action::ReadKeys
        | Action::ManageKeys
        | Action::ManageSchema
        | Action::ManageMembers
        | Action::ReadAudit
        | Action::ManageRetention
        | Action::RenameProject
        | Action::DeleteProject => true,
        Action::ListProjects
        | Action::CreateProject
        | Action::ManageOwnAccount
        | Action::ManageAccounts
        | Action::ReadInstanceAudit => false,
    }
}

/// What is about a project is refused without one, to everybody: no such question finds a way around the roles.
async fn without_a_project_nothing_of_one_is_done(store: Arc<dyn Store>) {
    let house = House::new(store).await;
    let ben = house.member("ben", ProjectRole::Admin).await;
    let no_project = ProjectId(i64::MAX);
    for action in Action::ALL.into_iter().filter(|action| is_about_a_project(*action)) {
        for caller in [&ben, &house.owner] {
            let outcome = house.gateway.authorise(caller, action);
            assert!(matches!(outcome, Err(GatewayError::NotFound)), "{action:?}: {outcome:?}");
        }
        let outcome = house.gateway.authorise_in(&ben, action, no_project).await;
        assert!(matches!(outcome, Err(GatewayError::NotFound)), "{action:?}: {outcome:?}");
    }
}

crate::support::stories! {
    the_gateway_agrees_with_the_table,
    without_a_project_nothing_of_one_is_done,
}
