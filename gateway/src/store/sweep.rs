//! What a deleted project leaves. It can be millions of rows, so deleting a project only marks it and ends what leads to
//! it; the rows go piece by piece, and a stop in between loses nothing: the mark stays until the last one is gone.

/// Tables with the rows of a project, what refers to others first: then no piece takes more rows along than it counts.
const TABLES: &[&str] = &[
    "reported",
    "outcomes",
    "logs",
    "edits",
    "unchanged_edits",
    "let_go",
    "game_sessions",
    "devices",
    "vars",
];

/// What leads to a project: tables that are short, and end with it at once.
pub(super) const ENDS: [&str; 4] = [
    "DELETE FROM members WHERE project_id = $1",
    "DELETE FROM game_keys WHERE project_id = $1",
    "DELETE FROM api_tokens WHERE project_id = $1",
    "DELETE FROM links WHERE project_id = $1",
];

/// Statements that each take up to `$2` rows of the project `$1`, to be run in this order.
pub(super) fn pieces(kind: &str) -> impl Iterator<Item = String> {
    TABLES.iter().map(move |table| {
        let some = match (*table, kind) {
            // numbered without gaps, and in SQLite its rows have no other address
            ("logs", _) => {
                "project_id = $1 AND seq < $2 + (SELECT min(seq) FROM logs WHERE project_id = $1)".to_owned()
            }
            // in SQLite its rows have no other address either
            ("let_go", _) => {
                "project_id = $1 AND name IN (SELECT name FROM let_go WHERE project_id = $1 LIMIT $2)"
                    .to_owned()
            }
            (_, "sqlite") => {
                format!("rowid IN (SELECT rowid FROM {table} WHERE project_id = $1 LIMIT $2)")
            }
            _ => format!("ctid = ANY (ARRAY (SELECT ctid FROM {table} WHERE project_id = $1 LIMIT $2))"),
        };
        format!("DELETE FROM {table} WHERE {some}")
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{migrations, schema::Schema},
        *,
    };

    /// Tables that name projects and outlive them.
    const KEPT: &[&str] = &["audit"];

    #[tokio::test]
    async fn every_table_of_a_project_is_swept() {
        let schema = Schema::at(migrations::newest()).await.unwrap();
        for table in schema.tables {
            let is_of_project = table.columns.iter().any(|column| column.name == "project_id");
            let ends_at_once = format!("DELETE FROM {} WHERE project_id = $1", table.name);
            let is_known = [TABLES, KEPT].concat().contains(&table.name.as_str())
                || ENDS.contains(&ends_at_once.as_str());
            assert_eq!(is_known, is_of_project, "what becomes of {}?", table.name);
        }
    }
}
