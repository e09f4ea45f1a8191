//! Where the log is shown with a filter.

use protocol::model::ProjectId;

use super::view::encode;

/// The address of a project's log with a filter, over all time.
pub fn log_address(project: ProjectId, filter: &str) -> String {
    let mut address = format!("/p/{project}/logs?q=");
    encode(filter, &mut address);
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_one_parameter() {
        let address = log_address(ProjectId(7), "level=error message:*魔*\"&#%+");
        assert_eq!(address, "/p/7/logs?q=level%3Derror%20message:*%E9%AD%94*%22%26%23%25%2B");
    }
}
