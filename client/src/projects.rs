//! Listing and choosing projects.

use serde_json::Value as Json;

use crate::{
    Error,
    api::Api,
    console::Console,
    responses::Project,
    table::table,
    text::{visible, visible_json},
};

/// Most projects to name in a message.
const MAX_NAMED: usize = 20;

/// `observerio projects`.
pub(crate) fn list(api: &Api, json: bool, console: &mut Console) -> Result<(), Error> {
    if json {
        let all: Vec<Json> = api.list("/projects")?;
        return Ok(console.print(&(visible_json(&Json::Array(all)) + "\n"))?);
    }
    let rows: Vec<_> = api.list("/projects")?.into_iter().map(row).collect();
    Ok(console.print(&table(["id", "name", "role", "online", "devices", "last seen"], &rows))?)
}

fn row(project: Project) -> [String; 6] {
    let Project { id, name, role, devices, online, last_seen } = project;
    let last_seen = last_seen.map_or_else(|| "never".to_owned(), |at| crate::tail::local_time(&at));
    [id.to_string(), name, role, online.to_string(), devices.to_string(), last_seen]
}

/// The project with this name or number; the only one if none is given.
///
/// # Errors
/// [`Error::Refused`] with a list of the projects.
pub(crate) fn find(api: &Api, wanted: Option<&str>) -> Result<Project, Error> {
    choose(api.list("/projects")?, wanted)
}

fn choose(projects: Vec<Project>, wanted: Option<&str>) -> Result<Project, Error> {
    let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) else {
        return match <[Project; 1]>::try_from(projects) {
            Ok([only]) => Ok(only),
            Err(none) if none.is_empty() => {
                Err(Error::Refused("there are no projects yet; create one in the dashboard".to_owned()))
            }
            Err(many) => Err(Error::Refused(format!("choose a project with --project: {}", names(&many)))),
        };
    };
    let named: Vec<&Project> = projects.iter().filter(|project| project.name == wanted).collect();
    let found = match named[..] {
        // a name may look like a number, and people see names
        [] => projects.iter().find(|project| wanted.parse() == Ok(project.id)),
        [only] => Some(only),
        _ => {
            let numbers: Vec<String> = named.iter().map(|project| project.id.to_string()).collect();
            let numbers = numbers.join(", ");
            return Err(Error::Refused(format!(
                "several projects have this name; pass a number to --project: {numbers}"
            )));
        }
    };
    found.cloned().ok_or_else(|| {
        let wanted = visible(wanted);
        Error::Refused(if projects.is_empty() {
            format!("there is no project {wanted}, and this token can't see any other")
        } else {
            format!("there is no project {wanted}; choose one of these with --project: {}", names(&projects))
        })
    })
}

fn names(projects: &[Project]) -> String {
    let shown: Vec<String> = projects
        .iter()
        .take(MAX_NAMED)
        .map(|project| format!("{} ({})", visible(&project.name), project.id))
        .collect();
    let more = projects.len().saturating_sub(MAX_NAMED);
    let end = if more > 0 { format!(" and {more} more; see `observerio projects`") } else { String::new() };
    shown.join(", ") + &end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(id: i64, name: &str) -> Project {
        let (name, role) = (name.to_owned(), "admin".to_owned());
        Project { id, name, role, devices: 0, online: 0, last_seen: None }
    }

    fn chosen(projects: &[(i64, &str)], wanted: Option<&str>) -> Result<i64, String> {
        let projects = projects.iter().map(|(id, name)| project(*id, name)).collect();
        choose(projects, wanted).map(|project| project.id).map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_one_needs_no_name() {
        assert_eq!(chosen(&[(3, "aliens")], None), Ok(3));
        assert_eq!(chosen(&[(3, "aliens")], Some(" ")), Ok(3));
        assert!(chosen(&[], None).unwrap_err().contains("create one"));
        let refused = chosen(&[(3, "aliens"), (4, "boss\u{1b}")], None).unwrap_err();
        assert!(refused.contains("aliens (3), boss␛ (4)"), "{refused}");
    }

    #[test]
    fn one_is_named_by_name_or_number() {
        let all = [(3, "aliens"), (4, "3"), (5, "twins"), (6, "twins")];
        assert_eq!(chosen(&all, Some("aliens")), Ok(3));
        assert_eq!(chosen(&all, Some("3")), Ok(4), "a name wins");
        assert_eq!(chosen(&all, Some("5")), Ok(5));
        assert!(chosen(&all, Some("twins")).unwrap_err().contains("5, 6"));
        assert!(chosen(&all, Some("Aliens")).unwrap_err().contains("aliens (3)"));
        assert!(chosen(&[], Some("7")).unwrap_err().contains("can't see any other"));
    }
}
