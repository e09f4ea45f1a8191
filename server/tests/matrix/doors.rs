//! Every address of the HTTP port, as everybody.

use server::{Route, RouteClass, routes};

use crate::{
    people::{People, Who},
    requests::{needs_one_that_waits, request, signs_out, uses_up},
    stage::Stage,
    support::http::Answer,
    table::Section,
};

/// In a word of the table, what it was answered.
pub fn outcome(answer: &Answer) -> String {
    let location = answer.header("location").unwrap_or_default();
    let error = location.split_once("error=").map(|(_, code)| code);
    let is_sent_to_sign_in = location.starts_with("/sign-in") && answer.header("set-cookie").is_none();
    let is_asked_again = error == Some("confirmation_needed")
        || answer.status == 403 && answer.body.contains("\"code\":\"confirmation_needed\"");
    let word = match (answer.status, error) {
        _ if is_asked_again => "again",
        (303, Some("forbidden")) | (403, _) => "no",
        (303, Some("not_found")) | (404, _) => "none",
        // 426: `GET /live` of somebody who may, and who asks for no WebSocket
        (303, Some("invalid" | "setup_link_spent")) | (400 | 422 | 426, _) => "invalid",
        (401, _) => "who",
        (303, None) if is_sent_to_sign_in => "sign-in",
        (200..=399, None) => "yes",
        (status, code) => return format!("{status}:{}", code.unwrap_or_default()),
    };
    word.to_owned()
}

/// The section of the table for what stands there.
fn section_of(class: RouteClass) -> &'static str {
    match class {
        RouteClass::Page => "pages",
        RouteClass::Form => "forms",
        RouteClass::Socket | RouteClass::Static | RouteClass::Operations | RouteClass::Api => "others",
        RouteClass::ApiV1 | RouteClass::Events => "api",
        // one address for all of them, and each has a row by its name
        RouteClass::ServerFunction => "functions",
    }
}

/// People, and a stage for them.
struct Theatre {
    people: People,
    stage: Stage,
}

impl Theatre {
    async fn new() -> Self {
        let people = People::new().await;
        let stage = Stage::new(&people).await;
        let mut theatre = Self { people, stage };
        theatre.people.take_key(theatre.stage.project.key);
        theatre
    }

    async fn begin_anew(&mut self) {
        self.stage = Stage::new(&self.people).await;
        self.people.take_key(self.stage.project.key);
    }

    /// What each of them is answered.
    async fn row(&mut self, route: &Route, is_about_himself: bool) -> Vec<String> {
        let mut row = Vec::new();
        for who in Who::ALL {
            let mut stage = self.stage.clone();
            if is_about_himself {
                stage.member = self.people.person(who).user.id;
            }
            if needs_one_that_waits(route) {
                stage.let_wait(&self.people, "later").await;
            }
            let request = request(&self.people, &stage, stage.project.id, route, who).await;
            let answer = self.people.send(who, &request).await;
            let mut outcome = outcome(&answer);
            // a form that is done leads on; who asks for a page is shown it, or is not
            if outcome == "yes" && route.class == RouteClass::Page && answer.status != 200 {
                outcome = "on".to_owned();
            }
            if outcome == "yes" && uses_up(route) {
                self.begin_anew().await;
            }
            if outcome == "yes" && signs_out(route) {
                self.people.sign_in_again(who).await;
            }
            row.push(outcome);
        }
        row
    }
}

async fn compare(title: &str) {
    let mut theatre = Theatre::new().await;
    let mut section = Section::new(Who::ALL.map(Who::column));
    for route in routes().iter().filter(|route| section_of(route.class) == title) {
        let name = format!("{} {}", route.method, route.path);
        section.push(name.as_str(), theatre.row(route, false).await);
        // leaving removes a member too, and needs another right
        if ["POST /p/{id}/settings/members/remove", "DELETE /api/v1/projects/{project}/members/{user}"]
            .contains(&name.as_str())
        {
            section.push(format!("{name}, himself"), theatre.row(route, true).await);
        }
    }
    section.agrees_with(title);
}

#[tokio::test]
async fn every_page_as_everybody() {
    compare("pages").await;
}

#[tokio::test]
async fn every_form_as_everybody() {
    compare("forms").await;
}

#[tokio::test]
async fn every_other_address_as_everybody() {
    compare("others").await;
}

#[tokio::test]
async fn every_operation_of_the_api_as_everybody() {
    compare("api").await;
}
